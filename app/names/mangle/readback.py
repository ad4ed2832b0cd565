"""The names of an entity in other scripts, read back letter by letter: the words that a round trip leaves."""

from __future__ import annotations

from functools import lru_cache

from app.names.mangle.engine import natives, readings
from app.names.normalise import normalise
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
    made = (form.text for name in names for form in readings(name.text, is_person=is_person))
    found = {word for text in made for word in normalise(text).split()}
    return frozenset(word for word in found if len(word) >= _SHORTEST and word.isascii())
