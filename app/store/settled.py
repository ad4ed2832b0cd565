"""From proposals and decisions to the text as it stands; pure."""

from __future__ import annotations

import hashlib
import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from app.core.classify import edit_kind
from app.core.diff import Change, apply_changes, diff
from app.core.types import DocumentRepair, Edit, EditKind, Span
from app.store.records import Sentence, Standing, StoredEdit, Threshold, Verdict

_WORD = re.compile(r"\w+")
_CONTEXT_WORDS = 2  # on either side
_CONTEXT_CHARS = 60
BY_HAND = "Edited by hand."


@dataclass(frozen=True, slots=True)
class Made:
    """A change of the text as it stands, and where it came from."""

    change: Change
    kind: EditKind
    reason: str
    edit: StoredEdit | None = None  # none: a sentence rewritten by hand
    verdict: Verdict = Verdict.OPEN
    who: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """A sentence as the page shows it: as far as its edits reach, and less what those of the row before have taken."""

    sentence: Sentence
    span: Span
    before: str  # the white space between the row before and this one
    edits: tuple[StoredEdit, ...]  # that begin in it, by place

    @property
    def is_joined(self) -> bool:
        """Whether an edit of the row before reaches into the sentence."""
        return self.span.start > self.sentence.span.start


def lay_out(source: str, sentences: Sequence[Sentence], edits: Iterable[StoredEdit]) -> list[Row]:
    """The sentences as rows that hold all of the text once, each edit in the row in which it begins.

    Args:
        source: The document.
        sentences: In order, without a gap. What is before the first is its ``before``.
        edits: Of these sentences.
    """
    waiting = sorted(edits, key=lambda e: (e.span, e.index))
    found: list[Row] = []
    at = shown = 0
    for sentence in sentences:
        start = max(sentence.span.start, shown)
        end = max(sentence.span.end, shown)
        first = at
        while at < len(waiting) and (waiting[at].sentence <= sentence.index or waiting[at].span.start < end):
            end = max(end, waiting[at].span.end)
            at += 1
        mine = waiting[first:at]
        first_edit = mine[0].span.start if mine else end
        start = min(start, first_edit)  # the space before a document's first sentence may be changed, too
        # The rest of a joined sentence may begin with a space, which no row should.
        while start < first_edit and source[start].isspace():
            start += 1
        found.append(Row(sentence, Span(start, end), source[shown:start], tuple(mine)))
        shown = end
    return found


def settle(
    source: str,
    sentences: Sequence[Sentence],
    edits: Sequence[StoredEdit],
    standings: Mapping[str, Standing],
    *,
    open_counts: bool = True,
) -> tuple[Made, ...]:
    """The changes that hold now, sorted, none in conflict.

    Args:
        source: The document.
        sentences: Its sentences; the text of one that was rewritten stands for its row, the row's edits are dropped.
        edits: What was proposed; refused edits are skipped unless an editor accepted them all the same.
        standings: By target.
        open_counts: Whether edits that nobody has decided on count as made.
    """
    made: list[Made] = []
    rewritten: set[int] = set()
    for row in lay_out(source, sentences, edits):
        standing = standings.get(row.sentence.target)
        if standing is None or standing.verdict is not Verdict.REWRITTEN or standing.text is None:
            continue
        rewritten.update(edit.index for edit in row.edits)
        for change in diff(row.span.of(source), standing.text):
            moved = Change(change.span.shift(row.span.start), change.text)
            kind = edit_kind(moved.span.of(source), moved.text)
            made.append(Made(moved, kind, BY_HAND, None, Verdict.REWRITTEN, standing.who))
    for edit in edits:
        standing = standings.get(edit.target)
        verdict = standing.verdict if standing is not None else Verdict.OPEN
        text = edit.replacement
        if verdict is Verdict.REPLACED and standing is not None and standing.text is not None:
            text = standing.text
        elif verdict is Verdict.OPEN and open_counts and not edit.refusal:
            pass
        elif verdict is not Verdict.ACCEPTED:
            continue
        if text == edit.original or edit.index in rewritten:
            continue
        who = standing.who if standing is not None else ""
        made.append(Made(Change(edit.span, text, edit.group), edit.kind, edit.reason, edit, verdict, who))
    # A refused edit may overlap a made one: an editor who brings it back wins over what was proposed instead.
    taken: list[Made] = []
    for one in sorted(made, key=lambda m: (m.verdict is Verdict.OPEN, m.change.span)):
        at = bisect_left(taken, one.change.span, key=lambda m: m.change.span)
        if not any(one.change.span.conflicts(other.change.span) for other in taken[max(0, at - 1) : at + 1]):
            taken.insert(at, one)
    return tuple(taken)


def text_of(source: str, made: Sequence[Made]) -> str:
    """The text as it stands."""
    return apply_changes(source, [one.change for one in made])


def within(made: Sequence[Made], span: Span) -> list[Change]:
    """The changes inside one sentence, relative to it; one that reaches out of it is left out."""
    found = []
    first = bisect_left(made, span.start, key=lambda m: m.change.span.start)
    for one in made[first:]:
        if one.change.span.start > span.end:
            break
        if span.contains(one.change.span):
            found.append(Change(one.change.span.shift(-span.start), one.change.text))
    return found


def store_repair(
    repair: DocumentRepair, *, offset: int, first_sentence: int, first_edit: int, first_paragraph: int, document: str
) -> tuple[list[Sentence], list[StoredEdit]]:
    """The repair of one section as the store keeps it, in places of the whole document."""
    furniture = {f.segment: f.kind for f in repair.furniture}
    sentences = [
        Sentence(
            first_sentence + s.segment.index, s.segment.span.shift(offset), first_paragraph + s.segment.paragraph,
            s.status, s.confidence, s.reason, furniture.get(s.segment.index, ""),
        )
        for s in repair.segments
    ]  # fmt: skip
    starts = [s.segment.span.start for s in repair.segments]
    all_edits = [(edit, "") for edit in repair.edits] + [(r.edit, r.reason) for r in repair.rejected]
    edits = []
    for number, (edit, refusal) in enumerate(all_edits, first_edit):
        at = max(bisect_left(starts, edit.span.start + 1) - 1, 0)
        edits.append(_stored(edit, refusal, number, first_sentence + at, offset, document, repair.source))
    return sentences, edits


def _stored(
    edit: Edit, refusal: str, number: int, sentence: int, offset: int, document: str, section: str
) -> StoredEdit:
    entity: dict[str, Any] | None = None
    if edit.entity is not None:
        entity = {
            "id": edit.entity.id,
            "caption": edit.entity.caption,
            "type": edit.entity.type,
            "score": edit.entity.score,
            "features": [list(feature) for feature in edit.entity.features],
        }
    span = edit.span.shift(offset)
    return StoredEdit(
        number, sentence, span, edit.span.of(section), edit.text, edit.kind, edit.origin, edit.rule, edit.confidence,
        edit.reason,
        tuple({"text": a.text, "score": a.score, "entity_id": a.entity_id} for a in edit.alternatives),
        entity,
        # Groups are named per section by whoever proposes; the offset keeps sections apart.
        f"{offset}:{edit.group}" if edit.group is not None else None,
        context_of(document, span),
        refusal,
    )  # fmt: skip


def context_of(text: str, span: Span) -> str:
    """Hash of the words around a place: two on either side, whatever their case and punctuation."""
    before = _WORD.findall(text[max(0, span.start - _CONTEXT_CHARS) : span.start])[-_CONTEXT_WORDS:]
    after = _WORD.findall(text[span.end : span.end + _CONTEXT_CHARS])[:_CONTEXT_WORDS]
    words = " ".join([*before, "\0", *after]).casefold()
    return hashlib.sha256(words.encode()).hexdigest()[:16]


def below(edit: StoredEdit, thresholds: Sequence[Threshold]) -> bool:
    """Whether editors' decisions say that an edit like this is not worth their time."""
    return any(t.origin is edit.origin and t.kind is edit.kind and edit.confidence < t.least for t in thresholds)


def teaching_pairs(
    source: str,
    sentences: Sequence[Sentence],
    edits: Sequence[StoredEdit],
    standings: Mapping[str, Standing],
    *,
    document: str,
    system: str,
) -> Iterator[dict[str, Any]]:
    """The sentences that an editor has settled, as pairs to train and to measure on.

    A sentence is settled when it was confirmed or rewritten, or when each of its edits was decided on. One that an edit
    joins to its neighbour is no pair by itself. The fields are those of the pairs that the network is trained with.
    """
    made = settle(source, sentences, edits, standings, open_counts=False)
    by_sentence: dict[int, list[StoredEdit]] = {}
    for edit in edits:
        if not edit.refusal:
            by_sentence.setdefault(edit.sentence, []).append(edit)
    layout = lay_out(source, sentences, edits)
    joined = {n for a, b in pairwise(layout) if b.is_joined for n in (a.sentence.index, b.sentence.index)}
    for sentence in sentences:
        if sentence.index in joined:
            continue
        own = standings.get(sentence.target)
        mine = by_sentence.get(sentence.index, [])
        decided = [s for e in mine if (s := standings.get(e.target)) is not None and s.verdict is not Verdict.OPEN]
        is_rewritten = own is not None and own.verdict is Verdict.REWRITTEN
        is_confirmed = own is not None and own.verdict is Verdict.CONFIRMED
        if not (is_rewritten or (len(decided) == len(mine) and (mine or is_confirmed))):
            continue
        before = sentence.span.of(source)
        yield {
            "id": f"{document}/{sentence.index}",
            "mt": before,
            "ref": apply_changes(before, within(made, sentence.span)),
            "kind": "pe",
            "lang": None,
            "set": "editors",
            "system": system,
            "doc": document,
            "domain": None,
            "licence": None,
            "rejected": [
                {"original": e.original, "replacement": e.replacement, "kind": e.kind.value, "why": s.why.value}
                for e in mine
                if (s := standings.get(e.target)) is not None and s.verdict is Verdict.REJECTED
            ],
        }
