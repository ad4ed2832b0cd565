"""Entities from disk: lookup by id and by name, shared between processes, replaced while requests run."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from app.names.normalise import normalise, script_of


class EntityKind(StrEnum):
    """The three sorts of entity that names are told apart by; ``Entity.type`` is finer."""

    PERSON = "person"
    ORGANISATION = "organisation"
    PLACE = "place"


class NameKind(StrEnum):
    """What a name is to its entity."""

    CANONICAL = "canonical"  # the form that English-language agencies print
    ALIAS = "alias"  # another Latin spelling, a fuller or shorter name
    ABBREVIATION = "abbreviation"
    FORMER = "former"
    REORDERED = "reordered"  # the same words in another order: surname first
    NATIVE = "native"  # in the script of the entity's own language, or of another than English


@dataclass(frozen=True, slots=True)
class Name:
    """One name of an entity; ``language`` is a BCP 47 tag, empty where it is English or unknown."""

    text: str
    kind: NameKind = NameKind.ALIAS
    language: str = ""


@dataclass(frozen=True, slots=True)
class Role:
    """An office; years are inclusive, ``None`` where the sources do not say (``end``: open or unknown)."""

    title: str
    start: int | None = None
    end: int | None = None


@dataclass(frozen=True)
class Entity:
    """A record of the knowledge base."""

    id: str  # Wikidata's where known
    kind: EntityKind
    type: str  # "person", "ministry", "university", "city", ...
    name: str  # canonical English name
    aliases: tuple[Name, ...] = ()  # other Latin names, without the canonical one
    native: tuple[Name, ...] = ()  # names in other languages, kind NATIVE, with their language
    country: str = ""  # ISO 3166 alpha-2; empty where unknown or international
    roles: tuple[Role, ...] = ()  # the most recent first
    active_from: int | None = None  # first and last year in any of the roles
    active_to: int | None = None
    born: int | None = None
    died: int | None = None
    popularity: float = 0.0  # 0 to 1, comparable within a kind
    sources: tuple[str, ...] = ()

    @cached_property
    def names(self) -> tuple[Name, ...]:
        """Every name: the canonical one, then aliases, then native ones."""
        return (Name(self.name, NameKind.CANONICAL, "en"), *self.aliases, *self.native)

    @cached_property
    def native_by_script(self) -> dict[str, tuple[str, ...]]:
        """ISO 15924 script -> names written in it, once each (``Hani``, ``Cyrl``, ``Hang``, ``Kana``, ...)."""
        scripts: dict[str, dict[str, None]] = {}
        for name in self.native:
            scripts.setdefault(script_of(name.text), {})[name.text] = None
        return {script: tuple(texts) for script, texts in scripts.items()}

    def native_in(self, language: str) -> str | None:
        """The name in a language (``zh`` also finds ``zh-hant`` where there is no other), or ``None``."""
        for name in self.native:
            if name.language == language:
                return name.text
        for name in self.native:
            if name.language.split("-")[0] == language:
                return name.text
        return None

    def is_called(self, text: str) -> bool:
        """Whether ``text`` is one of the names, after normalisation."""
        key = normalise(text)
        return any(normalise(name.text) == key for name in self.names)
