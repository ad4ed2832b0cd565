"""A small knowledge base and a linker over it, for the tests of linking."""

from __future__ import annotations

from pathlib import Path

from app.core.diff import apply_edits
from app.core.protocols import LinkResult
from app.core.segment import SentenceSegmenter
from app.names.background import Background, data_file
from app.names.build import BuildOptions, write_base
from app.names.link import LinkModel
from app.names.linker import MODEL_FILE, NameLinker
from app.names.store import Entity, EntityKind, EntityStore, Name, NameKind, Role

MODEL = LinkModel.load(data_file(MODEL_FILE))
PERSON, ORGANISATION, PLACE = EntityKind


def person(
    id_: str, name: str, country: str, *roles: str, years: tuple[int, int] = (2010, 2020), **more: float
) -> Entity:
    """A person with offices."""
    return Entity(
        id_, PERSON, "person", name, country=country, roles=tuple(Role(r, *years) for r in roles),
        active_from=years[0], active_to=years[1], popularity=more.get("popularity", 0.6),
    )  # fmt: skip


ENTITIES = (
    person("T1", "Tauno Vaherpuu", "EE", "prime minister of Estonia"),
    person("T2", "Kersti Lindmägi", "EE", "minister of Finance"),
    person("T3", "Oskar Brandvold", "NO", "member of the Storting"),
    person("T4", "Maria Santos", "PT", "member of the Assembly"),
    person("T5", "Maria Santos", "BR", "senator of Brazil"),
    person("T6", "Svenja Holmqvist", "SE", "foreign minister of Sweden"),
    person("T7", "Lars Egeskov", "DK", "prime minister of Denmark"),
    person("T8", "Pia Egeskov", "DK", "minister of Health"),
    Entity("L1", PLACE, "city", "Valkeapori", (Name("Valkeabori"),), country="FI", popularity=0.8),
    Entity("L2", PLACE, "country", "Estonia", country="EE", popularity=1.0),
    Entity(
        "O1",
        ORGANISATION,
        "think tank",
        "Nordholm Policy Fund",
        (Name("NPF", NameKind.ABBREVIATION),),
        country="US",
        popularity=0.5,
    ),
)


def store(folder: Path, *more: Entity) -> EntityStore:
    """A knowledge base of the test's people."""
    write_base([*ENTITIES, *more], folder, BuildOptions(name="test"))
    return EntityStore.open(folder)


def linker(folder: Path, *more: Entity) -> NameLinker:
    """The linker with the shipped weights over the test's people."""
    return NameLinker(store(folder, *more), MODEL, Background.read())


def link(names: NameLinker, text: str) -> LinkResult:
    """What the linker says about a text."""
    return names.link(text, SentenceSegmenter().segment(text), ())


def repaired(names: NameLinker, text: str) -> str:
    """The text with the names repaired."""
    return apply_edits(text, link(names, text).edits)
