"""Small knowledge bases for tests."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from app.names.build import BuildOptions, Mangler, write_base
from app.names.readers import entity_of
from app.names.store import Entity, EntityStore

ROWS: tuple[dict[str, Any], ...] = (
    {
        "id": "Q1",
        "type": "person",
        "name": "Anneliese Brückner-Roth",
        "aliases": ["A. Brückner-Roth"],
        "country": "DE",
        "roles": ["minister of transport"],
        "from": 2011,
        "to": 2015,
        "born": 1960,
        "popularity": 6,
    },
    {
        "id": "Q2",
        "type": "person",
        "name": "Tao Wenshu",
        "aliases": ["T'ao Wen-shu"],
        "native": {"zh": "陶文书", "ja": "陶文書"},
        "country": "CN",
        "roles": ["governor", "mayor"],
        "from": 2003,
        "popularity": 9,
    },
    {"id": "Q3", "type": "person", "name": "Olena Maksymchuk", "native": {"uk": "Олена Максимчук"}, "country": "UA"},
    {"id": "Q4", "type": "person", "name": "Pedro Sarmiento", "country": "PE", "popularity": 2},
    {"id": "Q5", "type": "person", "name": "Pedro Sarmiento", "country": "CL", "popularity": 12},
    {"id": "Q6", "type": "person", "name": "Lidia Sarmiento", "country": "AR", "popularity": 1},
    {
        "id": "O1",
        "type": "foundation",
        "name": "Northern Lights Fund",
        "native": {"zh": "北极光基金会"},
        "country": "NO",
    },
    {"id": "O2", "type": "foundation", "name": "Kestrel Foundation", "native": {"zh": "红隼基金会"}},
    {"id": "O3", "type": "foundation", "name": "Harbour Fund", "native": {"zh": "港湾基金会"}},
    {"id": "O4", "type": "foundation", "name": "Willow Foundation", "native": {"zh": "柳树基金会"}},
    {
        "id": "O5",
        "type": "foundation",
        "name": "Granite Foundation for the Study of Tides",
        "native": {"zh": "花岗基金会"},
    },
    {"id": "O6", "type": "foundation", "name": "Granite Fund", "aliases": ["GRF"]},
    {
        "id": "O7",
        "type": "agency",
        "name": "National Commission for Bridge Inspection",
        "country": "NO",
        "popularity": 4,
    },
    {"id": "O8", "type": "university", "name": "Technical University of Vestmark", "country": "NO"},
    {
        "id": "P1",
        "type": "city",
        "name": "Lindesund",
        "aliases": ["Lindesund City"],
        "country": "NO",
        "popularity": 90000,
    },
    {"id": "P2", "type": "country", "name": "Mali", "country": "ML", "popularity": 100000000},
    {"id": "P3", "type": "city", "name": "St. Olav's Bay", "country": "NO", "popularity": 20000},
)


def entities(rows: Iterable[dict[str, Any]] = ROWS) -> list[Entity]:
    """Entities from rows."""
    return [entity_of(row) for row in rows]


def many(count: int) -> list[Entity]:
    """Made-up persons, enough for several blocks of records."""
    return entities(
        {"id": f"M{i}", "type": "person", "name": f"Person{i} Number{i % 97}", "country": "NO", "popularity": i % 7}
        for i in range(count)
    )


def base(
    folder: Path,
    rows: Iterable[dict[str, Any]] = ROWS,
    options: BuildOptions | None = None,
    mangler: Mangler | None = None,
) -> EntityStore:
    """A base of these rows, written and opened."""
    write_base(entities(rows), folder, options, mangler)
    return EntityStore.open(folder)
