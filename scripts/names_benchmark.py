"""The benchmark of names: items with their texts, generated damage in realistic sentences, and who judges a change."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import orjson
import regex

from app.core.types import Edit, Segment, Span
from app.evaluation.splits import is_held_out_text
from app.names.candidates import SURNAME_FIRST
from app.names.mangle.engine import mangle
from app.names.mangle.forms import Damage, MangledForm
from app.names.normalise import normalise
from app.names.store import Entity, EntityKind, EntityStore, NameKind
from scripts.mine_names import CONTROL_TEXTS, MAX_WORDS, PAIR_FILES, Item, half_of, read_pairs
from scripts.prepare_data import read_documents

DATA = Path("../shared/data")
FOLDER = Path(__file__).resolve().parent.parent / "tests" / "data" / "names"


@dataclass(frozen=True, slots=True)
class Case:
    """A text with at most one damaged name that is known to be damaged; without one every name is right."""

    id: str
    document: str
    language: str
    text: str
    reference: str = ""  # the text with its names right; empty: the text itself
    span: Span | None = None  # of the damaged name, a title before it included
    right: str = ""
    is_knowable: bool = False
    entity_id: str = ""
    damage: str = ""  # of generated cases
    names: int = 1  # how many names the text has, where that was counted


def load(kind: str, half: str, data: Path = DATA, folder: Path = FOLDER) -> list[Case]:
    """Cases of a half of the mined benchmark, ``errors`` or ``controls``.

    Sentences that the files leave out for their licence are read from ``data``; without it they are left out.
    """
    rows = [orjson.loads(line) for line in (folder / f"{kind}-{half}.jsonl").read_bytes().splitlines()]
    items = [Item(**{**row, "names": tuple(row.get("names", ()))}) for row in rows]
    missing = {item.id for item in items if item.text is None or (kind == "errors" and not item.reference)}
    found: Mapping[str, tuple[str, str]] = {}
    if missing and (data / "mt").is_dir():
        found = {str(r["id"]): (str(r["mt"]), str(r["ref"])) for r in read_pairs(data) if r["id"] in missing}
    cases = []
    rejected, slips = _rejected(folder), _slips(folder)
    for item in items:
        if item.id in rejected:
            continue
        text, reference = item.text, item.reference
        if item.id in found:
            text, reference = found[item.id]
        if text is None:
            continue
        for old, new in slips.get(item.id, ()):
            reference = (reference or "").replace(old, new)
        cases.append(
            Case(
                item.id,
                item.document,
                item.language,
                text,
                reference or "",
                Span(item.start, item.end) if kind == "errors" else None,
                item.right,
                item.is_knowable,
                names=len(item.names) or 1,
            )
        )
    return cases


MOST_SENTENCES = 120  # of a document
RIGHT_SEED, RIGHT_PARTS = 101, 10  # of right English
MEASURED = 7  # the part that nothing is learned from, for ``measure_right_names``


def documents(half: str, data: Path = DATA, most: int = 400) -> Iterator[Case]:
    """Whole held-out documents of clean text: their names are right."""
    rejected = _rejected(FOLDER)
    for stem in CONTROL_TEXTS:
        count = 0
        for index, sentences in read_documents(data / "text" / f"{stem}.txt.xz"):
            if is_held_out_text(stem, index) and half_of(f"{stem}/{index}") == half and count < most:
                count += 1
                if f"{stem}/{index}" in rejected:
                    continue
                yield Case(f"{stem}/{index}", f"{stem}/{index}", "en", "\n".join(sentences[:MOST_SENTENCES]))


def right_english(seed: int, data: Path = DATA) -> list[Case]:
    """The documents of clean text that are not held out, shuffled: their names are right. What is attested has to be
    counted without those that are read (``fit_linker.count_attested``)."""
    found = [
        Case(f"{stem}/{index}", f"{stem}/{index}", "en", "\n".join(lines[:MOST_SENTENCES]))
        for stem in CONTROL_TEXTS
        for index, lines in read_documents(data / "text" / f"{stem}.txt.xz")
        if not is_held_out_text(stem, index)
    ]
    random.Random(seed).shuffle(found)
    return found


def right_parts(data: Path) -> list[list[Case]]:
    """Right English in parts of whole documents drawn by chance: a part is read with what the others attest."""
    drawn = right_english(RIGHT_SEED, data)
    size = -(-len(drawn) // RIGHT_PARTS)
    return [drawn[part * size : (part + 1) * size] for part in range(RIGHT_PARTS)]


def pairs(data: Path = DATA, half: str = "dev") -> Iterator[Case]:
    """Machine translations of a half, with the human text as its reference: real names, right and wrong.

    No person read them, so a name that the reference spells otherwise counts as wrong, whatever else it may be. Of the
    translations of one reference the first is taken, and a few others that have a name which it lacks. A document, or a
    reference, that the other half has too is left out, whichever test set it comes from.
    """
    others: set[str] = set()
    mine: list[tuple[str, dict[str, Any]]] = []
    for row in read_pairs(data, [name for name in PAIR_FILES if name != "pe-test20"]):
        document = f"{row.get('set')}/{row['lang']}/{row.get('doc') or row['id'].rsplit('/', 1)[0]}"
        if half_of(document) == half:
            mine.append((document, row))
        else:
            others.update((f"ref {row['ref']}", f"doc {row.get('doc')}" if row.get("doc") else ""))
    seen: Counter[str] = Counter()
    for document, row in mine:
        mt, ref = str(row["mt"]), str(row["ref"])
        if {f"ref {ref}", f"doc {row.get('doc')}"} & others or len(mt.split()) > MAX_WORDS:
            continue
        if seen[ref] and (seen[ref] >= MOST_OF_REFERENCE or not _has_other_name(mt, ref)):
            continue
        seen[ref] += 1
        yield Case(str(row["id"]), document, str(row["lang"]), mt, ref)


def references(data: Path = DATA) -> Iterator[Case]:
    """The human translations of the dev half, once each: as good as all their names are right. Post-edits keep too
    many names as the machine wrote them."""
    seen: set[str] = set()
    for case in pairs(data):
        if case.reference not in seen and not is_post_edit(case):
            seen.add(case.reference)
            yield replace(case, id=f"{case.id}/ref", text=case.reference, reference="")


def is_post_edit(case: Case) -> bool:
    """Whether the reference was made from the machine's own sentence."""
    return case.id.startswith("mlqe-pe/")


MOST_OF_REFERENCE = 4  # translations of one reference
_CAPITALISED = regex.compile(r"(?<=\p{L}[,;]? )\p{Lu}\p{Ll}{3,}")


def _has_other_name(text: str, reference: str) -> bool:
    """Whether a capitalised word inside a sentence stands nowhere in the reference."""
    return any(word not in reference for word in _CAPITALISED.findall(text))


def in_parts(case: Case, sentences: int = 3) -> Iterator[Case]:
    """A document in runs of a few sentences, as long as the texts with errors are."""
    lines = case.text.split("\n")
    for at in range(0, len(lines), sentences):
        yield replace(case, id=f"{case.id}/{at}", text="\n".join(lines[at : at + sentences]))


def _rejected(folder: Path) -> frozenset[str]:
    """Ids of controls whose name turned out to be misspelt."""
    return frozenset(line.split("\t")[0] for line in (folder / "rejected.tsv").read_text("utf-8").splitlines()[1:])


def _slips(folder: Path) -> dict[str, list[tuple[str, str]]]:
    """By id, what a reference of the dev half left misspelt, and how it should read."""
    found: dict[str, list[tuple[str, str]]] = {}
    for line in (folder / "slips.tsv").read_text("utf-8").splitlines()[1:]:
        key, old, new, _ = line.split("\t")
        found.setdefault(key, []).append((old, new))
    return found


NEEDED, VARIANT, HARM = "needed", "variant", "harm"  # verdicts of readers


@lru_cache(maxsize=2)
def read_changes(folder: Path = FOLDER) -> dict[tuple[str, str, str], str]:
    """What readers said of changes: in texts of the dev half and in right English (``changes.tsv``), from which the
    linker learns, and in the test half (``changes-test.tsv``), read without knowing what the benchmark says of them.

    Returns:
        Document, name as it stands and as it would be, each in canonical form, to ``needed`` (a slip of the text),
        ``variant`` (either form may stand), ``harm`` (somebody or something else), or ``open``.
    """
    found = {}
    for name in ("changes.tsv", "changes-test.tsv"):
        for line in (folder / name).read_text("utf-8").splitlines()[1:]:
            document, old, new, verdict, _ = line.split("\t")
            found[document, normalise(old), normalise(new)] = verdict
    return found


def said_of(case: Case, old: str, new: str) -> str:
    """What a reader said of a change of a case, as in ``read_changes``; empty where nobody read it."""
    return read_changes().get((case.document, normalise(old), normalise(new)), "")


def in_base(case: Case, store: EntityStore) -> Entity | None:
    """The entity that the right form of a case names, titles before it aside: the best known of that name."""
    words = case.right.split()
    for start in range(len(words)):
        name = " ".join(words[start:])
        found = store.by_name(name) or called_abroad(name, store)
        if found:
            return found[0]
    return None


def called_abroad(name: str, store: EntityStore) -> list[Entity]:
    """The places that another language calls so, the best known first: a reference may print such a form."""
    found = [
        layer.entity(form.row)
        for layer in store.layers
        for form in layer.mangled(normalise(name))
        if form.damage == Damage.EXONYM
    ]
    return sorted(found, key=lambda e: -e.popularity)


# ---------------------------------------------------------------- judging


def stands_in(name: str, text: str) -> bool:
    """Whether a name stands in a text, word by word, in canonical form."""
    bare = regex.sub(r"['’]s?(?!\p{L})", "", text)
    return f" {normalise(name)} " in f" {normalise(bare)} " or f" {normalise(name)} " in f" {normalise(text)} "


def is_right_change(case: Case, old: str, new: str, entity: Entity | None, store: EntityStore) -> bool:
    """Whether a change is right, as ``judge`` says."""
    return judge(said_of(case, old, new), is_borne_out(case, old, new, entity, store))


def judge(said: str, is_borne_out: bool) -> bool:
    """A reader's *needed* or *harm* decides, else whether the reference bears a change out."""
    return said == NEEDED or (said != HARM and is_borne_out)


def is_borne_out(case: Case, old: str, new: str, entity: Entity | None, store: EntityStore) -> bool:
    """Whether the reference has the new form, or another name of the entity, and not the old.

    What other languages call a place counts as its name in a reference. Where only a part of a name is printed the part
    has to stand in the reference.
    """
    reference = case.reference or case.text
    if stands_in(old, reference):
        return False
    if stands_in(new, reference):
        return True
    if entity is None or (entity.kind is EntityKind.PERSON and len(new.split()) < 2):
        return False
    if any(
        stands_in(name.text, reference)
        for name in entity.names
        if name.kind is not NameKind.NATIVE and normalise(name.text) != normalise(old)
    ):
        return True
    if entity.kind is not EntityKind.PLACE:
        return False
    words = regex.findall(r"\p{Lu}[\p{L}-]{3,}", reference)
    return any(e.id == entity.id for word in words for e in called_abroad(word, store))


@dataclass(frozen=True, slots=True)
class Judged:
    """An edit of a name, what a reader said of it, and whether the reference bears it out."""

    edit: Edit
    said: str
    is_borne_out: bool

    @property
    def is_right(self) -> bool:
        """Whether the change is right, as ``judge`` says."""
        return judge(self.said, self.is_borne_out)


def changed_names(case: Case, edits: Sequence[Edit], store: EntityStore) -> list[Judged]:
    """The edits of names, judged."""
    judged = []
    for edit in edits:
        entity = store.get(edit.entity.id) if edit.entity is not None else None
        old, new = edit.span.of(case.text), regex.sub(r"^[Aa]n?\s+|['’]s?$", "", edit.text)
        judged.append(Judged(edit, said_of(case, old, new), is_borne_out(case, old, new, entity, store)))
    return judged


# ---------------------------------------------------------------- generated cases


@dataclass(frozen=True, slots=True)
class Frame:
    """A real sentence with a place for a name of one kind."""

    before: str
    after: str
    kind: EntityKind
    has_title: bool


NAMED_BEFORE = 0.1  # of the generated texts have the right name in a sentence before
_TITLES = regex.compile(
    r"(?:(?:[A-Z]\w+ )?(?:Prime Minister|President|Foreign Minister|Finance Minister|Secretary of State|Minister|"
    r"Chancellor|Governor|Senator|Ambassador|Secretary-General|Chairman)) $"
)


def frames(store: EntityStore, data: Path = DATA, most: int = 3000, half: str = "dev") -> list[Frame]:
    """Sentences of held-out clean text in which a known entity stands, its name and title cut out."""
    found: list[Frame] = []
    slips = {(document, old) for (document, old, _), verdict in read_changes().items() if verdict == "needed"}
    pattern = regex.compile(r"(?<!^)(?<=\s)\p{Lu}\p{Ll}+(?: \p{Lu}\p{Ll}+){0,3}")
    for case in documents(half, data):
        for sentence in case.text.split("\n"):
            if not 8 <= len(sentence.split()) <= 35:
                continue
            if any(document == case.document and old in normalise(sentence) for document, old in slips):
                continue  # another name of it is damaged
            for match in pattern.finditer(sentence):
                entities = store.by_name(match.group())
                if not entities or (entities[0].kind is EntityKind.PERSON and " " not in match.group()):
                    continue
                before = sentence[: match.start()]
                title = _TITLES.search(before)
                if title is not None:
                    before = before[: title.start()]
                found.append(Frame(before, sentence[match.end() :], entities[0].kind, title is not None))
                break
        if len(found) >= most:
            break
    return found


def generated(
    store: EntityStore,
    entities: Iterable[Entity],
    slots: Sequence[Frame],
    seed: int,
    per_entity: int = 1,
    forms_of: Callable[[Entity], Iterable[MangledForm]] = mangle,
) -> Iterator[Case]:
    """Each entity damaged, by default by the mangler, in a real sentence; its office stands before it now and then."""
    rng = random.Random(seed)
    by_kind = {kind: [f for f in slots if f.kind is kind] for kind in EntityKind}
    for entity in entities:
        forms = [f for f in forms_of(entity) if not store.by_name(f.text)]
        if not forms or not by_kind[entity.kind]:
            continue
        for _ in range(per_entity):
            form = rng.choices(forms, [f.probability for f in forms])[0]
            frame = rng.choice(by_kind[entity.kind])
            title = ""
            if entity.kind is EntityKind.PERSON and entity.roles and rng.random() < 0.5:
                role = entity.roles[0].title
                title = role.split(" of ")[0].title() + " " if rng.random() < 0.5 else f"the {role} "
            lead = ""
            if rng.random() < NAMED_BEFORE:
                other = rng.choice(by_kind[entity.kind])
                lead = f"{other.before}{entity.name}{other.after}\n"
            text = f"{lead}{frame.before}{title}{form.text}{frame.after}"
            start = len(lead) + len(frame.before) + len(title)
            reference = f"{lead}{frame.before}{title}{entity.name}{frame.after}"
            yield Case(
                f"generated/{entity.id}/{form.kind}", f"generated/{entity.id}", entity.country or "?", text, reference,
                Span(start, start + len(form.text)), entity.name, True, entity.id, str(form.kind),
            )  # fmt: skip


def surnames_alone(store: EntityStore, entities: Iterable[Entity], slots: Sequence[Frame], seed: int) -> Iterator[Case]:
    """People named in full, and rightly, then by a damaged surname alone."""
    rng = random.Random(seed)
    people = [f for f in slots if f.kind is EntityKind.PERSON]
    for entity in entities:
        own = entity.name.split()
        if entity.kind is not EntityKind.PERSON or len(own) < 2 or not people:
            continue
        at = 0 if entity.country in SURNAME_FIRST else len(own) - 1
        forms = [
            (words[at], form)
            for form in mangle(entity)
            if len(words := form.text.split()) == len(own)
            and normalise(words[at]) != normalise(own[at])
            and words[at][0].isupper()
            and not store.by_name(words[at])
        ]
        if not forms or len(own[at]) < 4:
            continue
        text, form = rng.choices(forms, [f.probability for _, f in forms])[0]
        first, second = rng.choice(people), rng.choice(people)
        lead = f"{first.before}{entity.name}{first.after}\n"
        start = len(lead) + len(second.before)
        yield Case(
            f"generated/{entity.id}/surname", f"generated/{entity.id}", entity.country or "?",
            f"{lead}{second.before}{text}{second.after}", f"{lead}{second.before}{own[at]}{second.after}",
            Span(start, start + len(text)), own[at], True, entity.id, str(form.kind),
        )  # fmt: skip


def random_entities(store: EntityStore, count: int, seed: int, *, by_popularity: bool = False) -> list[Entity]:
    """Entities by chance: each as likely as another, or the well known far likelier, as in real texts."""
    rng = random.Random(seed)
    ids = sorted(i for layer in store.layers for i in layer.ids())
    found: list[Entity] = []
    for entity_id in rng.sample(ids, len(ids) if count else 0):
        entity = store.get(entity_id)
        if entity is not None and (not by_popularity or rng.random() < entity.popularity**4):
            found.append(entity)
            if len(found) == count:
                break
    return found


def one_segment(text: str) -> list[Segment]:
    """A text of sentences on lines of their own as segments."""
    segments, at = [], 0
    for i, line in enumerate(text.split("\n")):
        segments.append(Segment(i, Span(at, at + len(line)), line, 0))
        at += len(line) + 1
    return segments


def with_entity(case: Case, store: EntityStore) -> Case:
    """The case with the entity that its right form names, where the base has it."""
    entity = None if case.entity_id else in_base(case, store)
    return replace(case, entity_id=entity.id) if entity is not None else case
