"""The JSON we promise, kept apart from the core's types, and the way between the two."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Annotated, Any, Final, Literal, cast

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    NonNegativeInt,
    PositiveInt,
    SkipValidation,
    StringConstraints,
)
from pydantic_core import PydanticCustomError

from app.api.annotation import AnnotatedText, Part
from app.api.errors import Problem, ProblemError
from app.core import diff_forms
from app.core.classify import errant_type
from app.core.diff import Change, diff
from app.core.offsets import OffsetTable, OffsetUnit
from app.core.rule_ids import KNOWN_IDS, did_you_mean
from app.core.types import (
    BUILTIN_PROTECTION,
    DocumentRepair,
    Edit,
    EditKind,
    FurnitureMode,
    GlossaryEntry,
    Mode,
    Origin,
    ProtectedKind,
    ProtectOptions,
    RepairOptions,
    Scope,
    Span,
    Status,
    TermKind,
)
from app.settings import Settings

_CONTROL: Final = re.compile("[\x00-\x08\x0e-\x1f\x7f]")
_LINE_END: Final = re.compile(r"\r\n|[\n\r\x0b\x0c\x85\u2028\u2029]")
_LANGUAGE: Final = re.compile(r"auto|en(-[a-z0-9]{2,8})*", re.ASCII | re.IGNORECASE)
_MACHINE_MADE: Final = 0.5  # garble score from which a document is called machine-translated
_HIGH, _MEDIUM = 0.9, 0.7  # confidence bands
MOST_STORED_TERMS: Final = 10_000  # of one glossary that is kept, and of all that one request names
# An id is shown back only where it looks like a name that somebody gave: nobody's text, and no secret.
_GLOSSARY_NAME: Final = re.compile(r"[A-Za-z][A-Za-z_-]{0,31}", re.ASCII)
KeptTerms = Callable[[str], "tuple[GlossaryEntry, ...] | None"]


def _without_controls(value: str) -> str:
    if _CONTROL.search(value):
        raise PydanticCustomError("control_character", "control character")
    return value


_PLAIN_TEXT = Field(json_schema_extra={"pattern": r"^[^\u0000-\u0008\u000e-\u001f\u007f]*$"})
Text = Annotated[str, AfterValidator(_without_controls), _PLAIN_TEXT]
"""Any text without control characters; tabs, line ends and form feeds may stand in it."""
Term = Annotated[Text, StringConstraints(min_length=1, max_length=200)]
Id = Annotated[Text, StringConstraints(min_length=1, max_length=128)]


class DiffForm(StrEnum):
    """A way to show the same edits."""

    EDITS = "edits"
    UNIFIED = "unified"
    HTML = "html"
    INLINE = "inline"


class StrictBody(BaseModel):
    """Strict: what the schema does not name, or names with another type, is refused."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class AnswerBody(BaseModel):
    model_config = ConfigDict(frozen=True)


def _choice(description: str) -> Any:
    return Field(strict=False, description=description)


# --- requests ---


class AnnotationPart(StrictBody):
    """A stretch of text, or of markup; LanguageTool's form."""

    model_config = ConfigDict(
        json_schema_extra={"oneOf": [{"required": ["text"]}, {"required": ["markup"]}]}, **StrictBody.model_config
    )

    text: Text = Field("", description="Text to repair.")
    markup: Text = Field("", description="Markup: no edit touches or crosses it.")
    interpretAs: Text = Field("", description="What a reader sees in place of the markup, such as a line break.")


class SpanBody(StrictBody):
    """A half-open range of the document, in `offset_unit`."""

    start: NonNegativeInt = Field(description="First unit of the range.")
    end: NonNegativeInt = Field(description="First unit after the range.")


BuiltinKind = Literal["url", "email", "number", "date", "time", "currency", "unit", "code", "handle", "placeholder"]


class ProtectBody(StrictBody):
    """What no edit may touch."""

    quotes: bool = Field(False, description="Direct quotations.")
    builtin: list[BuiltinKind] = Field(
        cast(list[BuiltinKind], sorted(kind.value for kind in BUILTIN_PROTECTION)),
        description="Kinds of text recognised by themselves.",
    )
    patterns: list[Text] = Field([], description="Regular expressions in RE2 syntax (linear time).")
    spans: list[SpanBody] = Field([], description="Ranges of the document.")


class GlossaryEntryBody(StrictBody):
    """One term."""

    source: Term = Field(description="The form that stands in the text.")
    target: Text = Field("", max_length=200, description="The form you want; needed where `kind` is `replace`.")
    case: Literal["insensitive", "sensitive"] = Field("insensitive", description="Whether case counts in `source`.")
    kind: Annotated[
        TermKind,
        _choice("`replace`, `keep` (right as it stands) or `forbid` (replaced by its `target`, reported without one)."),
    ] = TermKind.REPLACE


class GlossaryBody(StrictBody):
    """Terms you require."""

    ids: list[Id] = Field([], description="Glossaries that are kept; `GET /v1/glossaries` lists them.")
    entries: list[GlossaryEntryBody] = Field([], description="Terms for this request.")


class EntityHint(StrictBody):
    """A name that you know to be in the text."""

    id: Id = Field(description="Your id, or one of the knowledge base.")
    name: Term = Field(description="The right form of the name.")


class EntitiesBody(StrictBody):
    """What you know of the names in the text."""

    kb: Literal["default"] = Field("default", description="Knowledge base to use.")
    hints: list[EntityHint] = Field([], description="Names that you know to be in the text.")


class OptionsBody(StrictBody):
    """How to repair; every field has the product's default."""

    mode: Annotated[Mode, _choice("How far a repair may go; `detect_only` reports edits and makes none.")] = (
        Mode.MINIMAL
    )
    language: str = Field(
        "en",
        min_length=1,
        max_length=35,
        description="`en`, `en-*` or `auto`; sentences in another language are left alone.",
        json_schema_extra={"pattern": r"^([aA][uU][tT][oO]|[eE][nN](-[A-Za-z0-9]{2,8})*)$"},
    )
    min_confidence: float | None = Field(
        None, ge=0, le=1, description="Least confidence of an edit; by default the operating point of the mode."
    )
    scope: list[Annotated[Scope, _choice("A family of edits.")]] = Field(
        list(Scope), min_length=1, description="Families of edits to make."
    )
    protect: ProtectBody = ProtectBody()
    glossary: GlossaryBody = GlossaryBody()
    entities: EntitiesBody = EntitiesBody()
    furniture: Annotated[FurnitureMode, _choice("What to do with bylines, share buttons and the like.")] = (
        FurnitureMode.FLAG
    )
    disabled_rules: list[Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9_]{0,63}$")]] = Field(
        [], max_length=100, description="Rule ids to switch off; `GET /v1/rules` lists them."
    )
    offset_unit: Annotated[OffsetUnit, _choice("What `start` and `end` count, in request and response.")] = (
        OffsetUnit.CODEPOINT
    )
    diff: list[Annotated[DiffForm, _choice("A form of the diff.")]] = Field(
        [DiffForm.EDITS], description="Further forms of the diff wanted; `edits` is always there."
    )
    alternatives: NonNegativeInt = Field(1, description="Most alternatives of one edit.")
    max_latency_ms: PositiveInt | None = Field(
        None, le=3_600_000, description="Sentences not reached in this time are left alone, with reason `deadline`."
    )


_ONE_OF_TEXT: Final[dict[str, Any]] = {"oneOf": [{"required": ["text"]}, {"required": ["annotation"]}]}


class RepairRequest(OptionsBody):
    """One document: `text`, or `annotation` where it has markup."""

    model_config = ConfigDict(json_schema_extra=_ONE_OF_TEXT, **StrictBody.model_config)

    text: Text = Field("", description="The document as plain text.")
    annotation: list[AnnotationPart] = Field([], description="The document as text and markup.")


class BatchItem(RepairRequest):
    """One document of a batch; its fields win over `defaults`."""

    id: Id | None = Field(None, description="Your name for the item, unique in the batch; given back.")


class BatchRequest(StrictBody):
    """Many documents, each repaired on its own."""

    # Items are read one by one, so that one that is wrong does not take the others with it.
    items: list[Annotated[BatchItem, SkipValidation]] = Field(min_length=1, description="The documents.")
    defaults: OptionsBody = Field(OptionsBody(), description="Options of every item that does not set its own.")


class DiffRequest(StrictBody):
    """Two versions of a text."""

    source: Text = Field(description="The text before.")
    target: Text = Field(description="The text after.")
    offset_unit: Annotated[OffsetUnit, _choice("What `start` and `end` count.")] = OffsetUnit.CODEPOINT
    diff: list[Annotated[DiffForm, _choice("A form of the diff.")]] = Field(
        [DiffForm.EDITS], description="Further forms of the diff wanted; `edits` is always there."
    )


# --- responses ---


class SentenceBody(AnswerBody):
    """What became of one sentence (or heading, list item, furniture line)."""

    start: int
    end: int
    status: Status
    reason: str | None = Field(None, description="Stable word, where the sentence was not simply repaired.")
    confidence: float = Field(description="That the sentence as given back needs no further repair, 0 to 1.")
    edits: list[str] = Field(description="Ids of its edits.")


class AlternativeBody(AnswerBody):
    """Another replacement for the same place."""

    replacement: str
    score: float
    entity: str | None = None


class EntityBody(AnswerBody):
    """The record behind a name, and what spoke for it."""

    id: str
    caption: str
    type: str
    score: float
    features: dict[str, float]


class EditBody(AnswerBody):
    """One change: replace `original` at `[start, end)` of the input by `replacement`."""

    id: str
    start: int
    end: int
    original: str
    replacement: str
    start_out: int = Field(description="Where the replacement begins in `text` of the response.")
    end_out: int = Field(description="Where it ends there.")
    kind: EditKind
    origin: Origin
    errant: str = Field(description="ERRANT-style type, such as R:NOUN, M:DET, U:PUNCT.")
    rule: str = Field(description="Stable id; `disabled_rules` takes it.")
    confidence: float = Field(description="Calibrated probability that the edit is right.")
    confidence_band: Literal["high", "medium", "low"] = Field(description="high from 0.9, medium from 0.7.")
    reason: str = Field(description="One line for an editor.")
    alternatives: list[AlternativeBody]
    entity: EntityBody | None = None
    group: str | None = Field(None, description="Edits of one group only make sense together.")


class RejectedBody(AnswerBody):
    """An edit that a check refused."""

    start: int
    end: int
    original: str
    replacement: str
    kind: EditKind
    origin: Origin
    rule: str
    confidence: float
    reason: str = Field(description="Which check, such as protected:number.")


class FurnitureBody(AnswerBody):
    """A line that belongs to the page and not to the text."""

    start: int
    end: int
    kind: str
    reason: str


class GlossaryUseBody(AnswerBody):
    """What became of one term."""

    entry: str
    applied: int
    not_applied: int
    reasons: list[str]


class GarbleBody(AnswerBody):
    """How machine-made the document reads."""

    score: float = Field(description="0 (clean) to 1.")
    kind: Literal["clean", "machine_translation"] = Field(description="machine_translation from a score of 0.5.")


class DiffBody(AnswerBody):
    """The forms asked for."""

    unified: str | None = Field(None, description="Unified diff, as patch reads it.")
    html: str | None = Field(None, description="Two columns, with <ins> and <del>; the text is escaped.")
    inline: str | None = Field(None, description="One text with [-deleted-] and {+inserted+} words.")


class ModelBody(AnswerBody):
    """The network behind the answer."""

    name: str
    version: str
    sha256: str


class KnowledgeBaseBody(AnswerBody):
    """The knowledge base of names behind the answer."""

    version: str


class TimingBody(AnswerBody):
    """Where the time went, in milliseconds."""

    queue: int
    total: int
    read: int | None = None
    names: int | None = None
    model: int | None = None


class RepairedBody(AnswerBody):
    """What every answer about a repaired text holds."""

    id: str
    status: Status
    text: str
    offset_unit: OffsetUnit
    garble: GarbleBody
    sentences: list[SentenceBody]
    edits: list[EditBody]
    rejected: list[RejectedBody]


class RepairResponse(RepairedBody):
    """The corrected text and how it came about.

    Applying all edits to the input gives `text`, byte for byte (in mode `detect_only`, `text` is the input).
    """

    furniture: list[FurnitureBody]
    glossary_report: list[GlossaryUseBody]
    diff: DiffBody | None = None
    warnings: list[str] = Field(description="Stable words, such as `deadline`.")
    model: ModelBody
    kb: KnowledgeBaseBody
    timing_ms: TimingBody

    def encode(self) -> bytes:
        """The response as JSON; what there is not is left out."""
        return self.model_dump_json(exclude_none=True).encode()


class ProofreaderCorrection(AnswerBody):
    """One correction in the shape of the Chrome Proofreader API; UTF-16 offsets."""

    startIndex: int
    endIndex: int
    correction: str
    type: str
    explanation: str


class ProofreaderResponse(AnswerBody):
    """The answer in the shape of the Chrome Proofreader API."""

    correctedInput: str
    corrections: list[ProofreaderCorrection]


class BatchAnswer(AnswerBody):
    """One item's answer: `result` where `status` is 200, else `problem`."""

    index: int = Field(description="Place of the item in the request.")
    id: str | None = None
    status: int = Field(description="The HTTP status that the item alone would have had.")
    result: RepairResponse | None = None
    problem: Problem | None = None


class BatchResponse(AnswerBody):
    """An answer for every item, in their order."""

    items: list[BatchAnswer]


class ChangeBody(AnswerBody):
    """One change between the two texts."""

    start: int
    end: int
    original: str
    replacement: str
    start_out: int
    end_out: int
    errant: str


class DiffResponse(AnswerBody):
    """The changes; applying them to `source` gives `target`, byte for byte."""

    offset_unit: OffsetUnit
    edits: list[ChangeBody]
    diff: DiffBody | None = None


class RuleBody(AnswerBody):
    """A rule that edits name."""

    id: str
    kind: EditKind
    origin: Origin
    description: str


class RulesResponse(AnswerBody):
    """Every rule id there is."""

    rules: list[RuleBody]


class StateResponse(AnswerBody):
    """A probe's answer."""

    status: str


class VersionResponse(AnswerBody):
    """What is running."""

    name: str
    version: str
    model: ModelBody | None = None
    kb: KnowledgeBaseBody | None = None


# --- from a request to the core ---


@dataclass(frozen=True, slots=True)
class RepairCall:
    """One document to repair, in the core's words, and how to give it back."""

    document: AnnotatedText
    options: RepairOptions
    unit: OffsetUnit
    forms: frozenset[DiffForm]


def read_call(body: RepairRequest, settings: Settings, kept: KeptTerms | None = None) -> RepairCall:
    """What a request asks for, once it keeps the limits.

    Args:
        body: The request.
        settings: The limits.
        kept: The terms of a glossary that is kept, by its id; asked only where the request names one.

    Raises:
        ProblemError: It is too long, in a language we do not repair, or a field does not fit another.
    """
    document = _read_document(body, settings)
    if not _LANGUAGE.fullmatch(body.language):
        raise ProblemError.at(
            "/language", "unsupported-language", "Only English is repaired: use en, en-* or auto.",
            slug="unsupported-language",
        )  # fmt: skip
    _check_count("/alternatives", body.alternatives, settings.max_alternatives, "alternatives")
    latency_s = settings.request_timeout_s
    if body.max_latency_ms is not None:
        latency_s = min(latency_s, body.max_latency_ms / 1000)
    options = RepairOptions(
        mode=body.mode,
        min_confidence=body.min_confidence,
        scope=frozenset(body.scope),
        protect=_read_protection(body, document, settings),
        glossary=_read_glossary(body.glossary, settings, kept),
        entity_hints=_read_hints(body.entities, settings),
        furniture=body.furniture,
        disabled_rules=_read_disabled(body.disabled_rules),
        alternatives=body.alternatives,
        max_latency_s=latency_s,
    )
    return RepairCall(document, options, body.offset_unit, frozenset(body.diff))


def _read_disabled(given: Sequence[str]) -> frozenset[str]:
    for index, rule in enumerate(given):
        if rule not in KNOWN_IDS:
            meant = did_you_mean(rule, "`")
            raise ProblemError.at(
                f"/disabled_rules/{index}", "unknown-rule", f"There is no rule of this id{meant} /v1/rules lists them."
            )
    return frozenset(given)


def _read_document(body: RepairRequest, settings: Settings) -> AnnotatedText:
    has_text, has_annotation = "text" in body.model_fields_set, "annotation" in body.model_fields_set
    if has_text == has_annotation:
        raise ProblemError.at(
            "", "text-or-annotation", "Give either `text` or `annotation`" + (", not both." if has_text else ".")
        )
    if has_text:
        check_length("/text", body.text, settings)
        return AnnotatedText.of_text(body.text)
    parts = []
    for index, part in enumerate(body.annotation):
        is_markup = "markup" in part.model_fields_set
        if is_markup == ("text" in part.model_fields_set):
            raise ProblemError.at(f"/annotation/{index}", "text-or-markup", "Give either `text` or `markup`.")
        if not is_markup and part.interpretAs:
            raise ProblemError.at(
                f"/annotation/{index}/interpretAs", "only-with-markup", "`interpretAs` goes with `markup` only."
            )
        parts.append(Part(part.markup if is_markup else part.text, is_markup, part.interpretAs))
    document = AnnotatedText.of_parts(parts)
    for view in (document.full, document.plain):
        check_length("/annotation", view, settings)
    return document


def check_length(pointer: str, text: str, settings: Settings) -> None:
    """Refuse a text that is too long, or has too many lines: each is a sentence at least, and costs one.

    Raises:
        ProblemError: ``text-too-long``.
    """
    for count, most, what in (
        (len(text), settings.max_text_chars, "characters"),
        (len(_LINE_END.findall(text)) + (not _LINE_END.fullmatch(text[-1:])), settings.max_text_lines, "lines"),
    ):
        if count > most:
            detail = f"The text has {count} {what}; at most {most} are taken. Send it in parts."
            raise ProblemError.at(pointer, "text-too-long", detail, slug="text-too-long")


def _check_count(pointer: str, count: int, most: int, what: str) -> None:
    if count > most:
        raise ProblemError.at(pointer, "too-many", f"{count} {what}; at most {most} are taken.")


def _read_protection(body: RepairRequest, document: AnnotatedText, settings: Settings) -> ProtectOptions:
    protect = body.protect
    _check_count("/protect/patterns", len(protect.patterns), settings.max_patterns, "patterns")
    _check_count("/protect/spans", len(protect.spans), settings.max_spans, "spans")
    for index, pattern in enumerate(protect.patterns):
        if not 1 <= len(pattern) <= settings.max_pattern_chars:
            raise ProblemError.at(
                f"/protect/patterns/{index}", "pattern-length",
                f"A pattern has 1 to {settings.max_pattern_chars} characters.", slug="invalid-pattern",
            )  # fmt: skip
    spans: list[Span] = []
    if protect.spans:
        table = OffsetTable(document.full, body.offset_unit)
        for index, given in enumerate(protect.spans):
            span = document.to_plain(_read_span(given, table, f"/protect/spans/{index}"))
            if span is not None:
                spans.append(span)
    return ProtectOptions(
        quotes=protect.quotes,
        builtin=frozenset(ProtectedKind(kind) for kind in protect.builtin),
        patterns=tuple(protect.patterns),
        spans=(*spans, *document.interpreted),
    )


def _read_span(given: SpanBody, table: OffsetTable, pointer: str) -> Span:
    if given.start >= given.end:
        raise ProblemError.at(pointer, "empty-span", "`end` must be more than `start`.")
    try:
        return table.span_from_unit(given.start, given.end)
    except ValueError:
        raise ProblemError.at(
            pointer, "span-outside-text", "The span must lie within the text and not cut a character."
        ) from None


def _read_glossary(glossary: GlossaryBody, settings: Settings, kept: KeptTerms | None) -> tuple[GlossaryEntry, ...]:
    """The terms of the request, then those of the glossaries that it names: of two for one place the first is taken."""
    _check_count("/glossary/entries", len(glossary.entries), settings.max_glossary_entries, "entries")
    _check_count("/glossary/ids", len(glossary.ids), settings.max_glossary_entries, "ids")
    entries = read_terms(glossary.entries, "/glossary/entries")
    own = {_as_compared(entry.source) for entry in entries if not entry.case_sensitive}
    stored: list[GlossaryEntry] = []
    for index, glossary_id in enumerate(dict.fromkeys(glossary.ids)):
        found = kept(glossary_id) if kept is not None else None
        if found is None:
            which = f"`{glossary_id}`" if _GLOSSARY_NAME.fullmatch(glossary_id) else f"of number {index + 1}"
            raise ProblemError.at(
                f"/glossary/ids/{index}", "unknown-glossary",
                f"No glossary {which} is kept; GET /v1/glossaries lists those there are.", slug="invalid-glossary",
            )  # fmt: skip
        stored += found
        _check_count("/glossary/ids", len(stored), MOST_STORED_TERMS, "terms")
    # An entry of the request wins also over one that is more exact about the case of the same term.
    stored = [replace(e, case_sensitive=False) if _as_compared(e.source) in own else e for e in stored]
    return (*entries, *stored)


def _as_compared(term: str) -> str:
    return " ".join(term.split()).casefold()


def read_terms(given: Sequence[GlossaryEntryBody], pointer: str) -> list[GlossaryEntry]:
    """The terms that stand in a body, at ``pointer``.

    Raises:
        ProblemError: ``invalid-glossary``, at the term that cannot be used.
    """
    entries = []
    for index, entry in enumerate(given):
        at = f"{pointer}/{index}"
        if not entry.source.strip():
            raise ProblemError.at(f"{at}/source", "empty", "Must not be blank.", slug="invalid-glossary")
        if entry.kind is TermKind.REPLACE and not entry.target.strip():
            raise ProblemError.at(f"{at}/target", "empty", "Needed where `kind` is `replace`.", slug="invalid-glossary")
        for name, term in (("source", entry.source), ("target", entry.target)):
            if any(unicodedata.category(c) == "Cc" for c in term):  # as in a file: it could not be put back from one
                raise ProblemError.at(
                    f"{at}/{name}", "control-character", "A term must not hold a tab, a line end or another control "
                    "character.", slug="invalid-glossary",
                )  # fmt: skip
        entries.append(
            GlossaryEntry(entry.source, entry.target, entry.kind, entry.case == "sensitive", f"inline/{index}")
        )
    return entries


def _read_hints(entities: EntitiesBody, settings: Settings) -> tuple[tuple[str, str], ...]:
    _check_count("/entities/hints", len(entities.hints), settings.max_glossary_entries, "hints")
    return tuple((hint.id, hint.name) for hint in entities.hints)


# --- from the core to a response ---


class _Places:
    """Spans of one text, in the caller's unit."""

    def __init__(self, text: str, unit: OffsetUnit) -> None:
        self._table = OffsetTable(text, unit)

    def of(self, span: Span) -> dict[str, int]:
        start, end = self._table.span_to_unit(span)
        return {"start": start, "end": end}

    def out(self, span: Span) -> dict[str, int]:
        start, end = self._table.span_to_unit(span)
        return {"start_out": start, "end_out": end}


def spans_out(edits: Iterable[Edit | Change], *, are_applied: bool) -> list[Span]:
    """Where each replacement stands once all edits are made, in code points of the text given back."""
    places, shift = [], 0
    for edit in edits:
        if not are_applied:
            places.append(edit.span)
            continue
        start = edit.span.start + shift
        places.append(Span(start, start + len(edit.text)))
        shift += len(edit.text) - len(edit.span)
    return places


def band_of(confidence: float) -> Literal["high", "medium", "low"]:
    """A confidence in a word; the limits are part of the API."""
    return "high" if confidence >= _HIGH else "medium" if confidence >= _MEDIUM else "low"


def band_of_garble(score: float) -> GarbleBody:
    """How machine-made a document reads, with a word for it."""
    return GarbleBody(score=_rounded(score), kind="machine_translation" if score >= _MACHINE_MADE else "clean")


def show_diff(
    source: str, edits: Sequence[Edit | Change], forms: Iterable[DiffForm], names: tuple[str, str] | None = None
) -> DiffBody | None:
    """The forms asked for beyond the edit list, all from the same edits; ``names`` go into the unified diff's head."""
    wanted = frozenset(forms) - {DiffForm.EDITS}
    if not wanted:
        return None
    before, after = names or ("hypothesis", "post_edit")
    return DiffBody(
        unified=diff_forms.unified(source, edits, before, after) if DiffForm.UNIFIED in wanted else None,
        html=diff_forms.side_by_side(source, edits) if DiffForm.HTML in wanted else None,
        inline=diff_forms.inline(source, edits) if DiffForm.INLINE in wanted else None,
    )


def write_response(
    call: RepairCall,
    repair: DocumentRepair,
    *,
    response_id: str,
    model: ModelBody,
    kb_version: str,
    queue_s: float,
    total_s: float,
) -> RepairResponse:
    """The answer for one document; ``repair`` counts in ``call.document.full``."""
    source, unit = repair.source, call.unit
    places, places_out = _Places(source, unit), _Places(repair.text, unit)
    after = spans_out(repair.edits, are_applied=call.options.mode is not Mode.DETECT_ONLY)
    return RepairResponse(
        id=f"rep_{response_id}",
        status=repair.status,
        text=repair.text,
        offset_unit=unit,
        garble=band_of_garble(repair.garble),
        sentences=[
            SentenceBody(
                **places.of(answer.segment.span),
                status=answer.status,
                reason=answer.reason or None,
                confidence=_rounded(answer.confidence),
                edits=[f"e{index + 1}" for index in answer.edits],
            )
            for answer in repair.segments
        ],
        edits=[
            _edit_body(index, edit, source, call.options.alternatives, places.of(edit.span), places_out.out(at))
            for index, (edit, at) in enumerate(zip(repair.edits, after, strict=True))
        ],
        rejected=[
            RejectedBody(
                **places.of(r.edit.span),
                original=r.edit.span.of(source),
                replacement=r.edit.text,
                kind=r.edit.kind,
                origin=r.edit.origin,
                rule=r.edit.rule,
                confidence=_rounded(r.edit.confidence),
                reason=r.reason,
            )
            for r in repair.rejected
        ],
        furniture=[
            FurnitureBody(**places.of(repair.segments[line.segment].segment.span), kind=line.kind, reason=line.reason)
            for line in repair.furniture
        ],
        glossary_report=[
            GlossaryUseBody(
                entry=use.entry, applied=use.applied, not_applied=use.not_applied, reasons=list(use.reasons)
            )
            for use in repair.glossary
        ],
        diff=show_diff(source, repair.edits, call.forms),
        warnings=list(repair.warnings),
        model=model,
        kb=KnowledgeBaseBody(version=kb_version),
        timing_ms=TimingBody(
            queue=_ms(queue_s),
            total=_ms(total_s),
            **{name: _ms(seconds) for name, seconds in repair.timing_s if name in TimingBody.model_fields},
        ),
    )


def _edit_body(
    index: int, edit: Edit, source: str, alternatives: int, place: Mapping[str, int], place_out: Mapping[str, int]
) -> EditBody:
    original = edit.span.of(source)
    return EditBody(
        id=f"e{index + 1}",
        **place,
        original=original,
        replacement=edit.text,
        **place_out,
        kind=edit.kind,
        origin=edit.origin,
        errant=errant_type(original, edit.text),
        rule=edit.rule,
        confidence=_rounded(edit.confidence),
        confidence_band=band_of(edit.confidence),
        reason=edit.reason,
        alternatives=[
            AlternativeBody(replacement=other.text, score=_rounded(other.score), entity=other.entity_id)
            for other in edit.alternatives[:alternatives]
        ],
        entity=None
        if edit.entity is None
        else EntityBody(
            id=edit.entity.id,
            caption=edit.entity.caption,
            type=edit.entity.type,
            score=_rounded(edit.entity.score),
            features={name: _rounded(value) for name, value in edit.entity.features},
        ),
        group=edit.group,
    )


def write_diff(body: DiffRequest) -> DiffResponse:
    """The changes from ``source`` to ``target``."""
    changes = diff(body.source, body.target)
    places, places_out = _Places(body.source, body.offset_unit), _Places(body.target, body.offset_unit)
    return DiffResponse(
        offset_unit=body.offset_unit,
        edits=[
            ChangeBody(
                **places.of(change.span),
                original=change.span.of(body.source),
                replacement=change.text,
                **places_out.out(at),
                errant=errant_type(change.span.of(body.source), change.text),
            )
            for change, at in zip(changes, spans_out(changes, are_applied=True), strict=True)
        ],
        diff=show_diff(body.source, changes, body.diff, ("source", "target")),
    )


def as_proofreader(repair: DocumentRepair) -> ProofreaderResponse:
    """The answer in the shape of the Chrome Proofreader API."""
    places = _Places(repair.source, OffsetUnit.UTF16)
    corrections = []
    for edit in repair.edits:
        place = places.of(edit.span)
        corrections.append(
            ProofreaderCorrection(
                startIndex=place["start"],
                endIndex=place["end"],
                correction=edit.text,
                type=edit.kind.value,
                explanation=edit.reason,
            )
        )
    return ProofreaderResponse(correctedInput=repair.text, corrections=corrections)


def _rounded(value: float) -> float:
    return round(value, 4)


def _ms(seconds: float) -> int:
    return round(seconds * 1000)
