"""The core of every batch engine: a pure function from record batch to record batch. No engine is imported here."""

from __future__ import annotations

import hashlib
import os
import pickle
import random
import unicodedata
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from enum import Enum
from pathlib import Path
from typing import Any

import pyarrow as pa
import zstandard

from app.core.diff import apply_edits
from app.core.errors import InputError, RepairError
from app.core.repairer import Repairer
from app.core.types import DocumentRepair, Edit, Mode, RejectedEdit, RepairOptions, Span, Status
from app.formats.base import MAP, PROBLEM, PROTECT, SEAMS, check_free
from app.formats.prose import fits
from app.seq2seq.shared_cache import SharedFile

EDIT_TYPE = pa.struct(
    [
        ("start", pa.int64()),  # code points of the text as it came in, half-open
        ("end", pa.int64()),
        ("original", pa.string()),
        ("replacement", pa.string()),
        ("kind", pa.string()),
        ("origin", pa.string()),
        ("confidence", pa.float64()),
        ("rule", pa.string()),
        ("reason", pa.string()),
        ("entity_id", pa.string()),
    ]
)
REMEMBERED = 16_384  # different texts whose answers a process keeps: some 2 kB each for a page
_AT_HAND = 256  # of those, as many are kept as they are, since unpacking takes as long as all else about a copy
_SHARED_TEXTS = 200_000  # in a file: some 400 MB on a disk, nothing in memory
_CHARS_AT_ONCE = 1 << 16  # of new texts between two looks at what others have found out: some hundred sentences
MAX_CHARS = 1_000_000  # a longer text is left alone: one such row would hold up a whole unit


@dataclass(frozen=True, slots=True)
class RowOutcome:
    """What became of one row; ``repair`` is ``None`` where there was nothing to repair or it could not be done."""

    repair: DocumentRepair | None = None
    problem: str = ""  # why the row could not be repaired; it is kept as it was
    status: Status = Status.UNCHANGED
    is_repeat: bool = False  # the same text came before, and its answer was at hand


def added_columns(field: str, *, hashes: bool = False) -> pa.Schema:
    """The columns that a repair adds; the same whether or not there is an edit.

    Args:
        field: Name of the column with the text.
        hashes: Whether to add those that find equal and nearly equal texts.
    """
    return pa.schema(
        [
            (f"{field}_repaired", pa.string()),
            ("repair_status", pa.string()),
            ("repair_confidence", pa.float64()),
            ("repair_edits", pa.list_(EDIT_TYPE)),
            ("repair_model", pa.string()),
            ("repair_reason", pa.string()),
            *([("repair_hash", pa.string()), ("repair_near_hash", pa.string())] if hashes else []),
        ]
    )


def text_hash(text: str | None) -> str | None:
    """16 hexadecimal digits, the same for equal texts."""
    return None if text is None else hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def near_hash(text: str | None) -> str | None:
    """16 hexadecimal digits, the same for texts that differ in case, accents, figures, punctuation or spacing alone.

    Source:
        Ramírez-Sánchez et al. 2020, Bifixer and Bicleaner: the hash of its aggressive removal of duplicates.
    """
    if text is None:
        return None
    return text_hash("".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if c.isalpha()))


def model_name(repairer: Repairer) -> str:
    """Model and knowledge base in one word, as it stands in ``repair_model``."""
    card = repairer.card
    name = f"{card.name}@{card.version}"
    return f"{name}+kb@{repairer.kb_version}" if repairer.kb_version else name


def repair_batch(
    batch: pa.RecordBatch,
    repairer: Repairer,
    *,
    field: str = "text",
    options: RepairOptions | None = None,
    in_place: bool = False,
    max_chars: int = MAX_CHARS,
) -> pa.RecordBatch:
    """Repair the texts of one column.

    Args:
        batch: Any columns, one of them text.
        repairer: Loaded once per process and used for every batch.
        field: Name of the column.
        options: The same for every row.
        in_place: Replace the column, and add none.
        max_chars: A longer text is left alone, with status ``abstained`` and reason ``too_long``.

    Returns:
        The same rows and columns in the same order, with ``added_columns(field)`` behind them. A row without text keeps
        it and has status ``unchanged``.

    Raises:
        InputError: There is no such column, it is no text, or one of the added columns is there already.
    """
    return BatchRepairer(repairer, field=field, options=options, in_place=in_place, max_chars=max_chars)(batch)[0]


_Key = tuple[str, tuple[Span, ...], int]  # text, protected spans, and what keeps equal texts apart without a memory


def canonical(value: Any) -> Any:
    """Plain values in one order, so that equal options give equal bytes."""
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: canonical(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, frozenset):
        return sorted(str(canonical(v)) for v in value)
    if isinstance(value, tuple | list):
        return [canonical(v) for v in value]
    return value


class _Memory:
    """The answers for the last texts, packed; a text is known by its digest.

    Args:
        size: Most texts, least recently used first out.
        context: What else an answer depends on.
        path: A file in which processes of this machine share their answers; nobody else may write it.
    """

    def __init__(self, size: int, context: str = "", path: Path | None = None) -> None:
        self.size = size
        self._kept: OrderedDict[bytes, bytes] = OrderedDict()
        self._at_hand: OrderedDict[bytes, DocumentRepair] = OrderedDict()  # the last ones, as they are
        self._context = context
        self._file = SharedFile(path, _SHARED_TEXTS) if path is not None and size else None
        self._pack, self._unpack = zstandard.ZstdCompressor(1), zstandard.ZstdDecompressor()

    @property
    def is_shared(self) -> bool:
        """Whether other processes may add answers."""
        return self._file is not None

    def get(self, text: str, spans: tuple[Span, ...]) -> DocumentRepair | None:
        """The answer for a text, if it is kept."""
        if not self.size:
            return None
        key = self._key(text, spans)
        if key in self._at_hand and key in self._kept:
            self._kept.move_to_end(key)
            self._at_hand.move_to_end(key)
            return self._at_hand[key]
        packed = self._kept.get(key)
        if packed is None and self._file is not None:
            packed = self._file.load([key]).get(key)
        if packed is None:
            return None
        repair: DocumentRepair = pickle.loads(self._unpack.decompress(packed))
        self._put(key, packed, repair)
        return repair

    def keep(self, text: str, spans: tuple[Span, ...], repair: DocumentRepair) -> None:
        """Keep the answer for a text."""
        if not self.size:
            return
        key, packed = self._key(text, spans), self._pack.compress(pickle.dumps(repair, pickle.HIGHEST_PROTOCOL))
        self._put(key, packed, repair)
        if self._file is not None:
            self._file.keep([(key, packed)], 1, 0)

    def _put(self, key: bytes, packed: bytes, repair: DocumentRepair) -> None:
        self._kept[key], self._at_hand[key] = packed, repair
        self._kept.move_to_end(key)
        self._at_hand.move_to_end(key)
        if len(self._kept) > self.size:
            self._kept.popitem(last=False)
        if len(self._at_hand) > _AT_HAND:
            self._at_hand.popitem(last=False)

    def _key(self, text: str, spans: tuple[Span, ...]) -> bytes:
        whole = f"{self._context}\0{spans}\0{text}".encode("utf-8", "surrogatepass")
        return hashlib.blake2b(whole, digest_size=16).digest()


class BatchRepairer:
    """``repair_batch`` with a memory of texts that come again, and with the answers behind the columns.

    Args:
        repairer: Who repairs.
        field: Name of the column with the text.
        options: The same for every row.
        in_place: Replace the column, and add none.
        max_chars: A longer text is left alone.
        remembered: Most different texts whose answers are kept, least recently used first out.
        hashes: Add ``text_hash`` and ``near_hash`` of the repaired text.
        shared_answers: A file in which processes with the same Repairer share the answers that they remember; made
            where there is none. It is trusted, so it has to lie in a folder of their own.
    """

    def __init__(
        self,
        repairer: Repairer,
        *,
        field: str = "text",
        options: RepairOptions | None = None,
        in_place: bool = False,
        max_chars: int = MAX_CHARS,
        remembered: int = 0,
        hashes: bool = False,
        shared_answers: Path | None = None,
    ) -> None:
        self._repairer, self._field, self._in_place = repairer, field, in_place
        self._added, self._hashes = added_columns(field, hashes=hashes), hashes
        self._options = options or RepairOptions()
        self._max_chars, self._remembered = max_chars, remembered
        self._model = model_name(repairer)
        self._memory = _Memory(remembered, repr(canonical(self._options)), shared_answers)
        self._order = random.Random(os.getpid())  # another in each process

    def __call__(self, batch: pa.RecordBatch) -> tuple[pa.RecordBatch, list[RowOutcome]]:
        """The repaired batch, and the outcome of each row."""
        texts = _texts(batch, self._field)
        if not self._in_place:
            check_free(batch.schema.names, self._added, "the batch")
        problems = _column(batch, PROBLEM)
        protect, seams, places = _column(batch, PROTECT), _column(batch, SEAMS), _column(batch, MAP)
        outcomes: list[RowOutcome] = [RowOutcome()] * len(texts)
        rows_of: dict[_Key, list[int]] = {}  # of each text that has to be repaired
        for i, text in enumerate(texts):
            if problems[i]:
                outcomes[i] = RowOutcome(problem=str(problems[i]), status=Status.ERROR)
            elif text is not None and len(text) > self._max_chars:
                problem = f"{len(text):,} characters, the most is {self._max_chars:,}; split it or raise --max-chars"
                outcomes[i] = RowOutcome(problem=problem, status=Status.ABSTAINED)
            elif text is not None and text.strip():
                spans = tuple(Span(s["start"], s["end"]) for s in protect[i] or ())  # type: ignore[attr-defined]
                known = self._memory.get(text, spans)
                if known is not None:
                    outcomes[i] = RowOutcome(known, status=known.status, is_repeat=True)
                else:
                    rows_of.setdefault((text, spans, 0 if self._memory.size else i), []).append(i)
        for key, outcome in self._answers(list(rows_of)):
            first, *others = rows_of[key]
            outcomes[first] = outcome
            for i in others:
                outcomes[i] = replace(outcome, is_repeat=outcome.repair is not None)
        for i, outcome in enumerate(outcomes):
            if outcome.repair is not None and (seams[i] or places[i]):
                repair = _within_layout(outcome.repair, seams[i], places[i], self._options)
                outcomes[i] = replace(outcome, repair=repair, status=repair.status)
        return self._with_columns(batch, texts, outcomes), outcomes

    def _answers(self, keys: list[_Key]) -> Iterator[tuple[_Key, RowOutcome]]:
        """The outcome for each text. Processes that share their answers take the texts in orders of their own, some at
        a time, and look before each time: copies lie near each other, so that another may be at the same ones."""
        if not self._memory.is_shared:
            yield from self._worked_out(keys)
            return
        self._order.shuffle(keys)
        for some in _runs(keys, _CHARS_AT_ONCE):
            left = []
            for key in some:
                known = self._memory.get(key[0], key[1])
                if known is None:
                    left.append(key)
                else:
                    yield key, RowOutcome(known, status=known.status, is_repeat=True)
            yield from self._worked_out(left)

    def _worked_out(self, keys: Sequence[_Key]) -> Iterator[tuple[_Key, RowOutcome]]:
        for key, outcome in zip(keys, self._repair(keys), strict=True):
            if outcome.repair is not None:
                self._memory.keep(key[0], key[1], outcome.repair)
            yield key, outcome

    def _repair(self, keys: Sequence[_Key]) -> list[RowOutcome]:
        """The outcome for each text; all of them share the network's batches."""
        texts, options = [text for text, _, _ in keys], [self._options_for(spans) for _, spans, _ in keys]
        try:
            repairs = self._repairer.repair_many(texts, options)
        except (RepairError, MemoryError):
            raise  # of the options, the model or the machine, so it would meet every row
        except Exception as exc:  # one row must not take the others with it
            if len(keys) == 1:
                return [RowOutcome(problem=f"the repair failed: {type(exc).__name__}", status=Status.ERROR)]
            return [self._repair([key])[0] for key in keys]
        return [RowOutcome(repair, status=repair.status) for repair in repairs]

    def _options_for(self, spans: tuple[Span, ...]) -> RepairOptions:
        """The caller's options, and what the format protects."""
        protect = self._options.protect
        return (
            replace(self._options, protect=replace(protect, spans=(*protect.spans, *spans))) if spans else self._options
        )

    def _with_columns(
        self, batch: pa.RecordBatch, texts: Sequence[str | None], outcomes: Sequence[RowOutcome]
    ) -> pa.RecordBatch:
        kind = batch.schema.field(self._field).type
        repaired = [o.repair.text if o.repair is not None else t for t, o in zip(texts, outcomes, strict=True)]
        metadata = batch.schema.metadata
        if self._in_place:
            at = batch.schema.get_field_index(self._field)
            column = pa.array(repaired, pa.string()).cast(kind) if kind != pa.string() else pa.array(repaired, kind)
            return batch.set_column(at, batch.schema.field(self._field), column).replace_schema_metadata(metadata)
        columns = [
            pa.array(repaired, pa.string()),
            pa.array([str(o.status) for o in outcomes], pa.string()),
            pa.array([_confidence(o) for o in outcomes], pa.float64()),
            pa.array([_edits(o.repair) for o in outcomes], pa.list_(EDIT_TYPE)),
            pa.array([self._model] * len(outcomes), pa.string()),
            pa.array([_reason(o) for o in outcomes], pa.string()),
        ]
        if self._hashes:
            columns += [pa.array([digest(t) for t in repaired], pa.string()) for digest in (text_hash, near_hash)]
        for column_field, column in zip(self._added, columns, strict=True):
            batch = batch.append_column(column_field, column)
        return batch.replace_schema_metadata(metadata)


def _texts(batch: pa.RecordBatch, field: str) -> list[str | None]:
    if field not in batch.schema.names:
        raise InputError(f"no column `{field}`; there are {', '.join(batch.schema.names)}")
    column = batch.column(field)
    kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
    if not (pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)):
        raise InputError(f"column `{field}` is {kind}, no text")
    return column.to_pylist()  # type: ignore[no-any-return]


def _column(batch: pa.RecordBatch, name: str) -> Sequence[object]:
    if name not in batch.schema.names:
        return [None] * batch.num_rows
    return batch.column(name).to_pylist()  # type: ignore[no-any-return]


def _runs(keys: Sequence[_Key], chars: int) -> Iterator[list[_Key]]:
    """The keys in order, in runs of texts that have about so many characters."""
    run: list[_Key] = []
    size = 0
    for key in keys:
        run.append(key)
        size += len(key[0])
        if size >= chars:
            yield run
            run, size = [], 0
    if run:
        yield run


def _within_layout(repair: DocumentRepair, seams: object, places: object, options: RepairOptions) -> DocumentRepair:
    """The repair without edits that would reach across mark-up; a group goes with its first such edit."""
    seams_of, places_of = list(seams or ()), list(places) if places else None  # type: ignore[call-overload]
    bad = {e for e in repair.edits if not fits(e, seams_of, places_of)}
    if not bad:
        return repair
    groups = {e.group for e in bad if e.group is not None}
    dropped: list[Edit] = [e for e in repair.edits if e in bad or e.group in groups]
    kept = [i for i, e in enumerate(repair.edits) if e not in bad and e.group not in groups]
    number = {old: new for new, old in enumerate(kept)}
    edits = tuple(repair.edits[i] for i in kept)
    is_changed = bool(edits) and options.mode is not Mode.DETECT_ONLY
    return replace(
        repair,
        text=apply_edits(repair.source, edits) if is_changed else repair.source,
        edits=edits,
        segments=tuple(s.keeping(number, "markup") for s in repair.segments),
        status=Status.PARTIAL if is_changed else Status.ABSTAINED,
        rejected=(*repair.rejected, *(RejectedEdit(e, "markup") for e in dropped)),
    )


def _confidence(outcome: RowOutcome) -> float:
    """That the text as returned needs no further repair: of its weakest sentence."""
    if outcome.repair is None:
        return 0.0 if outcome.status is not Status.UNCHANGED else 1.0
    return min((s.confidence for s in outcome.repair.segments if s.reason != "furniture"), default=1.0)


def _edits(repair: DocumentRepair | None) -> list[dict[str, object]]:
    if repair is None:
        return []
    return [
        {
            "start": e.span.start,
            "end": e.span.end,
            "original": e.span.of(repair.source),
            "replacement": e.text,
            "kind": str(e.kind),
            "origin": str(e.origin),
            "confidence": e.confidence,
            "rule": e.rule,
            "reason": e.reason,
            "entity_id": e.entity.id if e.entity else None,
        }
        for e in repair.edits
    ]


def _reason(outcome: RowOutcome) -> str:
    """Why something was left alone: the stable words of its sentences, or the problem of the row."""
    if outcome.repair is None:
        return "too_long" if outcome.status is Status.ABSTAINED else outcome.problem
    return ",".join(sorted({s.reason for s in outcome.repair.segments if s.reason}))
