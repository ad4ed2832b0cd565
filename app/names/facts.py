"""Facts that this product brings itself, joined to what other sources have of the same people and things."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from app.core.errors import ResourceError
from app.names.mangle.forms import Damage, MangledForm
from app.names.normalise import normalise
from app.names.readers import Broken, read_jsonl
from app.names.store import Entity, EntityKind, Name, Role

OWN = "cur"  # the code of this source
TRANSLATED = "translated.tsv"  # beside the facts
_LITERAL = 0.02  # of damaged names, of each form
_MOST_YEARS = 1  # between two years of birth that sources give one person


def with_facts(entities: Iterable[Entity], facts: Iterable[Entity]) -> list[Entity]:
    """The entities with what the facts add to them, in order, then those that only the facts have.

    A fact is of the record that has its id; else of the one record of its kind that bears its name as the canonical
    one, of the same country or of none, with no other year of birth; of the best known of several. Its offices go
    first: they have their years. A place or an organisation may be known by what is an alias in the fact, in the same
    country: it is called as the fact has it from then on.

    Raises:
        ResourceError: A fact has the id of a record of another kind.
    """
    joined = list(entities)
    by_id = {entity.id: at for at, entity in enumerate(joined)}
    called: dict[tuple[EntityKind, str], list[int]] = defaultdict(list)
    for at, entity in enumerate(joined):
        called[entity.kind, normalise(entity.name)].append(at)
    for fact in facts:
        key = fact.kind, normalise(fact.name)
        if fact.id in by_id and joined[by_id[fact.id]].kind is not fact.kind:
            raise ResourceError(f"{fact.id}: {fact.name} is a {fact.kind}, and the record of that id is none")
        same = [by_id[fact.id]] if fact.id in by_id else [at for at in called[key] if _may_be_one(joined[at], fact)]
        if not same and fact.country and fact.kind is not EntityKind.PERSON:
            aliases = {normalise(alias.text) for alias in fact.aliases}
            found = (at for alias in aliases for at in called.get((fact.kind, alias), ()))
            same = [at for at in found if joined[at].country == fact.country]
        if same:
            best = max(same, key=lambda at: (joined[at].popularity, -at))
            joined[best] = _joined(joined[best], fact)
            called[key].append(best)
        else:
            called[key].append(len(joined))
            by_id[fact.id] = len(joined)
            joined.append(fact)
    return joined


def own_facts(path: Path) -> Iterator[Entity | Broken]:
    """The rows of a file of facts.

    Raises:
        ResourceError: A row names another source than the product itself, or the file is missing.
    """
    for row in read_jsonl(path):
        if isinstance(row, Entity) and row.sources != (OWN,):
            raise ResourceError(
                f"{path}: {row.id} has the sources {row.sources}; facts of one's own have {OWN!r} alone"
            )
        if isinstance(row, Entity | Broken):
            yield row


def literal_translations(path: Path) -> dict[str, tuple[MangledForm, ...]]:
    """By id, what machines make of names that they translate word by word: *Luminous Path* for *Shining Path*. A line
    is an id, a tab, and the forms, parted by ``|``.

    Raises:
        ResourceError: A line is not so, or the file is missing.
    """
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as exc:
        raise ResourceError(f"the translations {path} are missing or no UTF-8: {exc}") from exc
    found: dict[str, tuple[MangledForm, ...]] = {}
    for number, line in enumerate(lines, 1):
        entity_id, *fields = line.split("\t")
        texts = fields[0].split("|") if len(fields) == 1 else []
        if not entity_id or entity_id in found or not texts or any(text != text.strip() or not text for text in texts):
            raise ResourceError(f"{path}:{number}: not an id of its own, a tab, and forms parted by |")
        found[entity_id] = tuple(MangledForm(text, _LITERAL, Damage.TRANSLATED) for text in texts)
    return found


def _may_be_one(a: Entity, b: Entity) -> bool:
    if a.country and b.country and a.country != b.country:
        return False
    return a.born is None or b.born is None or abs(a.born - b.born) <= _MOST_YEARS


def _joined(entity: Entity, fact: Entity) -> Entity:
    """One record of two; where both say something, the fact is believed of its name, of offices, and of what other
    languages call a place, the other of the rest."""
    first, last = (entity, fact) if entity.kind is EntityKind.PLACE else (fact, entity)
    native = {n.language: n for n in (*first.native, *last.native)}
    own = Name(entity.name)
    open_end = {entity.active_to, fact.active_to} - {None}
    return replace(
        entity,
        name=fact.name if normalise(fact.name) != normalise(entity.name) else entity.name,
        aliases=_once((own, *entity.aliases, *fact.aliases), fact.name),
        native=tuple(native[language] for language in sorted(native)),
        country=entity.country or fact.country,
        roles=_roles((*fact.roles, *entity.roles)),
        active_from=min((y for y in (entity.active_from, fact.active_from) if y is not None), default=None),
        active_to=fact.active_to if fact.roles else max((y for y in open_end if y is not None), default=None),
        born=entity.born or fact.born,
        popularity=max(entity.popularity, fact.popularity),
        sources=tuple(dict.fromkeys((*entity.sources, *fact.sources))),
    )


def _once(names: Iterable[Name], own: str) -> tuple[Name, ...]:
    found: dict[str, Name] = {}
    for name in names:
        if (key := normalise(name.text)) != normalise(own):
            found.setdefault(key, name)
    return tuple(found.values())


def _roles(roles: Iterable[Role]) -> tuple[Role, ...]:
    found: dict[str, Role] = {}
    for role in roles:
        found.setdefault(role.title.casefold(), role)
    return tuple(found.values())
