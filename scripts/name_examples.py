"""Sentences whose names were damaged, with what the linker makes of them: the network learns when to follow a hint.

The linker is given a base that lacks every fourth entity, and knows of every third word nothing of how often edited
English has it: many names that are right look doubtful to it then, and its hints for them are wrong.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from zlib import crc32

from app.core.protocols import LinkResult, NameHint
from app.core.types import Span
from app.names.background import Background
from app.names.link import Decision, LinkModel
from app.names.linker import NameLinker, build_linker
from app.names.mangle import mangle
from app.names.mentions import Mention
from app.names.normalise import normalise
from app.names.store import EntityStore
from app.seq2seq.codec import Mark, WordEdit, hint_pieces, mark_of
from app.seq2seq.examples import NAMES, Example
from app.seq2seq.export import HeldOutName
from app.seq2seq.lexicon import Lexicon, suggestions
from app.seq2seq.tokenizer import Tokenizer
from scripts.fit_linker import count_attested
from scripts.measure_right_names import SHIPPED
from scripts.names_benchmark import is_right_change, load, one_segment, pairs, references

DAMAGED = 0.6  # of the names that could be
LEAST_HINT = 0.03  # probability of a candidate that is told to the network
LACKING = 4  # every so many-th entity the base does not have
UNATTESTED = 3  # of every so many-th word nothing is known


@dataclass(frozen=True, slots=True)
class DamagedName:
    """A name that was damaged: its place in the damaged sentence, and in what that should be."""

    span: Span
    right: Span


@dataclass(frozen=True, slots=True)
class NamedSentence:
    """A sentence whose names may be damaged, what it should be, and hints for its names, right and wrong."""

    machine: str
    corrected: str
    damaged: tuple[DamagedName, ...]
    hints: tuple[NameHint, ...]

    def is_told(self, name: DamagedName) -> bool:
        """Whether a hint has the right form of a damaged name."""
        return any(h.span == name.span and h.text == name.right.of(self.corrected) for h in self.hints)

    def example(self, tokenizer: Tokenizer, lexicon: Lexicon | None = None) -> Example:
        """What training is shown: a name that no hint tells is passed over, a wrong hint is not to be followed."""
        words, right = tokenizer.words(self.machine), tokenizer.words(self.corrected)
        edits = []
        for name in self.damaged:
            mark = mark_of(words, name.span.start, name.span.end)
            there = mark_of(right, name.right.start, name.right.end)
            if mark is not None and there is not None:
                pieces = tuple(p for word in right.pieces[there.first : there.last] for p in word)
                edits.append(WordEdit(mark, pieces if self.is_told(name) else None))
        hints = [
            WordEdit(mark, hint_pieces(hint.text, tokenizer))
            for hint in self.hints
            if (mark := mark_of(words, hint.span.start, hint.span.end)) is not None
        ]
        for found in suggestions(words, lexicon, tokenizer) if lexicon else ():
            if all(found.index + 1 < h.mark.first or h.mark.last < found.index for h in hints):
                hints.append(WordEdit(Mark(found.index, found.index + 1), found.pieces))
        return Example(words.pieces, tuple(edits), 1.0, NAMES, tuple(sorted(hints, key=lambda h: h.mark)))


class NameDamager:
    """Damages names that a knowledge base has.

    Args:
        names_dir: Folder of the base.
        data: Folder with text/, whose words are counted.
    """

    def __init__(self, names_dir: Path, data: Path) -> None:
        counts = count_attested(data)
        model, background = LinkModel.load(SHIPPED), Background.read()
        whole = EntityStore.open(names_dir)
        lacking = frozenset(e.id for e in whole if _draws(e.id, LACKING))
        known = {key: n for key, n in counts.items() if not any(_draws(w, UNATTESTED) for w in key.split())}
        self._whole = NameLinker(whole, model, background.with_counts(counts))
        self._lacking = EntityStore(whole.layers, without=lacking)
        self._linker = NameLinker(self._lacking, model, background.with_counts(known))

    def sentences(self, texts: Iterable[str], rng: random.Random) -> Iterator[NamedSentence]:
        """Those of the texts for whose names, damaged or not, the linker has a hint."""
        for text in texts:
            found = self._damage(text, rng)
            if found.hints:
                yield found

    def _damage(self, text: str, rng: random.Random) -> NamedSentence:
        parts: list[str] = []
        at = 0
        places: list[tuple[Span, str]] = []  # in the damaged sentence, and what stood there
        for mention in self._whole.examine(text, one_segment(text), self._whole.store).right:
            form = self._form(mention, rng) if mention.span.start >= at and rng.random() < DAMAGED else ""
            if form:
                parts.append(text[at : mention.span.start])
                start = sum(map(len, parts))
                parts.append(form)
                places.append((Span(start, start + len(form)), mention.text))
                at = mention.span.end
        machine = "".join((*parts, text[at:]))
        _, decisions = self._linker.decide(machine, one_segment(machine), self._lacking)
        hints = hints_of(decisions, LEAST_HINT)
        corrected: list[str] = []
        damaged: list[DamagedName] = []
        at = length = 0
        for span, right in places:
            told = next((h.text for h in hints if h.span == span and normalise(h.text) == normalise(right)), right)
            corrected += (machine[at : span.start], told)
            length += span.start - at
            damaged.append(DamagedName(span, Span(length, length + len(told))))
            length += len(told)
            at = span.end
        return NamedSentence(machine, "".join((*corrected, machine[at:])), tuple(damaged), hints)

    def _form(self, mention: Mention, rng: random.Random) -> str:
        """What a machine may make of a name; empty if that is not known."""
        entity = next((e for e in self._lacking.by_name(mention.text)), None)
        if entity is None or normalise(entity.name) != normalise(mention.text) or mention.is_all_caps:
            return ""
        forms = [f for f in mangle(entity) if not self._whole.store.by_name(f.text)]
        return rng.choices(forms, [f.probability for f in forms])[0].text if forms else ""


def hints_of(decisions: Iterable[Decision], least: float) -> tuple[NameHint, ...]:
    """What the linker thinks of each doubtful name, the likeliest candidate, made into an edit or not."""
    found = [
        NameHint(mention.span, decision.best.text, decision.best.probability)
        for decision in decisions
        if decision.best is not None and decision.reason != "already_right" and decision.best.probability >= least
        for mention in decision.reading.mentions
    ]
    return tuple(sorted(found, key=lambda hint: hint.span))


def all_told(found: LinkResult) -> tuple[NameHint, ...]:
    """What a linker would tell the network if it changed nothing itself: what it is sure of, and what it doubts."""
    return (*(NameHint(edit.span, edit.text, edit.confidence, edit) for edit in found.edits), *found.hints)


def held_out_names(names_dir: Path, data: Path) -> list[HeldOutName]:
    """What the linker thinks of names, sure of it or not, in translations of the dev half and their references."""
    linker = build_linker(names_dir)
    store = linker.store
    read = {case.id for kind in ("errors", "controls") for case in load(kind, "dev", data)}
    unread = (case for case in pairs(data) if case.id not in read)
    found = []
    for case in (*load("errors", "dev", data), *load("controls", "dev", data), *unread, *references(data)):
        segments = one_segment(case.text)
        hints = all_told(linker.link(case.text, segments, ()))
        told = {hint.edit.group: hint for hint in hints[::-1] if hint.edit}
        for hint in told.values():
            sentence = next(s for s in segments if s.span.contains(hint.span))
            entity = store.get(hint.edit.entity.id) if hint.edit and hint.edit.entity else None
            ok = is_right_change(case, hint.span.of(case.text), hint.text, entity, store)
            place = hint.span.shift(-sentence.span.start)
            found.append(HeldOutName(case.document, sentence.text, place, hint.text, hint.confidence, ok))
    return found


def _draws(key: str, every: int) -> bool:
    return crc32(key.encode()) % every == 0
