"""The names of an entity in other scripts, read back letter by letter: the words that a round trip leaves."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from app.names.mangle import chinese, cyrillic, japanese, korean
from app.names.mangle.engine import natives
from app.names.normalise import normalise, script_of
from app.names.store import Entity, EntityKind, Name

_KEPT = 2000  # entities
_SHORTEST = 2  # letters of a word


def words_read_back(entity: Entity) -> frozenset[str]:
    """The words, in canonical form, of two letters and more, that its names in Cyrillic, kana, Hangul and Chinese
    characters give when they are read in the schemes that machines and agencies use; none where the base has no such
    name."""
    return _words(natives(entity), entity.kind is EntityKind.PERSON) if entity.native else frozenset()


@lru_cache(maxsize=_KEPT)
def _words(names: tuple[Name, ...], is_person: bool) -> frozenset[str]:
    found = {word for name in names for text in _read(name.text, is_person) for word in normalise(text).split()}
    return frozenset(word for word in found if len(word) >= _SHORTEST and word.isascii())


def _read(text: str, is_person: bool) -> Iterator[str]:
    script = script_of(text)
    if script == "Cyrl":
        yield from cyrillic.romanisations(text)
    elif script == "Hang":
        yield korean.romanise(text)
    elif script == "Hani":
        yield from chinese.transliterated(text, is_person=is_person)
    elif script in {"Kana", "Jpan"} and (romaji := japanese.kana(text)):
        yield romaji
        yield romaji.replace("r", "l").replace("R", "L")
