# ruff: noqa: SIM905
# Dashes and quotation marks of running text look alike; that is the point of naming them. Long word tables are read
# and edited as running text.
"""Text to sentences, losing nothing; the cuts that machine translation puts in the wrong place are undone.

Own rules rather than a library, by measurement (``scripts/measure_segments.py``, see ``SentenceSegmenter``).
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from itertools import pairwise

from app.core.types import Segment, Span

# Marks that may stand between a full stop and the white space after the sentence.
_CLOSERS = "\"'”“’»)]}›″"
# Marks that may stand before the first letter of a sentence.
_OPENERS = "\"'“”„‘’«‹([{¿¡—–-"
_DOUBLE_QUOTES = '"“”„«»″'
# What belongs to its neighbour when it stands alone.
_STRAY = frozenset(" \t\u00a0.,;:!?…" + '"' + "'“”„‘’«»″)]")

_LINE = re.compile(r"[^\n\r\x0b\x0c\x85\u2028\u2029]+")
_CANDIDATE = re.compile(
    # full stops of scripts that put no space after them, or no capital
    r"(?P<strong>[。！？｡।॥؟۔።։။។]+[\"'”’»)\]」』）]*)"
    # a run of marks, also torn apart ("did. .."), with what closes after it
    rf"|(?P<mark>[.!?…‽][.!?…‽]*(?:[ \u00a0]+(?:\.\.+|…|[.!?](?=\s|$|[{re.escape(_CLOSERS)}](?:\s|$))))*)"
    rf"(?P<close>(?:\.?[{re.escape(_CLOSERS)}](?=[\s{re.escape(_CLOSERS)}.]|$))*)"
)
_WORD_BEFORE = re.compile(r"[^\W_](?:[\w.'’&-]*[^\W_])?$")
_AFTER = re.compile(
    rf"(?P<space>\s*)(?P<open>[{re.escape(_OPENERS)}]*(?:[ \u00a0](?=\w))?)(?P<word>\w[\w'’]*(?:-\w+)?)?"
)
_LIST_MARK = re.compile(
    r"\s*(?:[•◦▪●■□‣⁃∙·*–—-][ \t\u00a0]+|[(\[]?(?:\d{1,3}|[A-Za-z]|[ivxlIVXL]{1,5})[.)\]][ \t\u00a0]+(?=\S))"
)
_ENUMERATOR = re.compile(r"[\"'“„(\[*\s]*(?:\d{1,3}(?:\.\d{1,3})*|[A-Za-z]|[IVXLivxl]{1,5})$")
_INITIALISM = re.compile(r"(?:[^\W\d_]\.)+[^\W\d_]{1,2}|(?:[A-Z][A-Za-z]?\.)+[A-Z][a-z]?")
_MONTH = re.compile(
    r"\s*(?:January|February|March|April|May|June|July|August|September|October|November|December)\b", re.A
)
_SPEECH = re.compile(
    r"\s*(?:[A-Z][\w.'’-]*\s+){1,4}"
    r"(?:said|says|asked|asks|added|adds|replied|wrote|told|explained|cried|shouted|exclaimed|wondered|answered)\b"
)
_DOMAIN_END = frozenset("Com Org Net Gov Edu Info Io Co Uk De Fr Ru Jp Cn Eu Us Tv Me Js Py Html Htm Pdf Php".split())

# Titles and the like: what follows belongs to them, whatever its case.
_NEVER_ENDS = frozenset(
    "mr mrs ms mx dr prof messrs mme mlle sen sens rep reps gov govs gen col lt ltd-col capt cmdr cdr cpl sgt maj adm "
    "rev hon pres amb supt insp det brig st ste mt sts fr pvt msgr mgr vs v cf viz eg ie e.g i.e ca op ing dipl approx "
    "univ sr.dr dept asst assoc atty".split()
)
# Before a figure (or a capital that is no sentence starter) these do not end a sentence.
_BEFORE_FIGURE = frozenset(
    "no nos nr vol vols pp p pg fig figs ch chap sec sect art arts para paras pt ver ed eds § ss tel ext h.r s.b h.b "
    "stat res p.l e.o reg jan feb mar apr jun jul aug sep sept oct nov dec c r fl b d m est s j.res con pub".split()
)
# These may end a sentence: the next word decides.
_MAY_END = frozenset(
    "inc ltd co corp jr sr bros al esq llc plc assn dist intl natl bldg ave blvd rd hwy ft sq lit app cir "
    "jan feb mar apr jun jul aug sep sept oct nov dec mon tue tues wed thu thur thurs fri sat sun ph.d "
    "calif fla mass mich minn penn tex wash conn ill ariz colo okla ore tenn wis va ga "
    "dept bln mln trln min max avg temp var subsp".split()
)
# Words that begin sentences far more often than they follow an abbreviation as part of a name
# (function words of English; those that also begin names, such as "New", are left out).
_STARTERS = frozenset(
    "the a an this that these those there here it its it's he she they we you i i'm i've his her their our my your in "
    "on at by for from with as to of after before during since until while when where why what who how which although "
    "though because if but and or so yet however moreover furthermore therefore thus also then now today meanwhile "
    "despite according some many most all both each every several few other others another one two three no not only "
    "even just once under over between among through about against without within like unlike is are was were do does "
    "did has have had can could will would should may might must let please such since's he's she's they're we're "
    "that's there's what's earlier later finally instead indeed still perhaps more".split()
)
_SMALL_NUMBER_TAIL = re.compile(r"\s*\d+(?:[.,]\d+)?\s*(?:%|per ?cent|percentage|million|billion|trillion|km|kg)")


class SentenceSegmenter:
    """Cuts any text into sentences, headings, list items and lines of page furniture, in linear time.

    A blank line ends a paragraph. A single line break ends one too, unless the text is hard-wrapped or the next line
    plainly goes on with the sentence.

    Why own rules: on 3,000 sentences a set, of people and of machines, joined to paragraphs again, they find boundaries
    better than pysbd, blingfire, nupunkt and sentencex, and take 17 µs a sentence (figures in ``docs/benchmarks.md``);
    each library would have needed the corrections for machine translation on top.
    """

    def segment(self, text: str) -> list[Segment]:
        """Cut ``text``; see ``Segment`` for the law that the answer keeps. White space alone gives no segment."""
        found: list[Segment] = []
        for number, block in enumerate(_blocks(text)):
            for span in _attach(text, [s for start, end in block for s in _sentences(text, start, end)]):
                found.append(Segment(len(found), span, span.of(text), number))
        return found


def _blocks(text: str) -> Iterator[list[tuple[int, int]]]:
    """Paragraphs; each is a list of runs (start, end) within which sentences are looked for."""
    group: list[tuple[int, int]] = []
    last_end = 0
    for match in _LINE.finditer(text):
        start, end = match.span()
        if match.group().isspace():
            continue
        if group and _has_blank_line(text, last_end, start):
            yield from _paragraphs(text, group)
            group = []
        group.append((start, end))
        last_end = end
    if group:
        yield from _paragraphs(text, group)


def _has_blank_line(text: str, start: int, end: int) -> bool:
    gap = text[start:end].replace("\r\n", "\n")
    return sum(gap.count(c) for c in "\n\r\x0b\x0c\x85\u2028") > 1 or "\u2029" in gap or "\x0c" in gap


def _paragraphs(text: str, lines: list[tuple[int, int]]) -> Iterator[list[tuple[int, int]]]:
    """Lines without a blank one between them, put together where they are one paragraph."""
    wrapped = _is_wrapped(text, lines)
    runs: list[tuple[int, int]] = [lines[0]]
    for before, line in pairwise(lines):
        if _is_stray(text[line[0] : line[1]]) and not _is_stray(text[before[0] : before[1]]):
            runs[-1] = (runs[-1][0], line[1])  # a lone mark belongs to the line before it
        elif _is_opening_quote(text[before[0] : before[1]]) or _goes_on(text, before, line, wrapped):
            runs[-1] = (runs[-1][0], line[1])
        else:
            yield [runs[-1]]
            runs = [line]
    yield [runs[-1]]


def _is_wrapped(text: str, lines: list[tuple[int, int]]) -> bool:
    """Whether lines were broken at a width: none but the last had room for the first word of the next."""
    if len(lines) < 2:
        return False
    stripped = [text[a:b].strip() for a, b in lines]
    width = max(len(s) for s in stripped)
    if not 30 <= width <= 160:
        return False
    full = lower = 0
    for before, line in pairwise(stripped):
        first = line.split(None, 1)[0]
        full += len(before) + 1 + len(first) >= width - 2
        lower += line[0].islower()
    breaks = len(lines) - 1
    return full >= 0.7 * breaks and lower >= 0.3 * breaks


def _goes_on(text: str, before: tuple[int, int], line: tuple[int, int], wrapped: bool) -> bool:
    """Whether ``line`` carries on the paragraph of the line before it."""
    if _LIST_MARK.match(text, line[0], line[1]):
        return False
    head = text[line[0] : line[1]].lstrip()
    tail = text[before[0] : before[1]].rstrip()
    if wrapped:
        return True
    ended = tail.rstrip(_CLOSERS)[-1:] in tuple(".!?…:") or not tail
    if ended:
        return False
    # one character a line is noise or a vertical heading, never a wrapped sentence
    return head[0].islower() and len(tail) > 3 and len(head) > 1


def _is_stray(text: str) -> bool:
    """Only a few full stops or quotation marks, no word."""
    bare = text.strip()
    return 0 < len(bare) <= 4 and not bare.strip("".join(_STRAY))


def _is_opening_quote(text: str) -> bool:
    return text.strip() in ("“", "„", "«")


def _sentences(text: str, start: int, end: int) -> Iterator[Span]:
    """Sentences of one run of text, white space trimmed."""
    at = start
    quotes: list[int] | None = None
    for match in _CANDIDATE.finditer(text, start, end):
        cut = match.end()
        if cut >= end:
            break
        if cut <= at:
            continue
        if match.group("strong") is None:
            if not _is_boundary(text, at, match, end):
                continue
            rest = text[cut : cut + 3]
            # a straight quotation mark with white space on both sides: an odd number before it means that it closes
            if len(rest) > 1 and rest[0] in " \u00a0" and rest[1] in "\"'“”" and (len(rest) < 3 or rest[2].isspace()):
                if quotes is None:
                    quotes = [i for i in range(start, end) if text[i] in _DOUBLE_QUOTES]
                if rest[1] == "”" or bisect_left(quotes, cut) % 2 == 1:
                    cut += 2
        if (span := _trim(text, at, cut)) is not None:
            yield span
        at = cut
    if (span := _trim(text, at, end)) is not None:
        yield span


def _trim(text: str, start: int, end: int) -> Span | None:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return Span(start, end) if start < end else None


def _is_boundary(text: str, start: int, match: re.Match[str], end: int) -> bool:
    """Whether a sentence that began at ``start`` ends with the marks of ``match``."""
    mark_at, cut = match.start(), match.end()
    mark = match.group("mark")
    after = _AFTER.match(text, cut, min(end, cut + 80))
    if after is None:
        return False
    word = after.group("word") or ""
    if not after.group("space"):
        return _is_glued_boundary(text, start, mark_at, cut, mark, after, end)
    if not word:
        # a bullet, an emoji or another sign; a lone mark is put back by ``_attach``
        return len(mark) > 1 or mark != "." or _before(text, start, mark_at)[1] not in _NEVER_ENDS
    first = word[0]
    if first.islower() and not (len(word) > 2 and any(c.isupper() for c in word[1:3])):
        return False  # "Why?" he asked; a fragment cut off from its sentence; an abbreviation
    closed = bool(match.group("close"))
    if closed and mark[-1] in "!?" and _SPEECH.match(text, cut, min(end, cut + 80)):
        return False
    if mark != ".":
        return not (mark[-1] in "!?" and mark_at > start and text[mark_at - 1] in "([")
    raw, key = _before(text, start, mark_at)
    if not raw:
        return not first.isdigit()
    if mark_at - start < 12 and _ENUMERATOR.fullmatch(text, start, mark_at):
        return False  # "1. Introduction"
    if raw[-1].isdigit():
        if len(raw) > 2 or not raw.isdigit():
            return True
        # "11. April" (an ordinal of German, Czech, Estonian, ...) and "3. 5 million" are torn apart, not ended
        torn = _SMALL_NUMBER_TAIL if first.isdigit() else _MONTH
        return torn.match(text, cut, min(end, cut + 40)) is None
    is_initialism = _INITIALISM.fullmatch(raw) is not None
    if closed and len(raw) > 1 and not is_initialism and key not in _MAY_END:
        return True
    if key in _NEVER_ENDS and raw != "V":
        return False
    if len(raw) == 1 and text[max(start, mark_at - 3) : mark_at - 1].strip().endswith("°"):
        return True
    if key in _BEFORE_FIGURE and first.isdigit():
        return False
    is_starter = word.lower().replace("’", "'") in _STARTERS
    if len(raw) == 1 and raw.isalpha():
        if raw.isupper() or key in _BEFORE_FIGURE:
            # an initial, unless a pronoun or a Roman one at the end: "than I. The"
            return is_starter and (word != "A" or raw == "I") and not _looks_like_initial(text, after.end(), word)
        return True
    if is_initialism or key in _MAY_END or (key in _BEFORE_FIGURE and raw[0].isupper()):
        return is_starter and not _looks_like_initial(text, after.end(), word)
    return True


def _looks_like_initial(text: str, at: int, word: str) -> bool:
    """``A.`` or ``I.`` after an initial is one more initial."""
    return len(word) == 1 and text[at : at + 1] == "."


def _before(text: str, start: int, mark_at: int) -> tuple[str, str]:
    """The word that a full stop follows, and its key in the tables (lower case, no final stop)."""
    match = _WORD_BEFORE.search(text, max(start, mark_at - 30), mark_at)
    raw = match.group() if match else ""
    return raw, raw.lower()


def _is_glued_boundary(
    text: str, start: int, mark_at: int, cut: int, mark: str, after: re.Match[str], end: int
) -> bool:
    """A full stop without the space after it ("He left.The man"), told from ``example.Com`` and ``obj.Method()``."""
    word = after.group("word") or ""
    if not word or not word[0].isupper() or word in _DOMAIN_END:
        return False
    if len(word) == 1 and (word not in "AI" or text[after.end() : after.end() + 1] != " "):
        return False
    if len(word) > 1 and not word[1:].replace("'", "").replace("’", "").replace("-", "").islower():
        return False
    follows = text[after.end() : min(end, after.end() + 1)]
    if follows and not (follows.isspace() or follows in ',;:!?"”’)' or (follows == "." and mark != ".")):
        tail = text[after.end() : after.end() + 2]
        if not (follows == "." and (len(tail) < 2 or tail[1].isspace())):
            return False
    raw, key = _before(text, start, mark_at)
    last = text[cut - 1]
    if last in _CLOSERS and last not in "'’":
        return True
    if not raw or key in _NEVER_ENDS or key in _MAY_END:
        return False
    nearby = text[max(start, mark_at - 60) : mark_at].split()  # bounded: noise without white space stays linear
    if any(c in "@/\\_<>=&#" for c in nearby[-1]):
        return False
    if raw[-1].isdigit():
        return len(raw) == 4 and len(word) > 2
    return len(raw) >= 3 and raw[-2:].islower() and "." not in raw


def _attach(text: str, spans: list[Span]) -> list[Span]:
    """Give lone marks (".“", "“", "..") to the sentence that they were torn from."""
    if len(spans) < 2:
        return spans
    out: list[Span] = []
    pending: Span | None = None  # an opening mark that waits for its sentence
    for span in spans:
        if pending is not None:
            span = Span(pending.start, span.end)
            pending = None
        if _is_stray(span.of(text)):
            if _is_opening_quote(span.of(text)) and span is not spans[-1]:
                pending = span
                continue
            if out:
                out[-1] = Span(out[-1].start, span.end)
                continue
        out.append(span)
    if pending is not None:
        out.append(pending)
    return out
