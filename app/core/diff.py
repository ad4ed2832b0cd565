"""Word-level diff of two strings, applying edits, choosing among rival edits, and mapping offsets across edits.

The laws: ``apply_edits(s, diff(s, t)) == t`` for any two strings, and no change starts or ends inside a word or inside
a grapheme cluster of either string.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import regex
from rapidfuzz.distance import Indel

from app.core.types import Edit, Origin, Span

__all__ = ["Change", "OffsetMap", "apply_changes", "apply_edits", "diff", "resolve", "weaker", "whole_groups"]

_GRAPHEME = regex.compile(r"\X")
_ASCII_TOKEN = regex.compile(r"[A-Za-z0-9_]+(?:(?:(?<=[A-Za-z])'(?=[A-Za-z])|(?<=\d)[.,:](?=\d))[A-Za-z0-9_]+)*|[^\s]")
_JOINS_LETTERS = frozenset("'\u2019\u02bc")
_JOINS_DIGITS = frozenset(".,:")

# The alignment table holds one bit a pair of tokens, twice: 16 million pairs are 4 MB and take some 20 ms.
_MAX_PAIRS = 16_000_000

# Indel similarity from which a replaced word counts as a form or a misspelling of the other, and so as a step of its
# own beside a replaced neighbour. ERRANT (Bryant et al. 2017) splits a merged run at the same value.
_SAME_WORD = 0.75

# A replaced run longer than this is a rewriting: looking for similar words in it costs time and shows nothing.
_MAX_RUN_TO_SPLIT = 40


@dataclass(frozen=True, slots=True)
class Change:
    """Replace ``source[span]`` by ``text``; an empty span inserts, an empty text deletes.

    Changes that only make sense together share a ``group``.
    """

    span: Span
    text: str
    group: str | None = None


class _Token(NamedTuple):
    text: str
    start: int
    end: int


class _Block(NamedTuple):
    """Tokens ``[i0, i1)`` of the source become tokens ``[j0, j1)`` of the target; what stands between is kept."""

    i0: int
    i1: int
    j0: int
    j1: int


def diff(source: str, target: str) -> tuple[Change, ...]:
    """Find the word-level changes that turn ``source`` into ``target``, as a person would make them.

    Words, numbers and single punctuation marks are kept or replaced whole. Neighbouring replaced words form one change,
    unless each is a form or a misspelling of its counterpart. A deleted or inserted word takes exactly one
    neighbouring space with it. Time is about linear in the length of what is equal and, up to some thousand tokens,
    quadratic with a very small factor in what differs; beyond that the alignment starts from tokens that occur once.

    Returns:
        Changes in order, none in conflict, spans in code points of ``source``; empty if the strings are equal.
    """
    if source == target:
        return ()
    start, source_end, target_end = _trim(source, target)
    left = _tokenise(source, start, source_end)
    right = _tokenise(target, start, target_end)
    changes: list[Change] = []
    at_source, at_target = start, start  # where the last kept token ended
    i = j = 0
    for block in [*_split(left, right, _join(_align(left, right), left, right)), None]:
        kept = (len(left) if block is None else block.i0) - i
        for k in range(kept):
            before, after = left[i + k], right[j + k]
            _add(changes, source, at_source, before.start, target, at_target, after.start)
            at_source, at_target = before.end, after.end
        if block is None:
            break
        i, j = block.i1, block.j1
        # A pair of single tokens that the split took apart stands alone; white space around it belongs to the gaps.
        if block.i1 - block.i0 == 1 and block.j1 - block.j0 == 1:
            before, after = left[block.i0], right[block.j0]
            _add(changes, source, at_source, before.start, target, at_target, after.start)
            _add(changes, source, before.start, before.end, target, after.start, after.end)
            at_source, at_target = before.end, after.end
            continue
        next_source = left[i].start if i < len(left) else source_end
        next_target = right[j].start if j < len(right) else target_end
        _add(changes, source, at_source, next_source, target, at_target, next_target)
        at_source, at_target = next_source, next_target
    _add(changes, source, at_source, source_end, target, at_target, target_end)
    return tuple(changes)


def apply_edits(source: str, edits: Sequence[Edit | Change]) -> str:
    """Apply edits whose spans count code points of ``source``.

    Raises:
        ValueError: The edits are not sorted, two are in conflict, or one reaches beyond the text.
    """
    parts: list[str] = []
    at = 0
    previous: Span | None = None
    for edit in edits:
        span = edit.span
        if previous is not None:
            if span < previous:
                raise ValueError(f"edits are not sorted: [{span.start}, {span.end}) comes too late")
            if span.conflicts(previous):
                raise ValueError(f"edits conflict at [{span.start}, {span.end})")
        if span.end > len(source):
            raise ValueError(f"edit [{span.start}, {span.end}) reaches beyond the text of {len(source)} code points")
        parts.append(source[at : span.start])
        parts.append(edit.text)
        at = span.end
        previous = span
    parts.append(source[at:])
    return "".join(parts)


def whole_groups(changes: Sequence[Change], fits: Callable[[Change], bool]) -> list[Change]:
    """The changes that fit, without those of a group of which another one does not: it is made whole or not at all."""
    found = [(change, fits(change)) for change in changes]
    torn = {change.group for change, is_fit in found if not is_fit and change.group is not None}
    return [change for change, is_fit in found if is_fit and change.group not in torn]


def apply_changes(source: str, changes: Sequence[Change]) -> str:
    """Apply the changes of ``diff``; see ``apply_edits``."""
    return apply_edits(source, changes)


@dataclass(frozen=True, slots=True)
class OffsetMap:
    """Maps spans between a source text and the text that a set of edits makes of it.

    The fields hold, edit by edit, the bounds of what was replaced in the source and of what replaced it in the
    patched text; both increase.
    """

    source_starts: tuple[int, ...]
    source_ends: tuple[int, ...]
    patched_starts: tuple[int, ...]
    patched_ends: tuple[int, ...]
    source_length: int
    patched_length: int

    @classmethod
    def of(cls, source: str, edits: Sequence[Edit | Change]) -> OffsetMap:
        """Build the map of ``apply_edits(source, edits)``.

        Raises:
            ValueError: The edits are not sorted, two are in conflict, or one reaches beyond the text.
        """
        patched = apply_edits(source, edits)
        starts: list[int] = []
        ends: list[int] = []
        growth = 0
        for edit in edits:
            starts.append(edit.span.start + growth)
            ends.append(starts[-1] + len(edit.text))
            growth += len(edit.text) - len(edit.span)
        return cls(
            tuple(edit.span.start for edit in edits),
            tuple(edit.span.end for edit in edits),
            tuple(starts),
            tuple(ends),
            len(source),
            len(patched),
        )

    def to_source(self, span: Span) -> Span | None:
        """Map a span of the patched text to the source; ``None`` where an end falls strictly inside a replacement.

        A span that only touches replaced regions maps to one that only touches them: its start is taken as late and
        its end as early as possible. A span that covers replaced regions maps to one that covers what they replaced.
        An empty span beside a deletion comes after it.

        Raises:
            ValueError: The span reaches beyond the patched text.
        """
        if span.end > self.patched_length:
            raise ValueError(f"span [{span.start}, {span.end}) reaches beyond the patched text")
        return _map(span, self.patched_starts, self.patched_ends, self.source_starts, self.source_ends)

    def to_patched(self, span: Span) -> Span | None:
        """Map a span of the source to the patched text; ``None`` where an end falls strictly inside a replaced region.

        Ends that touch replaced regions are treated as in ``to_source``; an empty span beside an insertion comes
        after it.

        Raises:
            ValueError: The span reaches beyond the source.
        """
        if span.end > self.source_length:
            raise ValueError(f"span [{span.start}, {span.end}) reaches beyond the source")
        return _map(span, self.source_starts, self.source_ends, self.patched_starts, self.patched_ends)


_RANK = {origin: rank for rank, origin in enumerate(Origin)}


def resolve(edits: Sequence[Edit]) -> tuple[tuple[Edit, ...], tuple[Edit, ...]]:
    """Choose edits that can all be applied; the outcome does not depend on the order of the input.

    The stronger origin wins (glossary, names, rule, model), then the higher confidence, then the longer span. Edits of
    one group are kept or dropped together: the group counts with its strongest origin and its least confidence.

    Returns:
        The kept edits, sorted and free of conflicts, and the dropped ones, sorted.
    """
    units: dict[str | int, list[Edit]] = {}
    for index, edit in enumerate(edits):
        units.setdefault(index if edit.group is None else edit.group, []).append(edit)
    taken: list[Span] = []
    kept: list[Edit] = []
    dropped: list[Edit] = []
    for unit in sorted(units.values(), key=_precedence):
        added: list[Span] = []
        for edit in unit:
            if _is_taken(edit.span, taken):
                break
            insort(taken, edit.span)
            added.append(edit.span)
        else:
            kept += unit
            continue
        for span in added:
            taken.remove(span)
        dropped += unit
    return tuple(sorted(kept, key=_place)), tuple(sorted(dropped, key=_place))


def weaker(one: Edit, other: Edit) -> Edit:
    """The one of two edits that would be dropped if they were rivals."""
    return max((one, other), key=lambda edit: _precedence([edit]))


_Place = tuple[Span, int, float, str, str, str, str, str]


def _place(edit: Edit) -> _Place:
    return (
        edit.span, _RANK[edit.origin], -edit.confidence, edit.text, edit.rule, edit.group or "", edit.kind, edit.reason
    )  # fmt: skip


def _precedence(unit: Sequence[Edit]) -> tuple[int, float, int, list[_Place]]:
    return (
        min(_RANK[edit.origin] for edit in unit),
        -min(edit.confidence for edit in unit),
        -sum(len(edit.span) for edit in unit),
        sorted(_place(edit) for edit in unit),
    )


def _is_taken(span: Span, taken: Sequence[Span]) -> bool:
    """Whether ``span`` conflicts with one of the sorted spans, which do not conflict among themselves."""
    at = bisect_left(taken, span)
    return any(span.conflicts(other) for other in taken[max(0, at - 1) : at + 1])


def _map(
    span: Span, starts: Sequence[int], ends: Sequence[int], new_starts: Sequence[int], new_ends: Sequence[int]
) -> Span | None:
    start = _map_start(span.start, starts, ends, new_starts, new_ends)
    if not len(span):
        return None if start is None else Span(start, start)
    end = _map_end(span.end, starts, ends, new_starts, new_ends)
    if start is None or end is None:
        return None
    return Span(start, end)


def _map_start(
    at: int, starts: Sequence[int], ends: Sequence[int], new_starts: Sequence[int], new_ends: Sequence[int]
) -> int | None:
    """Map a position, as late as possible."""
    k = bisect_right(starts, at) - 1  # the last region that starts at or before the position
    if k < 0:
        return at
    if at >= ends[k]:
        return new_ends[k] + at - ends[k]
    return new_starts[k] if at == starts[k] else None


def _map_end(
    at: int, starts: Sequence[int], ends: Sequence[int], new_starts: Sequence[int], new_ends: Sequence[int]
) -> int | None:
    """Map a position, as early as possible."""
    k = bisect_left(ends, at)  # the first region that ends at or after the position
    if k == len(ends):
        return at + (new_ends[-1] - ends[-1] if ends else 0)
    if at <= starts[k]:
        return new_starts[k] - (starts[k] - at)
    return new_ends[k] if at == ends[k] else None


def _trim(source: str, target: str) -> tuple[int, int, int]:
    """Bounds of what differs, widened to white space: the common start, and the two ends."""
    prefix = _common_prefix(source, target)
    start = 0
    for at in range(prefix - 1, 0, -1):
        if _is_safe_cut(source, at):
            start = at
            break
    # A suffix must not overlap the prefix in either string.
    suffix = _common_suffix(source, target, min(len(source), len(target)) - start)
    for length in range(suffix - 1, 0, -1):
        if _is_safe_cut(source, len(source) - length):
            return start, len(source) - length, len(target) - length
    return start, len(source), len(target)


def _is_safe_cut(text: str, at: int) -> bool:
    """Whether a word starts here after white space, in a way that no neighbour can glue together."""
    # Beyond Latin, letters may belong to the cluster of the character before (Thai SARA AM does).
    return text[at - 1] in " \n\t" and text[at] < "\u02b0" and text[at].isalnum()


def _common_prefix(a: str, b: str) -> int:
    low, high = 0, min(len(a), len(b))
    while low < high:  # comparing slices runs at memory speed, a loop over characters does not
        middle = (low + high + 1) // 2
        if a[low:middle] == b[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _common_suffix(a: str, b: str, limit: int) -> int:
    low, high = 0, limit
    while low < high:
        middle = (low + high + 1) // 2
        if a[len(a) - middle : len(a) - low] == b[len(b) - middle : len(b) - low]:
            low = middle
        else:
            high = middle - 1
    return low


def _tokenise(text: str, start: int, end: int) -> list[_Token]:
    """Cut ``text[start:end]`` into words, numbers and single marks; white space is what stands between."""
    part = text[start:end]
    if part.isascii():
        return [_Token(m.group(), start + m.start(), start + m.end()) for m in _ASCII_TOKEN.finditer(part)]
    tokens: list[_Token] = []
    clusters = [m.span() for m in _GRAPHEME.finditer(part)]
    word = -1  # where the word that is being read starts
    for k, (a, b) in enumerate(clusters):
        first = part[a]
        if first.isalnum() or first == "_":
            if word < 0:
                word = a
            continue
        if word >= 0 and b - a == 1 and k + 1 < len(clusters) and _joins(part[a - 1], first, part[b]):
            continue
        if word >= 0:
            tokens.append(_Token(part[word:a], start + word, start + a))
            word = -1
        if not part[a:b].isspace():
            tokens.append(_Token(part[a:b], start + a, start + b))
    if word >= 0:
        tokens.append(_Token(part[word:], start + word, end))
    return tokens


def _joins(before: str, mark: str, after: str) -> bool:
    if mark in _JOINS_LETTERS:
        return (before.isalpha() or not before.isascii()) and after.isalpha()
    return mark in _JOINS_DIGITS and before.isdecimal() and after.isdecimal()


def _align(left: Sequence[_Token], right: Sequence[_Token]) -> list[_Block]:
    """Find the blocks of tokens that differ, keeping as many tokens as possible."""
    ids: dict[str, int] = {}
    a = [ids.setdefault(token.text, len(ids)) for token in left]
    b = [ids.setdefault(token.text, len(ids)) for token in right]
    blocks: list[_Block] = []
    _align_ids(a, b, 0, 0, blocks)
    return _touching_together(blocks)


def _align_ids(a: Sequence[int], b: Sequence[int], i: int, j: int, blocks: list[_Block]) -> None:
    if not a and not b:
        return
    if not a or not b:
        blocks.append(_Block(i, i + len(a), j, j + len(b)))
        return
    if len(a) * len(b) <= _MAX_PAIRS:
        for op in Indel.opcodes(a, b):
            if op.tag != "equal":
                blocks.append(_Block(i + op.src_start, i + op.src_end, j + op.dest_start, j + op.dest_end))
        return
    at_a = at_b = 0
    anchors = _anchors(a, b)
    if not anchors:  # nothing to hold on to: one big replacement is right, if not minimal
        blocks.append(_Block(i, i + len(a), j, j + len(b)))
        return
    for next_a, next_b in [*anchors, (len(a), len(b))]:
        _align_ids(a[at_a:next_a], b[at_b:next_b], i + at_a, j + at_b, blocks)
        at_a, at_b = next_a + 1, next_b + 1


def _anchors(a: Sequence[int], b: Sequence[int]) -> list[tuple[int, int]]:
    """Pair the tokens that occur once on either side, in the longest order common to both (patience diff)."""
    once_a = {x for x, n in Counter(a).items() if n == 1}
    once_b = {x for x, n in Counter(b).items() if n == 1}
    place = {x: k for k, x in enumerate(b) if x in once_a and x in once_b}
    pairs = [(k, place[x]) for k, x in enumerate(a) if x in place]
    tails: list[int] = []  # last place in b of the best chain of each length
    ends: list[int] = []  # its pair
    before: list[int] = []
    for k, (_, at) in enumerate(pairs):
        length = bisect_left(tails, at)
        before.append(ends[length - 1] if length else -1)
        if length == len(tails):
            tails.append(at)
            ends.append(k)
        else:
            tails[length], ends[length] = at, k
    chain: list[tuple[int, int]] = []
    k = ends[-1] if ends else -1
    while k >= 0:
        chain.append(pairs[k])
        k = before[k]
    return chain[::-1]


def _touching_together(blocks: Sequence[_Block]) -> list[_Block]:
    joined: list[_Block] = []
    for block in blocks:
        if joined and joined[-1].i1 == block.i0 and joined[-1].j1 == block.j0:
            joined[-1] = _Block(joined[-1].i0, block.i1, joined[-1].j0, block.j1)
        else:
            joined.append(block)
    return joined


def _join(blocks: Sequence[_Block], left: Sequence[_Token], right: Sequence[_Token]) -> list[_Block]:
    """Swallow a lone short token that chance kept between two rewritten phrases."""
    joined: list[_Block] = []
    for block in blocks:
        if joined:
            last = joined[-1]
            lone = block.i0 - last.i1 == 1 and len(left[last.i1].text) <= 3
            if lone and _is_phrase(last, left, right) and _is_phrase(block, left, right):
                joined[-1] = _Block(last.i0, block.i1, last.j0, block.j1)
                continue
        joined.append(block)
    return joined


def _is_phrase(block: _Block, left: Sequence[_Token], right: Sequence[_Token]) -> bool:
    """Whether at least two words were replaced by at least two."""
    before = sum(token.text[0].isalnum() for token in left[block.i0 : block.i1])
    after = sum(token.text[0].isalnum() for token in right[block.j0 : block.j1])
    return before >= 2 and after >= 2


def _split(left: Sequence[_Token], right: Sequence[_Token], blocks: Sequence[_Block]) -> list[_Block]:
    """Take forms and misspellings of one word out of a replaced run, so that each is a step of its own."""
    parts: list[_Block] = []
    for block in blocks:
        i, j = block.i0, block.j0
        for pair_i, pair_j in _same_words(left[block.i0 : block.i1], right[block.j0 : block.j1]):
            at_i, at_j = block.i0 + pair_i, block.j0 + pair_j
            if (i, j) != (at_i, at_j):
                parts.append(_Block(i, at_i, j, at_j))
            parts.append(_Block(at_i, at_i + 1, at_j, at_j + 1))
            i, j = at_i + 1, at_j + 1
        if (i, j) != (block.i1, block.j1):
            parts.append(_Block(i, block.i1, j, block.j1))
    return parts


def _same_words(left: Sequence[_Token], right: Sequence[_Token]) -> list[tuple[int, int]]:
    """Pair similar words in order, as many as possible; first come, first served among equals."""
    n, m = len(left), len(right)
    if not (n and m) or n + m == 2 or max(n, m) > _MAX_RUN_TO_SPLIT:
        return []
    best = [[0] * (m + 1) for _ in range(n + 1)]
    same = [[_is_same_word(a.text, b.text) for b in right] for a in left]
    for i in range(n - 1, -1, -1):
        for j in range(m - 1, -1, -1):
            best[i][j] = max(best[i + 1][j], best[i][j + 1], same[i][j] + best[i + 1][j + 1] if same[i][j] else 0)
    pairs: list[tuple[int, int]] = []
    i = j = 0
    while i < n and j < m:
        if same[i][j] and best[i][j] == 1 + best[i + 1][j + 1]:
            pairs.append((i, j))
            i, j = i + 1, j + 1
        elif best[i + 1][j] >= best[i][j + 1]:
            i += 1
        else:
            j += 1
    return pairs


def _is_same_word(a: str, b: str) -> bool:
    # Words that differ in capitals only belong to the step beside them: ". Next" becomes ", next" at once.
    if len(a) < 3 or len(b) < 3 or not (a[0].isalpha() and b[0].isalpha()) or a.casefold() == b.casefold():
        return False
    return Indel.normalized_similarity(a, b, score_cutoff=_SAME_WORD) > 0


def _add(changes: list[Change], source: str, a0: int, a1: int, target: str, b0: int, b1: int) -> None:
    """Add the change of ``source[a0:a1]`` into ``target[b0:b1]``, without the white space that both share."""
    while a0 < a1 and b0 < b1 and source[a0] == target[b0] and source[a0].isspace():
        if source[a0] == "\r" and "\n" in (source[a0 + 1 : a0 + 2], target[b0 + 1 : b0 + 2]):
            if source[a0 + 1 : a0 + 2] != target[b0 + 1 : b0 + 2] or min(a1 - a0, b1 - b0) < 2:
                break
            a0, b0 = a0 + 1, b0 + 1
        a0, b0 = a0 + 1, b0 + 1
    while a0 < a1 and b0 < b1 and source[a1 - 1] == target[b1 - 1] and source[a1 - 1].isspace():
        if source[a1 - 1] == "\n" and "\r" in (source[max(a1 - 2, 0) : a1 - 1], target[max(b1 - 2, 0) : b1 - 1]):
            if source[max(a1 - 2, 0) : a1 - 1] != target[max(b1 - 2, 0) : b1 - 1] or min(a1 - a0, b1 - b0) < 2:
                break
            a1, b1 = a1 - 1, b1 - 1
        a1, b1 = a1 - 1, b1 - 1
    if source[a0:a1] == target[b0:b1]:
        return
    text = target[b0:b1]
    if changes and changes[-1].span.end == a0 and not (len(changes[-1].span) and a1 > a0):
        # Two steps at one place, one of them an insertion, would conflict or confuse: they are one.
        last = changes.pop()
        changes.append(Change(Span(last.span.start, a1), last.text + text))
        return
    changes.append(Change(Span(a0, a1), text))
