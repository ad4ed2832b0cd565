# The patterns name dashes, quotation marks and minus signs of running text; that they look alike is the point.
"""Spans that no edit may change, and the test that an edit leaves them alone.

All patterns, the caller's and our own, run in RE2: linear in the text whatever the pattern.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import accumulate
from typing import Final, Protocol, cast

import re2  # type: ignore[import-untyped]

from app.core.errors import InputError
from app.core.types import ProtectedKind, ProtectedSpan, ProtectOptions, Span

MAX_PATTERNS: Final = 50
MAX_PATTERN_CHARS: Final = 500
# Beyond this a pattern protects everything, and each match costs a search of its own.
MAX_PATTERN_MATCHES: Final = 100_000
# A search looks this far first (bytes) and doubles: one match of "a" by "a.*b|a" must not read the whole text.
_WINDOW: Final = 4096

_FIGURES: Final = frozenset(
    (ProtectedKind.NUMBER, ProtectedKind.TIME, ProtectedKind.DATE, ProtectedKind.CURRENCY, ProtectedKind.UNIT)
)

_MONTH: Final = (
    r"(?:(?i:january|february|april|june|july|august|september|october|november|december)"
    r"|March|MARCH|May|MAY|(?:Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)\.?)"
)
_SP: Final = r"[ \x{a0}\x{202f}]"
_DAY: Final = r"[0-9]{1,2}(?:st|nd|rd|th)?"
_DAYS: Final = rf"{_DAY}(?:{_SP}?[-–—]{_SP}?{_DAY})?"
_YEAR: Final = r"[0-9]{4}"
_DATE: Final = "|".join(
    (
        rf"\b{_DAYS}{_SP}(?:of{_SP})?{_MONTH}(?:,?{_SP}{_YEAR})?\b",
        rf"\b{_MONTH}{_SP}{_DAYS}(?:,?{_SP}{_YEAR})?\b",
        rf"\b{_MONTH},?{_SP}(?:of{_SP})?{_YEAR}\b",
        r"\b[0-9]{4}-[0-9]{2}-[0-9]{2}"
        r"(?:[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]+)?)?(?:Z|[+-][0-9]{2}:?[0-9]{2})?)?\b",
        r"\b[0-9]{4}-(?:0[1-9]|1[0-2])\b",
        r"\b[0-9]{1,2}[./-][0-9]{1,2}[./-](?:[0-9]{4}|[0-9]{2})\b",
        r"\b[0-9]{4}[./][0-9]{1,2}[./][0-9]{1,2}\b",
        rf"\b(?:1[0-9]|20)[0-9]{{2}}{_SP}?[-–—/]{_SP}?(?:[0-9]{{4}}|[0-9]{{2}})\b",
        rf"\b[0-9]{{1,4}}{_SP}?(?:BCE?|CE|AD|B\.C\.(?:E\.)?|A\.D\.)",
        rf"\b(?:AD|A\.D\.){_SP}[0-9]{{1,4}}\b",
        r"[0-9]{4}年(?:[0-9]{1,2}月)?(?:[0-9]{1,2}日)?|[0-9]{1,2}月[0-9]{1,2}日",
    )
)
_ZONE: Final = r"(?:GMT|UTC|BST|CET|CEST|EST|EDT|CST|CDT|MST|MDT|PST|PDT|ET|PT|JST|MSK|IST)(?:[+-][0-9]{1,2})?"
_HALF: Final = r"(?:[ap]\.m\.|[ap]m|[AP]\.M\.|[AP]M|o['’]clock|noon|midnight)"
_TIME: Final = "|".join(
    (
        rf"\b[0-2]?[0-9]:[0-5][0-9](?::[0-5][0-9](?:[.,][0-9]+)?)?(?:{_SP}?{_HALF})?(?:{_SP}{_ZONE})?",
        rf"\b[0-2]?[0-9](?:[.:][0-5][0-9])?{_SP}?(?:[-–]{_SP}?[0-2]?[0-9](?:[.:][0-5][0-9])?{_SP}?)?{_HALF}(?:{_SP}{_ZONE})?",
        r"\b[0-2]?[0-9]h[0-5][0-9]\b",
        rf"\b[0-2][0-9][0-5][0-9]{_SP}(?:hours|hrs|GMT|UTC)\b",
    )
)
_SIGN: Final = r"[+\-−–±~≈]"
_PLAIN: Final = (
    r"(?:\p{Nd}{1,3}(?:[ \x{a0}\x{202f}\x{2009}]\p{Nd}{3})+(?:[.,]\p{Nd}+)?|\p{Nd}+(?:[.,'’\-–]\p{Nd}+)*|[½¼¾⅓⅔⅛])"
)
_SCALE: Final = (
    r"(?:(?i:hundred|thousand|million|billion|trillion|quadrillion|lakh|crore|dozen)s?|bn|mn|tn|bln|mln|trln|k|m|M|K|B)"
)
_TOKEN: Final = r"[\pL\pM\p{Nd}\p{No}]*[\p{Nd}\p{No}][\pL\pM\pN]*"
_ORDINAL_STEM: Final = (
    r"third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|eleventh|twelfth|"
    r"(?:thir|four|fif|six|seven|eigh|nine)teenth|(?:twen|thir|for|fif|six|seven|eigh|nine)tieth|"
    r"hundredth|thousandth|millionth|billionth"
)
# "one", "first" and "second" are left out: pronoun, adverb and noun as often as numbers.
_WORD_NUMBER: Final = (
    r"(?:zero|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|(?:thir|four|fif|six|seven|eigh|nine)teen|"
    r"(?:twen|thir|for|fif|six|seven|eigh|nine)ty|(?:hundred|thousand|million|billion|trillion|dozen|zillion)s?|"
    rf"(?:{_ORDINAL_STEM})s?)"
)
_NUMBER: Final = "|".join(
    (
        rf"{_SIGN}?(?:\pL+[-–])?{_TOKEN}(?:[.,:/'’\-–−×^]\p{{Nd}}[\pL\pM\pN]*)*(?:{_SP}?[%‰])?",
        rf"{_SIGN}?\p{{Nd}}{{1,3}}(?:[ \x{{a0}}\x{{202f}}\x{{2009}}]\p{{Nd}}{{3}})+(?:[.,]\p{{Nd}}+)?(?:{_SP}?[%‰])?",
        rf"{_SIGN}?{_PLAIN}{_SP}(?:(?i:percent|per{_SP}cent|percentage{_SP}points?)|pp|{_SCALE})\b",
        rf"\+?[0-9]{{0,3}}{_SP}?\([0-9]{{1,5}}\){_SP}?[0-9]{{2,4}}(?:[ .\-–][0-9]{{2,4}})+",
        r"\+[0-9]{1,3}(?:[ .\-–][0-9]{2,4}){2,5}",
        rf"\b(?i:(?:one[ -])?{_WORD_NUMBER}(?:[ -](?:{_WORD_NUMBER}|one|first|second))*)\b",
        rf"\b(?i:one|{_WORD_NUMBER}){_SP}(?i:percent|per{_SP}cent|percentage{_SP}points?)\b",
    )
)
_SYMBOL: Final = r"(?:(?:US|AU|CA|NZ|HK|SG|NT|A|C|S|R|Mex|RD|TT|J|Z)?\$|R\$|[€£¥₹₽₩₪₴₺₫฿₦₱₸₾₼₡₲₵])"
_ISO_MONEY: Final = (
    r"(?:USD|EUR|GBP|JPY|CNY|RMB|CHF|AUD|CAD|NZD|HKD|SGD|INR|RUB|UAH|KZT|SEK|NOK|DKK|PLN|CZK|HUF|RON|BGN|TRY|ILS|ZAR|"
    r"BRL|MXN|KRW|TWD|THB|IDR|MYR|PHP|VND|PKR|LKR|NPR|BDT|EGP|NGN|KES|GHS|SAR|AED|QAR|KWD|IRR|IQD|Rs\.?|Fr\.?|DM)"
)
_MONEY_NAME: Final = (
    r"(?i:(?:(?:US|U\.S\.|American|Canadian|Australian|Hong Kong|Singapore|Taiwan|New Zealand) )?dollars?|euros?|"
    r"(?:British )?pounds?(?: sterling)?|pence|cents?|yuan|renminbi|yen|(?:South |North )?Korean won|"
    r"roubles?|rubles?|rupees?|rupiahs?|baht|"
    r"pesos?|francs?|Deutschmarks?|kron(?:a|or|er|e|ur)|koruna[s]?|zlot(?:y|ys|ych)|forints?|leva|hryvnias?|tenge|"
    r"lir[ae]s?|dinars?|dirhams?|riyals?|rials?|shekels?|naira|cedis?|shillings?|ringgit|taka|kroons?|"
    r"bitcoins?|kopecks?|kopeks?)"
)
_CURRENCY: Final = "|".join(
    (
        rf"{_SIGN}?{_SYMBOL}{_SP}?{_PLAIN}(?:{_SP}?{_SCALE}\b)?",
        rf"{_PLAIN}(?:{_SP}{_SCALE})?{_SP}?(?:[€£¥₹₽₩₪₴₺₫฿₦₱₸₾₼₡₲₵]|(?:US)?\$)",
        rf"\b{_ISO_MONEY}{_SP}?{_PLAIN}(?:{_SP}?{_SCALE}\b)?",
        rf"{_PLAIN}(?:{_SP}?{_SCALE})?{_SP}?(?:{_ISO_MONEY}|{_MONEY_NAME})\b",
        rf"\b(?i:(?:one|{_WORD_NUMBER})(?:[ -](?:{_WORD_NUMBER}|one))*){_SP}{_MONEY_NAME}\b",
    )
)
_UNIT_NAME: Final = (
    r"(?:(?:sq(?:uare)?\.? |cubic )?(?:(?:kilo|centi|milli|nano|micro|deci)?(?:metres?|meters?|grams?|grammes?|"
    r"litres?|liters?|watts?|volts?|amperes?|hertz|joules?|pascals?|bytes?)|miles?|inch(?:es)?|feet|foot|yards?)"
    r"(?: per (?:hour|second|minute|day|year|litre|liter|gallon|square (?:kilometre|kilometer|mile|metre|meter)))?|"
    r"(?:mega|giga|tera|peta|kilo)(?:watts?(?:[ -]hours?)?|bytes?|hertz|tons?|bits?)|"
    r"nautical miles?|light[ -]years?|hectares?|acres?|(?:metric )?tons?|tonnes?|ounces?|gallons?|barrels?|pints?|"
    r"bushels?|knots?|degrees?(?: (?:Celsius|Fahrenheit|C|F))?|kelvins?|decibels?|calories|kilocalories|"
    r"carats?|parsecs?|basis points?|"
    r"km/h|kph|mph|m/s|km²|km2|m²|m2|m³|m3|cm²|cm³|cm2|cm3|mm²|km|cm|mm|nm|µm|μm|m|ft|yd|mi|in\.|"
    r"kg|mg|µg|μg|g|lbs?|oz|[kMGTP]?Wh|[kMGT]?W|[kM]?V|mA|A|[kMGT]?Hz|[kMGTP]i?B(?:/s)?|[kMG]?bps|Mbit/s|Gbit/s|"
    r"ml|mL|dl|cl|l|L|hl|ha|dB|kcal|cal|kJ|MJ|J|[kMGh]?Pa|bar|psi|rpm|ppm|ppb|"
    r"°{_SP}?[CF]|º{_SP}?[CF]|° ?[NSEW]|°|℃|℉|K|mol|cd|lm|lx|Bq|Sv|mSv)"
)
_UNIT_NAME_RE: Final = _UNIT_NAME.replace("{_SP}", _SP)
_UNIT: Final = (
    rf"{_SIGN}?{_PLAIN}(?:{_SP}{_SCALE})?(?:{_SP}?|-)(?:{_UNIT_NAME_RE})"
    rf"|\b(?i:{_WORD_NUMBER}(?:[ -](?:{_WORD_NUMBER}|one))*)[ -](?:{_UNIT_NAME_RE})"
    r"|\b[0-9]{1,3}[°º][0-9]{1,2}['′’](?:[0-9]{1,2}(?:\.[0-9]+)?[\"″”])?(?: ?[NSEW])?"
)
_TLD: Final = (
    r"(?:com|org|net|gov|edu|mil|int|info|biz|io|ai|app|dev|tv|me|eu|uk|us|ca|au|nz|ie|de|fr|es|it|pt|nl|be|ch|at|se|no|"
    r"dk|fi|ee|lv|lt|pl|cz|sk|hu|ro|bg|gr|tr|ru|ua|by|kz|ge|am|az|il|ir|in|pk|lk|np|bd|cn|jp|kr|tw|hk|sg|my|th|vn|id|ph|"
    r"br|mx|ar|cl|co|za|ng|ke|eg|is|xyz|news|blog|online|site)"
)
_URL: Final = "|".join(
    (
        r"(?i:https?|ftps?|file|wss?|ssh|git|s3|magnet|data|doi)://?[^\s<>\"“”„«»`]+",
        r"(?i:www)[0-9]?\.[^\s<>\"“”„«»`]+",
        rf"\b(?:[\pL\pN](?:[\pL\pN-]*[\pL\pN])?\.)+(?i:{_TLD})(?::[0-9]+)?(?:/[^\s<>\"“”„«»`]*)?",
        r"\b(?i:doi):\s?10\.[0-9]{4,9}/[^\s<>\"“”]+",
    )
)
_EMAIL: Final = r"[\pL\pN._%+\-]+@[\pL\pN](?:[\pL\pN-]*[\pL\pN])?(?:\.[\pL\pN](?:[\pL\pN-]*[\pL\pN])?)+"
_CODE: Final = "|".join(
    (
        r"```[^`]*```",
        r"``[^`\n]+``",
        r"`[^`\n]+`",
        r"\b[A-Za-z_][\w]*(?:(?:\.|::|->)[A-Za-z_]\w*)*\(\)",
        r"\b[A-Za-z_]\w*(?:::|->)[A-Za-z_]\w*",
        r"\b[A-Za-z0-9]+(?:_[A-Za-z0-9]+)+\b",
        r"--[a-z][a-z0-9]+(?:-[a-z0-9]+)*(?:=[^\s]+)?",
        r"(?:\.{0,2}|~)/(?:[\w.-]+/)+[\w.-]*",
        r"\b[A-Za-z]:\\(?:[^\s<>\"|?*]*[^\s<>\"|?*.,;:!)'’”])?",
        r"\b[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}\b",
        r"\b0x[0-9a-fA-F]+\b",
        r"\b[0-9a-f]*(?:[0-9][a-f]|[a-f][0-9])[0-9a-f]{6,}\b",
    )
)
_HANDLE: Final = "|".join(
    (
        r"@[\pL\p{Nd}_](?:[\pL\pM\p{Nd}_.-]*[\pL\pM\p{Nd}_])?",
        r"#[\pL\pM\p{Nd}_]*[\pL_][\pL\pM\p{Nd}_]*",
        r"\b/?[ru]/[A-Za-z0-9_-]{2,}\b",
    )
)
_PLACEHOLDER: Final = "|".join(
    (
        r"\{\{[^{}\n]*\}\}|\{%[^{}\n]*%\}|\$?\{[\w.:!,\[\]#?+\- ]*\}|\$\([\w.]+\)",
        r"%\([A-Za-z_][\w.]*\)[#0\-+ ]*[0-9]*(?:\.[0-9]+)?[diouxXeEfFgGcrsa]",
        r"%(?:[0-9]+\$)?[#0\-+]*(?:[0-9]+|\*)?(?:\.[0-9]+)?(?:hh?|ll?|[jztL])?[diouxXeEfFgGcs@]",
        r"%[A-Z][A-Z0-9_]*%|%%[A-Za-z_]\w*%%",
        r"\$[A-Za-z_]\w*",
        r"</?[A-Za-z][A-Za-z0-9:_-]*(?:\s[^<>]*)?/?>|<[0-9]+/?>|</[0-9]+>|<!--[^<>]*-->",
        r"#[\pL_][\pL\p{Nd}_]*#|@@[\w]+@@|@[A-Za-z_]\w*@",
        r"\[\[[^\[\]\n]*\]\]|\[[A-Z][A-Z0-9_]*\]|\[%[^\[\]\n]*%\]",
        r"__[A-Za-z0-9]+(?:_[A-Za-z0-9]+)*__|<<[^<>\n]+>>|⟦[^⟦⟧\n]*⟧|XX[A-Z0-9_]+XX",
    )
)
_SOURCES: Final[dict[ProtectedKind, str]] = {
    ProtectedKind.URL: _URL,
    ProtectedKind.EMAIL: _EMAIL,
    ProtectedKind.NUMBER: _NUMBER,
    ProtectedKind.DATE: _DATE,
    ProtectedKind.TIME: _TIME,
    ProtectedKind.CURRENCY: _CURRENCY,
    ProtectedKind.UNIT: _UNIT,
    ProtectedKind.CODE: _CODE,
    ProtectedKind.HANDLE: _HANDLE,
    ProtectedKind.PLACEHOLDER: _PLACEHOLDER,
}
# Kinds whose match must be a whole token: "5 m" in "5 men" is no unit.
_WHOLE_TOKENS: Final = frozenset(
    {
        ProtectedKind.NUMBER,
        ProtectedKind.DATE,
        ProtectedKind.TIME,
        ProtectedKind.CURRENCY,
        ProtectedKind.UNIT,
        ProtectedKind.HANDLE,
        ProtectedKind.EMAIL,
        ProtectedKind.URL,
    }
)
_NUMERIC: Final = frozenset(
    {ProtectedKind.NUMBER, ProtectedKind.DATE, ProtectedKind.TIME, ProtectedKind.CURRENCY, ProtectedKind.UNIT}
)
_BRACKETS: Final = {")": "(", "]": "[", "}": "{"}
_ENTITY_BEGINS: Final = re.compile(r"&(?: ?amp ?;)? ?# ?$")
_URL_TAIL: Final = ".,;:!?'’‘…*"


class _Regexp(Protocol):
    """What is used of a compiled RE2 pattern, whose package carries no types."""

    def search(self, text: bytes, pos: int, endpos: int) -> _Match | None: ...

    def finditer(self, text: bytes) -> Iterator[_Match]: ...


class _Match(Protocol):
    def span(self) -> tuple[int, int]: ...


def _compile(pattern: str, *, longest: bool) -> _Regexp:
    options = re2.Options()
    options.log_errors = False  # the pattern would be printed to stderr
    options.longest_match = longest
    return cast(_Regexp, re2.compile(pattern, options))


@lru_cache(maxsize=len(_SOURCES))
def _builtin(kind: ProtectedKind) -> _Regexp:
    return _compile(_SOURCES[kind], longest=True)


class _Encoded:
    """A text as RE2 reads it (UTF-8), and the way back from bytes to code points."""

    def __init__(self, text: str) -> None:
        # A lone surrogate becomes one "?", so that code points still count the same.
        self.data = text.encode("utf-8", "replace")
        self._is_ascii = len(self.data) == len(text)

    def to_code_points(self, spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
        """Byte spans to code-point spans, in one pass over the text."""
        if self._is_ascii:
            return spans
        at, chars = 0, 0
        place: dict[int, int] = {}
        for offset in sorted({o for span in spans for o in span}):
            chars += len(self.data[at:offset].decode("utf-8"))
            at = offset
            place[offset] = chars
        return [(place[a], place[b]) for a, b in spans]


class PatternProtector:
    """Finds protected spans by patterns; the same spans for the same text and options, in linear time."""

    def protect(self, text: str, options: ProtectOptions) -> tuple[ProtectedSpan, ...]:
        """Spans of ``text`` that no edit may touch, sorted by start; they may overlap.

        Raises:
            InputError: A pattern of the caller is empty, too long, not valid RE2 or matches too often; there are too
                many patterns; a span is empty or lies outside the text. ``pointer`` names it
                (``/protect/patterns/3``).
        """
        found = {ProtectedSpan(span, ProtectedKind.SPAN) for span in _check_spans(text, options.spans)}
        patterns = _compile_patterns(options.patterns)
        encoded = _Encoded(text)
        budget = MAX_PATTERN_MATCHES
        for index, pattern in enumerate(patterns):
            raw: list[tuple[int, int]] = []
            for match in _search_all(pattern, encoded.data):
                raw.append(match)
                if len(raw) > budget:
                    raise InputError(
                        f"protect.patterns: together more than {MAX_PATTERN_MATCHES} matches; make this one narrower",
                        code="pattern-matches-too-much",
                        pointer=f"/protect/patterns/{index}",
                    )
            budget -= len(raw)
            found.update(ProtectedSpan(Span(a, b), ProtectedKind.PATTERN) for a, b in encoded.to_code_points(raw))
        for kind in _SOURCES:
            if kind in options.builtin:
                found.update(ProtectedSpan(span, kind) for span in _find_builtin(text, encoded, kind))
        if options.quotes:
            found.update(ProtectedSpan(span, ProtectedKind.QUOTE) for span in find_quotations(text))
        return tuple(sorted(found, key=lambda p: (p.span, p.kind)))


def _check_spans(text: str, spans: Sequence[Span]) -> Sequence[Span]:
    for index, span in enumerate(spans):
        if span.end > len(text):
            raise InputError(
                f"protect.spans[{index}] ends at {span.end}, but the text has {len(text)} code points",
                code="span-outside-text",
                pointer=f"/protect/spans/{index}",
            )
        if not len(span):
            raise InputError(
                f"protect.spans[{index}] is empty; give it an end after its start",
                code="empty-span",
                pointer=f"/protect/spans/{index}",
            )
    return spans


def _compile_patterns(patterns: Sequence[str]) -> list[_Regexp]:
    if len(patterns) > MAX_PATTERNS:
        raise InputError(
            f"protect.patterns: {len(patterns)} patterns, at most {MAX_PATTERNS} are allowed",
            code="too-many-patterns",
            pointer="/protect/patterns",
        )
    compiled = []
    for index, pattern in enumerate(patterns):
        pointer = f"/protect/patterns/{index}"
        if not pattern or len(pattern) > MAX_PATTERN_CHARS:
            raise InputError(
                f"protect.patterns[{index}] has {len(pattern)} characters; 1 to {MAX_PATTERN_CHARS} are allowed",
                code="pattern-length",
                pointer=pointer,
            )
        try:
            compiled.append(_compile(pattern, longest=False))
        except (re2.error, UnicodeEncodeError) as exc:
            # the cause is dropped on purpose: RE2 and the codec quote the pattern in their messages
            del exc
            compiled_ok = False
        else:
            compiled_ok = True
        if not compiled_ok:
            raise InputError(
                f"protect.patterns[{index}] is not a valid RE2 pattern (no look-around, no back-references)",
                code="invalid-pattern",
                pointer=pointer,
            )
    return compiled


def _search_all(pattern: _Regexp, data: bytes) -> Iterator[tuple[int, int]]:
    """Non-empty matches from left to right, by windows that double until one holds the match.

    RE2 reads one search in linear time, but a search for each match could still read the rest of the text every time.
    """
    at, window = 0, _WINDOW
    while at < len(data):
        limit = _boundary(data, at + window)
        match = pattern.search(data, at, limit)
        if match is None or (match.span()[1] >= limit and limit < len(data)):
            if limit >= len(data):
                return
            window *= 2
            continue
        start, end = match.span()
        window = _WINDOW
        if start < end:
            yield start, end
            at = end
        else:
            at = _boundary(data, end + 1)


def _boundary(data: bytes, at: int) -> int:
    """The first place at or after ``at`` that is not inside a UTF-8 sequence."""
    while at < len(data) and data[at] & 0xC0 == 0x80:
        at += 1
    return min(at, len(data))


def _find_builtin(text: str, encoded: _Encoded, kind: ProtectedKind) -> Iterator[Span]:
    raw = [match.span() for match in _builtin(kind).finditer(encoded.data)]
    for start, end in encoded.to_code_points(raw):
        if kind is ProtectedKind.URL:
            end = _trim_url(text, start, end)
        elif kind is ProtectedKind.EMAIL:
            while start < end and text[start] in ".%+-":
                start += 1
        elif kind in _NUMERIC:
            start, end = _trim_number(text, start, end)
        if start >= end or _is_part_of_something(text, start, end, kind):
            continue
        if kind in _WHOLE_TOKENS and not _is_whole_token(text, start, end):
            continue
        yield Span(start, end)


def _trim_url(text: str, start: int, end: int) -> int:
    """Without the punctuation of the sentence around it; a closing bracket stays if it was opened inside."""
    depth = {c: text.count(_BRACKETS[c], start, end) - text.count(c, start, end) for c in _BRACKETS}
    while end > start:
        last = text[end - 1]
        if last in _URL_TAIL:
            end -= 1
        elif last in _BRACKETS and depth[last] < 0:
            depth[last] += 1
            end -= 1
        else:
            break
    return end


def _trim_number(text: str, start: int, end: int) -> tuple[int, int]:
    """Without a hyphen that joins it to a word ("(UK)-2"): a sign stands after white space or a bracket."""
    if text[start] in "+-−–±~≈" and start > 0 and not (text[start - 1].isspace() or text[start - 1] in "([{=<>/\"'“‘"):
        start += 1
    while start < end and text[start].isspace():
        start += 1
    return start, end


def _is_percent_sign(text: str, start: int, end: int) -> bool:
    """``%`` after a figure, or before a word ("100%sure"), is a percent sign and no placeholder."""
    return (start > 0 and text[start - 1].isalnum()) or (
        end < len(text) and text[end].isalnum() and text[end - 1] != "%"
    )


def _is_part_of_something(text: str, start: int, end: int, kind: ProtectedKind) -> bool:
    """Whether the characters around a match make something else of it."""
    if kind is ProtectedKind.PLACEHOLDER:
        return text[start] == "%" and _is_percent_sign(text, start, end)
    if kind is ProtectedKind.NUMBER:
        return _is_in_entity(text, start, end)
    return kind in (ProtectedKind.CODE, ProtectedKind.HANDLE) and _continues_token(text, start)


def _is_in_entity(text: str, start: int, end: int) -> bool:
    """``39`` of ``&#39;``, or of ``& # 39;`` torn apart, stands for a character and counts nothing."""
    return (
        text[start:end].isdigit()
        and text[end : end + 2].lstrip(" ")[:1] == ";"
        and _ENTITY_BEGINS.search(text[max(0, start - 12) : start]) is not None
    )


def _continues_token(text: str, start: int) -> bool:
    """``@host`` of an e-mail address and ``/path`` of a URL are parts of something longer."""
    before = text[start - 1] if start else " "
    return text[start] in "@#/.~-" and (_joins(before) or before in "/:.@&=")


def _joins(char: str) -> bool:
    """Whether a character makes one word with a letter or figure beside it."""
    return char.isalnum() or char == "_" or unicodedata.category(char)[0] == "M" or char == "\u200d"


def _is_whole_token(text: str, start: int, end: int) -> bool:
    before = text[start - 1] if start else " "
    after = text[end] if end < len(text) else " "
    return not (_joins(before) and _joins(text[start])) and not (_joins(after) and _joins(text[end - 1]))


_MARKS: Final = re.compile("[\"“”„‟«»″‘’'\n]")
_DOUBLE: Final = frozenset('"“”„‟«»″')


def find_quotations(text: str) -> Iterator[Span]:
    """What is quoted, without the marks themselves, over sentence boundaries and inside one paragraph.

    The role of a mark comes from its place, not from its shape, so that damaged pairs (``“ … .“``) are found too: it
    opens before a word, it closes after one; between two spaces it does whatever is due. A quotation that goes on in
    the next paragraph, which then opens with a mark again, counts in every part.
    """
    opened: int | None = None
    opener = ""
    for mark in _MARKS.finditer(text):
        at, char = mark.start(), mark.group()
        if char == "\n" and opened is not None and _ends_paragraph(text, at):
            # by convention a quotation of several paragraphs opens each and closes the last
            following = text[at : at + 40].lstrip()
            if following[:1] in _DOUBLE and opener in _DOUBLE and following:
                yield from _trimmed(text, opened, at)
            opened = None
        elif char in _DOUBLE or char in "‘’'":
            if char not in _DOUBLE and opened is not None and opener in _DOUBLE:
                continue  # a quotation inside one, or an apostrophe
            role = _role(text, at, char, opened is not None)
            if role > 0 and not (opened is not None and opener in _DOUBLE and char not in _DOUBLE):
                opened, opener = at + 1, char
            elif role < 0 and opened is not None and (char in _DOUBLE) == (opener in _DOUBLE):
                yield from _trimmed(text, opened, at)
                opened = None


def _ends_paragraph(text: str, at: int) -> bool:
    """Whether the line break at ``at`` is the last of its line and a paragraph may end there."""
    rest = text[at + 1 : at + 40]
    return rest.lstrip(" \t\r")[:1] in ("", "\n") or rest.lstrip()[:1] in _DOUBLE


def _role(text: str, at: int, char: str, is_open: bool) -> int:
    """1: the mark opens, -1: it closes, 0: neither (an apostrophe, a mark of inches)."""
    before = text[at - 1] if at else " "
    after = text[at + 1] if at + 1 < len(text) else " "
    free_before = before.isspace() or before in "([{—–-/"
    free_after = after.isspace() or after in ")]}—–-/.,;:!?…"
    if char in "‘’'":
        if char == "‘" or (char == "'" and free_before and after.isalpha() and not is_open):
            return 1 if not after.isspace() else 0
        # a single mark closes after punctuation, or before white space where one is open; else an apostrophe
        if is_open and not after.isalnum() and (before in ".,!?…" or not before.isspace()):
            return -1
        return 0
    if char == "„":
        return 1
    if free_before and not free_after:
        return 1
    if free_after and not free_before:
        return 0 if char in '"″' and before.isdigit() and not is_open else -1
    if char in "“«" and not is_open:
        return 1
    return -1 if is_open else 1


def _trimmed(text: str, start: int, end: int) -> Iterator[Span]:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    if start < end:
        yield Span(start, end)


class Protection:
    """The protected spans of one text, ready to be asked about many edits."""

    def __init__(self, text: str, protected: Sequence[ProtectedSpan]) -> None:
        """Index the spans.

        Args:
            text: The text that the spans and the edits count in.
            protected: As ``PatternProtector.protect`` gives them.
        """
        self._text = text
        self._spans = sorted(protected, key=lambda p: (p.span, p.kind))
        self._starts = [p.span.start for p in self._spans]
        self._reach = list(accumulate((p.span.end for p in self._spans), max))

    def violated_by(self, edit_span: Span, replacement: str) -> ProtectedSpan | None:
        """The first protected span that replacing ``edit_span`` by ``replacement`` would change, or None.

        Strict: what counts is what is left of the edit once the beginning and end that it shares with the original
        are taken off. If that touches any character of a protected span, or puts something inside it, or makes one
        token with it (a figure beside ``12``, a percent sign, a minus sign, a decimal point), the edit is refused;
        unless it only mends a torn number.
        """
        start, end, new = _shrink(self._text, edit_span, replacement)
        if start == end and not new:
            return None
        # bisect finds the spans that begin at or before the end; ``_reach`` says when none before can still touch
        first = bisect_left(self._reach, start)
        last = bisect_right(self._starts, end)
        mends = mends_number(self._text, Span(start, end), new)
        for protected in self._spans[first:last]:
            span = protected.span
            if span.end < start or (mends and protected.kind in _FIGURES):
                continue
            if start < span.end and span.start < end:
                return protected
            if self._is_glued(start, end, new, protected):
                return protected
        return None

    def _is_glued(self, start: int, end: int, new: str, protected: ProtectedSpan) -> bool:
        text, span, kind = self._text, protected.span, protected.kind
        if end == span.start:
            before, now = text[max(0, end - 2) : end], (text[max(0, start - 2) : start] + new)[-2:]
            if before != now and _glues_left(now, text[span.start], kind) and not _same_glue(before[-1:], now[-1:]):
                return True
        if start == span.end:
            before, now = text[start : start + 2], (new + text[end : end + 2])[:2]
            if before != now and _glues_right(now, text[span.end - 1], kind) and not _same_glue(before[:1], now[:1]):
                return True
        return False


def mends_number(text: str, span: Span, new: str) -> bool:
    """Whether an edit takes a space out of a time, a score or a round number (``21: 30``, ``10, 000``), no more."""
    before, after = text[max(0, span.start - 2) : span.start], text[span.end : span.end + 1]
    is_space = not new and span.of(text) == " "
    return is_space and before[:1].isdecimal() and before[1:] in (":", ",") and after.isdecimal()


def violates(
    edit_span: Span, replacement: str, source_text: str, protected: Sequence[ProtectedSpan]
) -> ProtectedSpan | None:
    """The protected span that an edit of ``source_text`` would change, or None; ``Protection`` serves many edits."""
    return Protection(source_text, protected).violated_by(edit_span, replacement)


def _shrink(text: str, span: Span, replacement: str) -> tuple[int, int, str]:
    """The edit without the beginning and end that it shares with the original."""
    start, end = span.start, span.end
    head = 0
    while start < end and head < len(replacement) and text[start] == replacement[head]:
        start, head = start + 1, head + 1
    tail = len(replacement)
    while end > start and tail > head and text[end - 1] == replacement[tail - 1]:
        end, tail = end - 1, tail - 1
    return start, end, replacement[head:tail]


def _same_glue(before: str, now: str) -> bool:
    """Whether a letter stood there already: a caller's span inside a word has neighbours that may change."""
    return bool(before) and before.isalpha() and now.isalpha()


def _glues_left(now: str, first: str, kind: ProtectedKind) -> bool:
    if not now:
        return False
    last = now[-1]
    if _joins(last) and _joins(first):
        return True
    if kind is ProtectedKind.HANDLE:
        return _joins(last) or last in "@#/&"
    if kind is ProtectedKind.PLACEHOLDER:
        return last in "$%{<[#@\\" or (first in "%@_" and _joins(last))
    if not first.isdigit():
        return last in "@#/\\" and first.isalnum()
    if last in "$€£¥₹#@%/":
        return True
    if last in "-−+±":
        return len(now) == 1 or not now[0].isalnum() or now[0].isdigit()
    return last in ".,:'’–" and now[:-1].isdigit()


def _glues_right(now: str, last: str, kind: ProtectedKind) -> bool:
    if not now:
        return False
    first, second = now[0], now[1:2]
    if unicodedata.category(first)[0] == "M" or first in "\u200d\ufe0f" or (_joins(first) and _joins(last)):
        return True
    if kind in (ProtectedKind.URL, ProtectedKind.EMAIL, ProtectedKind.HANDLE):
        return first in "/@_=&#%" or (first in ".-:?" and second.isalnum())
    if last.isalnum() and (first in "%‰" or (first.isspace() and second in ("%", "‰"))):
        return kind in _NUMERIC
    if last.isdigit():
        return first in "°$€£¥₹" or (first in ".,:/'’-–−" and second.isdigit())
    return False
