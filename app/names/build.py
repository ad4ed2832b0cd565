"""From rows to a knowledge base: reading, checking, merging and writing, all or nothing."""

from __future__ import annotations

import lzma
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import orjson

from app.names.normalise import normalise
from app.names.store import Entity, EntityKind, Name, NameKind, Role

_PLACE_TYPES_SCALE = 8.0  # log10 of a popularity of one hundred million: a country
_PERSON_SCALE = 30.0  # as many points as ten national offices
_ORGANISATION_SCALE = 10.0


def popularity_of(kind: EntityKind, raw: float) -> float:
    """Raw popularity as the shared rows count it (see their README), brought to 0..1 within the kind."""
    if raw <= 0:
        return 0.0
    if kind is EntityKind.PLACE:
        return min(1.0, math.log10(1 + raw) / _PLACE_TYPES_SCALE)
    scale = _PERSON_SCALE if kind is EntityKind.PERSON else _ORGANISATION_SCALE
    return min(1.0, math.log1p(raw) / math.log1p(scale))


def entity_of(row: Mapping[str, Any], kind: EntityKind) -> Entity:
    """An entity from one JSON row in the format of the JSONL sources (see docs/names.md).

    Raises:
        ValueError: A field is missing or has the wrong type.
    """
    name = _text(row, "name")
    roles = tuple(row.get("roles", ()))
    start, end = row.get("from"), row.get("to")
    single = len(roles) == 1
    native = tuple(
        Name(text, NameKind.NATIVE, language)
        for language, text in row.get("native", {}).items()
        if text and text != name
    )
    return Entity(
        id=_text(row, "id"),
        kind=kind,
        type=_text(row, "type"),
        name=name,
        aliases=_aliases(name, row.get("aliases", ())),
        native=native,
        country=row.get("country", ""),
        roles=tuple(Role(title, start if single else None, end if single else None) for title in roles),
        active_from=start,
        active_to=end,
        born=row.get("born"),
        died=row.get("died"),
        popularity=round(popularity_of(kind, row.get("popularity", 0)), 3),
        sources=tuple(row.get("source", ())),
    )


def read_rows(path: Path, kind: EntityKind) -> Iterator[Entity]:
    """Entities from a JSON Lines file, plain or ``.xz``."""
    with lzma.open(path) if path.suffix == ".xz" else path.open("rb") as lines:
        for line in lines:
            yield entity_of(orjson.loads(line), kind)


def _text(row: Mapping[str, Any], field: str) -> str:
    value = row.get(field)
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"`{field}` is missing or empty")
    return value.strip()


def _aliases(name: str, aliases: list[str]) -> tuple[Name, ...]:
    words = sorted(normalise(name).split())
    made: dict[str, Name] = {}
    for alias in aliases:
        if not alias or alias == name:
            continue
        kind = NameKind.ALIAS
        if alias.isupper() and 2 <= len(alias) <= 7 and " " not in alias and " " in name:
            kind = NameKind.ABBREVIATION
        elif sorted(normalise(alias).split()) == words and normalise(alias) != normalise(name):
            kind = NameKind.REORDERED
        made[alias] = Name(alias, kind)
    return tuple(made.values())
