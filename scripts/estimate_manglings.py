"""Learn from real pairs how often names go wrong which way, and say how much of it the mangler foresees.

    python -m scripts.estimate_manglings learn ../shared/data/mt app/names/mangle/data
    python -m scripts.estimate_manglings cover ../shared/data/mt

``learn`` reads only rows that training may see; ``cover`` reads only documents held out from it (and the dev split of
the post-edits). A pair counts when a name of the reference stands in the machine's sentence, at the same place,
recognisably but not as it is in the reference.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from difflib import SequenceMatcher
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import regex
import typer
from rapidfuzz.distance import Indel, Levenshtein

from app.evaluation.data import read_rows
from app.evaluation.splits import held_out_references, reference_key
from app.names.mangle import Damage, Origin, entity_of, origin_of, propose
from app.names.mangle.latin import fold
from app.names.mangle.noise import respelling_probability
from app.names.mangle.organisations import HEADS
from app.names.mentions import lower_case_share
from app.names.store import EntityKind

cli = typer.Typer(no_args_is_help=True, add_completion=False)

_TOKEN = regex.compile(r"\p{L}[\p{L}\p{M}]*(?:['’-]\p{L}[\p{L}\p{M}]*)*|\p{N}+|\S")
_POSSESSIVE = regex.compile(r"(?:['’]s|(?<=s)['’])$")
_LINKS = frozenset(
    [
        "of",
        "de",
        "del",
        "della",
        "di",
        "da",
        "dos",
        "von",
        "van",
        "der",
        "den",
        "la",
        "le",
        "al",
        "el",
        "bin",
        "ibn",
        "for",
    ]
)
_CONTRACTION = regex.compile(r"['’](?:m|d|ll|re|ve|t)$|^I$", regex.IGNORECASE)
_DERIVED = regex.compile(r"(?:s|es|n|an|ian|ans|ians|ish|ese|ic|y|e)?")
_LEAST_ALIKE = 0.45
_MOST_CHUNK = 3
_LEAST_COUNT = 3
_DOUBT = 10.0  # sightings that a rare group of letters is thought to have had unchanged
_LEAST_PROBABILITY = 1e-6
_FLOOR = 0.5  # pairs that a rule is credited with even if those of an origin happen not to show it, ...
_FLOOR_PAIRS = 50.0  # ... spread over at least so many
_PRIOR = 8.0  # pairs' worth of trust in the rates over all origins


class NamePair(NamedTuple):
    """A name as the reference has it, and as the machine does."""

    right: str
    wrong: str
    lang: str


def tokens(text: str) -> list[str]:
    """Words, numbers and single marks; a possessive ending is a token of its own."""
    found = []
    for token in _TOKEN.findall(text):
        ending = _POSSESSIVE.search(token)
        found += [token[: ending.start()], "'s"] if ending else [token]
    return found


def runs(words: list[str]) -> Iterator[tuple[int, int]]:
    """Maximal runs of capitalised words (linking words inside allowed), as half-open ranges."""
    start = 0
    while start < len(words):
        if not words[start][0].isupper():
            start += 1
            continue
        end = start + 1
        while end < len(words):
            if words[end][0].isupper() and words[end][0].isalpha():
                end += 1
            elif words[end] in _LINKS and end + 1 < len(words) and words[end + 1][0].isupper():
                end += 2
            else:
                break
        yield start, end
        start = end


def name_pairs(rows: Iterable[dict[str, Any]]) -> Iterator[NamePair]:
    """Names that stand misspelt, each distinct triple once."""
    seen: set[NamePair] = set()
    for row in rows:
        right, wrong = tokens(row["ref"]), tokens(row["mt"])
        matcher = SequenceMatcher(None, wrong, right, autojunk=False)
        to_wrong: dict[int, int] = {}
        blocks: list[tuple[int, int, int, int]] = []
        for op, i, j, k, m in matcher.get_opcodes():
            if op == "equal":
                to_wrong.update(zip(range(k, m), range(i, j), strict=True))
            elif op == "replace":
                blocks.append((i, j, k, m))
        for start, end in runs(right):
            if start == 0 and lower_case_share(right[0]) is not None:
                start = 1
            if start >= end or end - start > 6 or all(at in to_wrong for at in range(start, end)):
                continue
            place = _place(start, end, to_wrong, blocks)
            if place is None:
                continue
            first, last = place
            while first < last - 1 and not wrong[first][0].isupper():
                first += 1  # an article, a preposition
            while first < last - 1 and not wrong[last - 1][0].isupper():
                last -= 1
            pair = NamePair(" ".join(right[start:end]), " ".join(wrong[first:last]), row["lang"])
            if pair not in seen and is_misspelt(pair):
                seen.add(pair)
                yield pair


def _place(
    start: int, end: int, to_wrong: dict[int, int], blocks: list[tuple[int, int, int, int]]
) -> tuple[int, int] | None:
    """Where in the machine's sentence the words ``start..end`` of the reference stand, if both ends are sure."""
    first, last = to_wrong.get(start), to_wrong.get(end - 1)
    for i, j, k, m in blocks:
        if k == start and first is None:
            first = i
        if m == end and last is None:
            last = j - 1
    if first is None or last is None or not 0 <= last - first < 7:
        return None
    return first, last + 1


def is_misspelt(pair: NamePair) -> bool:
    """Whether the right side is a name and the wrong one the same name, damaged."""
    right, wrong = pair.right.split(), pair.wrong.split()
    if kind_of(pair.right) is EntityKind.ORGANISATION and is_renamed(right, wrong):
        return True
    changed = [w for w in right if w not in wrong]
    if not any(len(w) > 2 and w[0].isupper() and lower_case_share(w) is None for w in changed):
        return False
    if not all(w[0].isalpha() for w in wrong) or not any(w[0].isupper() for w in wrong):
        return False
    if pair.right == pair.wrong or any(_CONTRACTION.search(w) for w in changed):
        return False
    if len(right) == len(wrong) and any(
        x != y and Indel.normalized_similarity(fold(x).lower(), fold(y).lower()) < _LEAST_ALIKE
        for x, y in zip(right, wrong, strict=True)
    ):
        return right[::-1] == wrong or sorted(right) == sorted(wrong)  # another word, not the name gone wrong
    a, b = fold(pair.right).lower(), fold(pair.wrong).lower()
    if a == b:
        return True
    for longer, shorter in ((a, b), (b, a)):
        if longer.startswith(shorter) and _DERIVED.fullmatch(longer[len(shorter) :]):
            return False  # number or derivation, not a name gone wrong
    return Indel.normalized_similarity(a, b) >= _LEAST_ALIKE and abs(len(right) - len(wrong)) <= 2


def is_renamed(right: list[str], wrong: list[str]) -> bool:
    """Whether the name of an organisation has other words or another order, and is still recognisable."""
    a = {fold(w).lower() for w in right if w not in _LINKS}
    b = {fold(w).lower() for w in wrong if w not in _LINKS}
    if right == wrong or not all(w[0].isupper() or w in _LINKS or w in {"and", "the"} for w in wrong) or len(a) < 2:
        return False
    return len(a & b) * 2 >= max(len(a), len(b)) and all(lower_case_share(w) is not None for w in a ^ b)


def kind_of(name: str) -> EntityKind:
    """A guess that decides which rules apply."""
    words = name.lower().split()
    return EntityKind.ORGANISATION if HEADS & set(words) or "of" in words else EntityKind.PERSON


def explain(right: str, wrong: str) -> dict[Damage, float]:
    """Which kinds of damage make the one of the other, with their share; empty if none does.

    Letters count, marks only where nothing else changed; a form of several damaged words may be explained word by word.
    """
    weights = _whole(right, wrong)
    if weights:
        return weights
    a, b = right.split(), wrong.split()
    if len(a) != len(b) or len(a) < 2:
        return {}
    return _word_by_word(right, a, b)


def _word_by_word(right: str, a: list[str], b: list[str]) -> dict[Damage, float]:
    merged: Counter[Damage] = Counter()
    for i, (x, y) in enumerate(zip(a, b, strict=True)):
        if x == y:
            continue
        part = _whole(right, " ".join((*a[:i], y, *a[i + 1 :]))) or _whole(x, y)
        if not part:
            return {}
        merged.update(part)
    total = sum(merged.values())
    return {kind: share / total for kind, share in merged.items()}


def _whole(right: str, wrong: str) -> dict[Damage, float]:
    entity = entity_of(right, kind_of(right))
    loosely = fold(wrong).lower()
    exact: Counter[Damage] = Counter()
    loose: Counter[Damage] = Counter()
    for form in propose(entity):
        if form.text == wrong:
            exact[form.kind] += form.weight  # type: ignore[assignment]
        elif fold(form.text).lower() == loosely and loosely != fold(right).lower():
            loose[form.kind] += form.weight  # type: ignore[assignment]
    found = exact or loose
    total = sum(found.values())
    return {kind: weight / total for kind, weight in found.items()}


def learn_confusions(pairs: Iterable[NamePair]) -> list[tuple[str, str, float]]:
    """Groups of letters that come out as others, with the share of the groups in damaged names that do."""
    changed: dict[tuple[str, str], set[str]] = defaultdict(set)  # names, so that one name often misspelt is one
    seen: dict[str, set[str]] = defaultdict(set)
    for pair in pairs:
        right, wrong = pair.right.split(), pair.wrong.split()
        if len(right) != len(wrong):
            continue
        for x, y in zip(right, wrong, strict=True):
            a, b = f"^{fold(x).lower()}$", f"^{fold(y).lower()}$"
            if a == b or Indel.normalized_similarity(a, b) < 0.6:
                continue
            chunks = list(_chunks(a, b))
            if len(chunks) > 2:
                continue
            for chunk in chunks:
                changed[chunk].add(a)
            for length in range(1, _MOST_CHUNK + 2):
                for i in range(len(a) - length + 1):
                    seen[a[i : i + length]].add(a)
    kept = [
        (old, new, len(names) / (len(seen[old]) + _DOUBT))
        for (old, new), names in changed.items()
        if len(names) >= _LEAST_COUNT
    ]
    return sorted(((o, w, round(r, 5)) for o, w, r in kept), key=lambda c: (-c[2], c[0], c[1]))


def _chunks(right: str, wrong: str) -> Iterator[tuple[str, str]]:
    """Differing pieces, each with a neighbour where one side is empty."""
    ops = [op for op in Levenshtein.opcodes(right, wrong) if op.tag != "equal"]
    merged: list[list[int]] = []
    for op in ops:
        if merged and merged[-1][1] == op.src_start and merged[-1][3] == op.dest_start:
            merged[-1][1], merged[-1][3] = op.src_end, op.dest_end
        else:
            merged.append([op.src_start, op.src_end, op.dest_start, op.dest_end])
    for i, j, k, m in merged:
        if (i == j or k == m) and j == len(right) - 1:
            j, m = j + 1, m + 1  # an ending that came or went
        elif i == j or k == m:
            i, k = max(0, i - 1), max(0, k - 1)
            if right[i] != wrong[k] and right[i : i + 1] != wrong[k : k + 1]:
                j, m = min(len(right), j + 1), min(len(wrong), m + 1)
        old, new = right[i:j], wrong[k:m]
        extra = old[-1:] == "$"
        if 0 < len(old) <= _MOST_CHUNK + extra and 0 < len(new) <= _MOST_CHUNK + 1 and old != new:
            yield old, new


def learn_rates(pairs: Iterable[NamePair]) -> dict[str, dict[str, float]]:
    """Share of damaged names that each kind explains, by origin; rare origins lean on all."""
    credit: dict[Origin, Counter[Damage]] = defaultdict(Counter)
    numbers: Counter[Origin] = Counter()
    for pair in pairs:
        origin = origin_of(entity_of(pair.right, kind_of(pair.right)))
        numbers[origin] += 1
        credit[origin].update(explain(pair.right, pair.wrong))
    every: Counter[Damage] = Counter()
    for counter in credit.values():
        every.update(counter)
    total = sum(numbers.values())
    return {
        origin.value: {
            kind.value: round(
                max(
                    _FLOOR / (numbers[origin] + _FLOOR_PAIRS),
                    (credit[origin][kind] + _PRIOR * every[kind] / total) / (numbers[origin] + _PRIOR),
                ),
                5,
            )
            for kind in Damage
        }
        for origin in Origin
    }


def split_pairs(folder: Path, *, held_out: bool) -> list[NamePair]:
    """Name pairs of the rows that training may see, or of those it may not."""
    hidden = held_out_references(read_rows(folder / "wmt-train.jsonl.xz"))
    files = ["wmt-train", "moz-train", "pe-dev" if held_out else "pe-train"]
    rows = (
        row
        for name in files
        for row in read_rows(folder / f"{name}.jsonl.xz")
        if row["kind"] == "pe" or (reference_key(row["ref"]) in hidden) == held_out
    )
    return list(name_pairs(rows))


def _write(path: Path, value: dict[str, Any]) -> None:
    partial = path.with_name(path.name + ".partial")
    partial.write_text(
        json.dumps(value, ensure_ascii=False, indent=None, separators=(",", ":")) + "\n", encoding="utf-8"
    )
    partial.replace(path)


@cli.command()
def learn(folder: Annotated[Path, typer.Argument()], out: Annotated[Path, typer.Argument()]) -> None:
    """Write ``confusions.json``, then with it ``rates.json``."""
    pairs = split_pairs(folder, held_out=False)
    _write(out / "confusions.json", {"pairs": len(pairs), "confusions": learn_confusions(pairs)})
    _write(out / "rates.json", {"pairs": len(pairs), "rates": learn_rates(pairs)})
    typer.echo(f"learned from {len(pairs)} misspelt names")


@cli.command()
def cover(folder: Annotated[Path, typer.Argument()], show: Annotated[int, typer.Option()] = 0) -> None:
    """Print by language how many misspelt names some form explains, and which kinds do."""
    numbers: Counter[str] = Counter()
    explained: Counter[str] = Counter()
    likely: Counter[str] = Counter()  # also counting what the letter model allows
    kinds: Counter[Damage] = Counter()
    missed: list[NamePair] = []
    for pair in split_pairs(folder, held_out=True):
        shares = explain(pair.right, pair.wrong)
        numbers.update([pair.lang, "all"])
        if shares or respelling_probability(pair.right, pair.wrong) >= _LEAST_PROBABILITY:
            likely.update([pair.lang, "all"])
        if shares:
            explained.update([pair.lang, "all"])
            kinds.update(shares)
        else:
            missed.append(pair)
    for lang, number in numbers.most_common():
        typer.echo(f"{lang:4} {number:6} {explained[lang] / number:6.1%} {likely[lang] / number:6.1%}")
    for kind, share in kinds.most_common():
        typer.echo(f"{kind.value:18} {share:7.1f} {share / numbers['all']:6.1%}")
    for pair in missed[:: max(1, len(missed) // show)] if show else ():
        typer.echo(f"missed {pair.lang}: {pair.right} -> {pair.wrong}")


if __name__ == "__main__":
    cli()
