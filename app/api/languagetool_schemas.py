"""The JSON of LanguageTool's HTTP API, and the way from a repair to its matches. Offsets are UTF-16 code units."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field

import app
from app.api.annotation import AnnotatedText
from app.core.diff import apply_edits
from app.core.offsets import OffsetTable, OffsetUnit
from app.core.types import DocumentRepair, Edit, EditKind, Span

_LONGEST_WORD: Final = 80
_CONTEXT_CHARS: Final = 40  # either side, as LanguageTool shows
# Of a longer "sentence", text without full stops, each match shows the part around it: thousands of matches that repeat
# one sentence of 100 kB are an answer of a gigabyte.
_LONGEST_SENTENCE: Final = 2000
_MOST_REPLACEMENTS: Final = 10
_WIKIDATA: Final = re.compile(r"Q[1-9][0-9]*", re.ASCII)
_WORD: Final = re.compile(r"\w(?:[\w'’.-]*\w)?")
_SPELLING_RULE: Final = "_SPELLING_RULE"  # what clients know by this ending they offer to keep as a word

LANGUAGES: Final[Mapping[str, str]] = {
    "en": "English",
    "en-US": "English (US)",
    "en-GB": "English (GB)",
    "en-CA": "English (Canadian)",
    "en-AU": "English (Australian)",
    "en-NZ": "English (New Zealand)",
    "en-ZA": "English (South African)",
}


@dataclass(frozen=True, slots=True)
class _Shown:
    """A kind of edit in LanguageTool's words."""

    category: str
    name: str
    issue: str
    short: str


KINDS: Final[Mapping[EditKind, _Shown]] = {
    EditKind.NAME: _Shown("SEMANTICS", "Names", "inconsistent-entities", "Name"),
    EditKind.TERM: _Shown("MISC", "Terminology", "terminology", "Required term"),
    EditKind.GRAMMAR: _Shown("GRAMMAR", "Grammar", "grammar", "Grammar"),
    EditKind.WORDING: _Shown("CONFUSED_WORDS", "Wording", "mistranslation", "Wording"),
    EditKind.SPELLING: _Shown("TYPOS", "Possible Typo", "misspelling", "Spelling"),
    EditKind.PUNCTUATION: _Shown("PUNCTUATION", "Punctuation", "typographical", "Punctuation"),
    EditKind.SPACING: _Shown("TYPOGRAPHY", "Typography", "whitespace", "Spacing"),
    EditKind.ENCODING: _Shown("TYPOGRAPHY", "Typography", "characters", "Broken characters"),
    EditKind.REPETITION: _Shown("REPETITIONS", "Repetitions", "duplication", "Repetition"),
    EditKind.FURNITURE: _Shown("WIKIPEDIA", "Page furniture", "non-conformance", "Page furniture"),
}


class _Body(BaseModel):
    model_config = ConfigDict(frozen=True)


class CheckForm(_Body):
    """The fields of a check; ``text`` or ``data`` has to be there, and what is not listed here is ignored."""

    text: str | None = Field(None, description="Plain text.")
    data: str | None = Field(
        None, description='JSON: `{"text": …}`, or `{"annotation": [{"text": …}, {"markup": …, "interpretAs": …}]}`.'
    )
    language: str = Field(description="`en`, `en-US`, … or `auto`.")
    preferredVariants: str | None = Field(None, description="With commas; which variant answers to `auto`.")
    motherTongue: str | None = None
    level: Literal["default", "picky"] | None = Field(None, description="`picky` finds what is less sure.")
    enabledRules: str | None = Field(None, description="Rule ids, with commas.")
    disabledRules: str | None = Field(None, description="Rule ids, with commas.")
    enabledCategories: str | None = Field(None, description="Category ids, with commas.")
    disabledCategories: str | None = Field(None, description="Category ids, with commas.")
    enabledOnly: bool | None = Field(None, description="Nothing but what is enabled.")
    username: str | None = None
    apiKey: str | None = Field(None, description="The key, where the service asks for one.")


class WordForm(_Body):
    """A word to keep or to forget."""

    word: str
    username: str | None = None
    apiKey: str | None = Field(None, description="The key, where the service asks for one.")


class SoftwareBody(_Body):
    """Who answers. Clients look at ``apiVersion`` alone."""

    name: str = "mt-repair"
    version: str = app.__version__
    buildDate: str
    apiVersion: int = 1
    premium: bool = False
    premiumHint: str = ""
    status: str = ""


class WarningsBody(_Body):
    """Whether part of the text was not reached in time."""

    incompleteResults: bool
    incompleteResultsReason: str | None = None


class DetectedLanguageBody(_Body):
    """What the text reads as; the confidence is the share of it that reads as English."""

    name: str
    code: str
    confidence: float
    source: str = "mt-repair"


class LanguageBody(_Body):
    """What the text was checked as."""

    name: str
    code: str
    detectedLanguage: DetectedLanguageBody


class ReplacementBody(_Body):
    """A suggestion; the whole text for the match's place."""

    value: str
    shortDescription: str | None = None
    confidence: float | None = None


class ContextBody(_Body):
    """The match with what stands around it, on one line."""

    text: str
    offset: int
    length: int


class TypeBody(_Body):
    """LanguageTool's three sorts of matches."""

    typeName: Literal["UnknownWord", "Hint", "Other"]


class UrlBody(_Body):
    """Where to read more."""

    value: str


class CategoryBody(_Body):
    """A family of rules; clients choose the colour of a line by its id."""

    id: str
    name: str


class MatchRuleBody(_Body):
    """Which rule spoke."""

    id: str
    sourceFile: str
    description: str
    issueType: str
    urls: list[UrlBody]
    category: CategoryBody
    isPremium: bool = False
    tags: list[str] = []


class MatchBody(_Body):
    """One place to change, and how."""

    message: str
    shortMessage: str
    replacements: list[ReplacementBody]
    offset: int
    length: int
    context: ContextBody
    sentence: str
    type: TypeBody
    rule: MatchRuleBody
    ignoreForIncompleteSentence: bool = False
    contextForSureMatch: int = 0


class LanguageRateBody(_Body):
    """A language and how sure it is."""

    language: str
    rate: float


class SentenceRangeBody(_Body):
    """One sentence and its language; none where it is not English."""

    start: int = Field(serialization_alias="from")
    to: int
    detectedLanguages: list[LanguageRateBody]


class CheckResponse(_Body):
    """The answer of ``/v2/check``."""

    software: SoftwareBody
    warnings: WarningsBody
    language: LanguageBody
    matches: list[MatchBody]
    sentenceRanges: list[tuple[int, int]]
    extendedSentenceRanges: list[SentenceRangeBody]

    def encode(self) -> bytes:
        """As JSON; what is optional in LanguageTool and not there is left out."""
        return self.model_dump_json(exclude_none=True, by_alias=True).encode()


class SpokenBody(_Body):
    """One entry of ``/v2/languages``."""

    name: str
    code: str
    longCode: str


class InfoResponse(_Body):
    """The answer of ``/v2/info``."""

    software: SoftwareBody


class ParameterBody(_Body):
    """Limits."""

    maxTextLength: int


class ConfiguredRuleBody(_Body):
    """One rule of ``/v2/configinfo``."""

    ruleId: str
    description: str
    isDictionaryBasedSpellingRule: str | None = None
    categoryId: str
    categoryName: str
    locQualityIssueType: str


class ConfigInfoResponse(_Body):
    """The answer of ``/v2/configinfo``."""

    software: SoftwareBody
    parameter: ParameterBody
    rules: list[ConfiguredRuleBody]


class WordsResponse(_Body):
    """The answer of ``/v2/words``."""

    words: list[str]


class AddedResponse(_Body):
    """The answer of ``/v2/words/add``: false where the word was there already."""

    added: bool


class DeletedResponse(_Body):
    """The answer of ``/v2/words/delete``: false where the word was not there."""

    deleted: bool


@cache
def software() -> SoftwareBody:
    """This program; the build date is that of its installed files."""
    made = datetime.fromtimestamp(Path(app.__file__).stat().st_mtime, UTC)
    return SoftwareBody(buildDate=made.strftime("%Y-%m-%d %H:%M:%S +0000"))


def is_word_rule(rule: str) -> bool:
    """Whether clients should offer to keep what the rule found as a word."""
    return rule.endswith(_SPELLING_RULE)


# --- from a repair to matches ---


@dataclass(frozen=True, slots=True)
class _Place:
    """Edits shown as one match: the range they cover with something to point at, and what becomes of it."""

    span: Span
    text: str
    edits: tuple[Edit, ...]


def places_of(document: AnnotatedText, repair: DocumentRepair) -> list[_Place]:
    """The edits as places that an editor's client can underline and replace.

    A group within one sentence is one place. A place is never empty, since clients drop a match of no length, and
    its replacement is never empty, since they show that as a blank line: such a place takes a word beside it along.
    No place reaches over markup or over another.
    """
    full, edits = document.full, repair.edits
    clusters = [edits[start:end] for start, end in _clusters(document, repair)]
    places: list[_Place] = []
    for i, cluster in enumerate(clusters):
        span = Span(cluster[0].span.start, cluster[-1].span.end)
        low = places[-1].span.end if places else 0
        high = clusters[i + 1][0].span.start if i + 1 < len(clusters) else len(full)
        stretch = document.stretch(span)
        whole = _widened(full, span, cluster, max(low, stretch.start), min(high, stretch.end))
        text = _patched(full, whole, cluster)
        if len(whole) == 0 and places and places[-1].span.end == whole.start:
            last = places.pop()  # nothing but another edit stands beside it
            places.append(_Place(last.span, last.text + text, (*last.edits, *cluster)))
        else:
            places.append(_Place(whole, text, tuple(cluster)))
    return [place for place in places if len(place.span)]


def write_check(
    document: AnnotatedText, repair: DocumentRepair, code: str, rules: Mapping[str, str], *, reason: str | None
) -> CheckResponse:
    """The answer for one document; ``repair`` counts in ``document.full``.

    Args:
        document: What was sent.
        repair: Its repair, projected onto the whole.
        code: Language code to answer with.
        rules: Descriptions by rule id.
        reason: Why the results are incomplete, if they are.
    """
    full = document.full
    table = OffsetTable(full, OffsetUnit.UTF16)
    sentences = [answer.segment for answer in repair.segments]
    ranges = [table.span_to_unit(sentence.span) for sentence in sentences]
    foreign = [answer.reason == "not_english" for answer in repair.segments]
    total = sum(len(s.span) for s in sentences)
    english = sum(len(s.span) for s, other in zip(sentences, foreign, strict=True) if not other)
    name = LANGUAGES.get(code, "English")
    starts = [sentence.span.start for sentence in sentences]
    return CheckResponse(
        software=software(),
        warnings=WarningsBody(incompleteResults=reason is not None, incompleteResultsReason=reason),
        language=LanguageBody(
            name=name,
            code=code,
            detectedLanguage=DetectedLanguageBody(
                name=name, code=code, confidence=round(english / total, 4) if total else 1.0
            ),
        ),
        matches=[
            _match(place, full, table, _sentence_at(place.span, starts, repair), rules)
            for place in places_of(document, repair)
        ],
        sentenceRanges=ranges,
        extendedSentenceRanges=[
            SentenceRangeBody(
                start=start, to=end, detectedLanguages=[] if other else [LanguageRateBody(language="en", rate=1.0)]
            )
            for (start, end), other in zip(ranges, foreign, strict=True)
        ],
    )


def _clusters(document: AnnotatedText, repair: DocumentRepair) -> list[tuple[int, int]]:
    """Runs of edits that are one match: ``[first, after)``."""
    edits = repair.edits
    last_of: dict[str, int] = {edit.group: i for i, edit in enumerate(edits) if edit.group}
    segment_of = {index: n for n, answer in enumerate(repair.segments) for index in answer.edits}
    runs: list[tuple[int, int]] = []
    at = 0
    while at < len(edits):
        end = at + 1
        i = at
        while i < end:
            group = edits[i].group
            if group and last_of[group] >= end:
                end = last_of[group] + 1
            i += 1
        whole = Span(edits[at].span.start, edits[end - 1].span.end)
        is_near = len({segment_of.get(i) for i in range(at, end)}) == 1
        if end > at + 1 and not (is_near and document.stretch(whole).contains(whole)):
            runs.extend((i, i + 1) for i in range(at, end))
        else:
            runs.append((at, end))
        at = end
    return runs


def _widened(full: str, span: Span, edits: Sequence[Edit], low: int, high: int) -> Span:
    """``span`` with a word beside it where the match or its replacement would be empty."""
    text = _patched(full, span, edits)
    if len(span) and text.strip():
        return span
    low, high = min(low, span.start), max(high, span.end)
    before = _last_word(full, low, span.start)
    after = _WORD.search(full, span.end, high)
    if after is not None and (full[span.end : after.start()].strip() or "\n" in full[span.end : after.start()]):
        after = None  # not the next thing on this line
    # What is put before a word goes with that word; what is put behind one, or taken out, with the one before it.
    if after is not None and (before is None or text.endswith((" ", "(", "“", '"'))):
        return Span(span.start, after.end())
    if before is not None:
        return Span(before.start, span.end)
    return Span(max(low, span.start - 1), span.end) if span.start > low else Span(span.start, min(high, span.end + 1))


def _last_word(full: str, low: int, end: int) -> Span | None:
    """From the last word before ``end``, on the same line, to ``end``."""
    start = max(low, end - _LONGEST_WORD)
    found = None
    for match in _WORD.finditer(full, start, end):
        found = match
    if found is None or "\n" in full[found.end() : end]:
        return None
    return Span(found.start(), end)


def _patched(full: str, span: Span, edits: Sequence[Edit]) -> str:
    """What becomes of ``full[span]``, which holds the edits."""
    return apply_edits(span.of(full), [replace(edit, span=edit.span.shift(-span.start)) for edit in edits])


def _sentence_at(span: Span, starts: Sequence[int], repair: DocumentRepair) -> Span:
    at = bisect_right(starts, span.start) - 1
    return repair.segments[max(at, 0)].segment.span if starts else span


def _around(span: Span, sentence: Span) -> Span:
    """The sentence, or of one that is too long to be repeated with every match the part around ``span``."""
    if len(sentence) <= _LONGEST_SENTENCE:
        return sentence
    start = max(sentence.start, min(span.start - _LONGEST_SENTENCE // 2, sentence.end - _LONGEST_SENTENCE))
    return Span(start, min(sentence.end, start + _LONGEST_SENTENCE))


def _match(place: _Place, full: str, table: OffsetTable, sentence: Span, rules: Mapping[str, str]) -> MatchBody:
    start, end = table.span_to_unit(place.span)
    edit = max(place.edits, key=lambda e: (len(e.span) + len(e.text), e.confidence))  # the one to speak of
    kind = KINDS[edit.kind]
    description = rules.get(edit.rule, kind.name)
    entity = edit.entity
    urls = [f"https://www.wikidata.org/wiki/{entity.id}"] if entity and _WIKIDATA.fullmatch(entity.id) else []
    return MatchBody(
        message=edit.reason or description,
        shortMessage=kind.short,
        replacements=_replacements(place, full),
        offset=start,
        length=end - start,
        context=_context(full, place.span),
        sentence=_around(place.span, sentence).of(full),
        type=TypeBody(typeName="UnknownWord" if is_word_rule(edit.rule) else "Other"),
        rule=MatchRuleBody(
            id=edit.rule,
            sourceFile=edit.origin.value,
            description=description,
            issueType="misspelling" if is_word_rule(edit.rule) else kind.issue,
            urls=[UrlBody(value=url) for url in urls],
            category=CategoryBody(id=kind.category, name=kind.name),
        ),
    )


def _replacements(place: _Place, full: str) -> list[ReplacementBody]:
    """The edit's own text first, then its alternatives, each put into the place."""
    confidence = min(edit.confidence for edit in place.edits)
    values = {place.text: ReplacementBody(value=place.text, confidence=round(confidence, 4))}
    if len(place.edits) == 1:
        edit = place.edits[0]
        if edit.entity is not None:
            about = f"{edit.entity.caption}, {edit.entity.type} ({edit.entity.id})"
            values[place.text] = values[place.text].model_copy(update={"shortDescription": about})
        head = full[place.span.start : edit.span.start]
        tail = full[edit.span.end : place.span.end]
        for other in edit.alternatives:
            value = head + other.text + tail
            if value.strip():
                values.setdefault(
                    value,
                    ReplacementBody(value=value, confidence=round(other.score, 4), shortDescription=other.entity_id),
                )
    return list(values.values())[:_MOST_REPLACEMENTS]


def _context(full: str, span: Span) -> ContextBody:
    start, end = max(0, span.start - _CONTEXT_CHARS), min(len(full), span.end + _CONTEXT_CHARS)
    head, tail = "..." if start else "", "..." if end < len(full) else ""
    text = head + full[start:end].replace("\n", " ").replace("\r", " ") + tail
    table = OffsetTable(text, OffsetUnit.UTF16)
    first, after = table.span_to_unit(span.shift(len(head) - start))
    return ContextBody(text=text, offset=first, length=after - first)
