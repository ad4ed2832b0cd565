"""How often each rule speaks on clean text, and whether it is right on machine translations.

Clean text is read as it is and with its quotation marks curled, a paragraph at a time; a firing there counts against
the rule. On pairs of a machine translation and its post-edit or a reference, or of a sentence of a learner or of the
web and its correction, each finding is applied alone: does it bring the sentence closer to a reference, or farther
away, in words and marks, and where that ties in words with the marks that stick to them (``app.evaluation.judge``)?
A post-edit often keeps the spacing and the marks of the translation; where the rule would find the very same in the
reference, the pair says nothing of it ("copied").

Damage that these pairs have not been through is made: a place of a clean paragraph is spoilt in the way that a rule is
for, and the rule has to give the paragraph back as it was. That shows whether its repair is the right one, and not how
often such damage is met.
"""

from __future__ import annotations

import lzma
import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Final

import ftfy.bad_codecs
import regex
import typer

from app.core.diff import apply_edits
from app.core.rules import ALL_RULES, Rule, Rules
from app.core.segment import SentenceSegmenter
from app.core.types import Edit
from app.evaluation.data import curl_quotes, read_rows
from app.evaluation.judge import distance
from app.evaluation.splits import held_out_references, is_held_out_row, reference_key

COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "post-edits": ("mt/pe-train.jsonl.xz", "mt/pe-dev.jsonl.xz"),
    "references": ("mt/wmt-train.jsonl.xz", "mt/moz-train.jsonl.xz"),  # without what is held out for evaluation
    "learners, web": ("gec/cweb-dev.jsonl.xz", "gec/jfleg-dev.jsonl.xz"),
}
ftfy.bad_codecs.ok()  # makes known the encoding that browsers read as Windows-1252
_SEED: Final = 7
Damage = Callable[[str, random.Random], str]
"""Spoils one place of a paragraph; gives it back as it was where there is no such place."""


def _at_one(pattern: str, replacement: str) -> Damage:
    compiled = regex.compile(pattern)

    def spoil(text: str, chance: random.Random) -> str:
        places = list(compiled.finditer(text))
        if not places:
            return text
        place = chance.choice(places)
        return text[: place.start()] + place.expand(replacement) + text[place.end() :]

    return spoil


def _wrong_encoding(text: str, _chance: random.Random) -> str:
    return text.encode().decode("sloppy-windows-1252")


def _escaped(text: str, chance: random.Random) -> str:
    return _at_one(*chance.choice((('"', "&quot;"), ("'", "&#39;"), ("&", "&amp;"), ("'", "& # 39;"))))(text, chance)


def _wrong_direction(text: str, chance: random.Random) -> str:
    return _at_one("“([^“”„]+)”", chance.choice(("“\\1“", "„\\1“", "”\\1”")))(curl_quotes(text), chance)


def _foreign_era(text: str, chance: random.Random) -> str:
    return _at_one(r"(?<=\d )BC\b(?![.E])", chance.choice(("î.Hr.", "eKr", "v. Chr.", "a.C.", "p.n.e.")))(text, chance)


def _without_capital(text: str, chance: random.Random) -> str:
    places = list(
        regex.finditer(r"(?<=\p{L} )(?:(?:Mon|Tues|Fri|Sun)day|(?:Octo|Novem|Decem)ber|Russian|European)\b", text)
    )
    if not places:
        return text
    at = chance.choice(places).start()
    return text[:at] + text[at].lower() + text[at + 1 :]


def _twice(text: str, chance: random.Random) -> str:
    return _at_one(*chance.choice(((r"\b(\p{Ll}{5,})\b", r"\1 \1"), (r"\b(of the \p{Ll}{5,})\b", r"\1 \1"))))(
        text, chance
    )


_DAMAGE: Final[Mapping[str, Damage]] = {
    "MTR_MOJIBAKE": _wrong_encoding,
    "MTR_HTML_ENTITY": _escaped,
    "MTR_SPACE_BEFORE_PUNCTUATION": _at_one(r"(?<=\p{L})([,;.!?])(?=\s|$)", r" \1"),
    "MTR_SPACE_AFTER_PUNCTUATION": _at_one(r"(?<=\p{L}[,.?!]) (?=\p{L})", ""),
    "MTR_DOUBLED_PUNCTUATION": _at_one(r"(?<=\p{L})([,;])(?= )", r"\1\1"),
    "MTR_DOUBLED_STOP": _at_one(r"(?<=\p{Ll}{2})\.(?=$| \p{Lu})", ".."),
    "MTR_DOUBLED_QUOTE": _at_one(r'(?<=[ (])"(?=\w)|(?<=\w)"(?=[ ,.;:!?)]|$)', '""'),
    "MTR_TORN_NUMBER": _at_one(r"(?<=\b\d{1,2}:)(?=\d\d\b)|(?<=\b\d{1,3},)(?=000\b)", " "),
    "MTR_FOREIGN_DATE": _at_one(r"(?<= [123]?\d)(?= (?:Januar|Februar|April|June|July|[SOND]\w+ber)y?\b)", "."),
    "MTR_TORN_ELLIPSIS": _at_one(r"(?<=\p{L})\.\.\.(?= |$)", ". .."),
    "MTR_REPEATED_SPACE": _at_one(r"(?<=\p{L}) (?=\p{L})", "  "),
    "MTR_QUOTE_DIRECTION": _wrong_direction,
    "MTR_QUOTE_SPACING": _at_one(r'(?<=^|[ (])"([^"\n]+)"(?=[ ,.;:!?)]|$)', r'" \1 "'),
    "MTR_BRACKET_SPACING": _at_one(r"(?<=[ ])\(([^()\n]+)\)(?=[ ,.;])", r"( \1 )"),
    "MTR_TORN_APOSTROPHE": _at_one(r"(?<=\p{L})'(s|t|re|ve|ll)(?=[ ,.])", r" ' \1"),
    "MTR_STRAY_QUOTE": _at_one(r"(?<=\p{L}[.!?]) (?=\p{Lu})", " “ "),
    "MTR_FOREIGN_ERA": _foreign_era,
    "MTR_LOWER_CASE": _without_capital,
    "MTR_REPEATED_WORD": _at_one(r"(?i)\b(the|a|of|and|to|in|is|with|for|that)\b", r"\1 \1"),
    "MTR_REPEATED_PHRASE": _twice,
    "MTR_LOOP": _at_one(r"\b(\p{L}{2,} \p{L}{3,})\b", r"\1 \1 \1 \1"),
}


def main(
    data: Annotated[Path, typer.Argument(help="Folder with text/, mt/ and gec/.")],
    paragraphs: Annotated[int, typer.Option(help="Most paragraphs of each clean file.")] = 4000,
    spoilt: Annotated[int, typer.Option(help="Most paragraphs to spoil for each rule.")] = 2000,
    show: Annotated[int, typer.Option(help="Examples to print for each rule.")] = 0,
) -> None:
    """Print a table: firings in 10,000 clean sentences, straight and curly, and precision on pairs."""
    rules, segmenter = Rules(), SentenceSegmenter()
    clean: dict[bool, Counter[str]] = {False: Counter(), True: Counter()}
    examples: dict[str, list[str]] = defaultdict(list)
    sentences = 0
    for text in _clean(data / "text", paragraphs):
        for curled in (False, True):
            shown = curl_quotes(text) if curled else text
            segments = segmenter.segment(shown)
            sentences += len(segments) if not curled else 0
            for edit in _findings(rules.find(shown, segments)):
                clean[curled][edit[0].rule] += 1
                examples[edit[0].rule].append("clean  " + _context(shown, edit))
    fired: Counter[tuple[str, str]] = Counter()
    right: Counter[tuple[str, str]] = Counter()
    wrong: Counter[tuple[str, str]] = Counter()
    copied: Counter[tuple[str, str]] = Counter()
    for column, text, references in _all_pairs(data):
        for edits in _findings(rules.find(text, segmenter.segment(text))):
            rule_id = edits[0].rule
            key = (rule_id, column)
            fired[key] += 1
            after = apply_edits(text, sorted(edits, key=lambda e: e.span))
            old, new = distance(text, references), distance(after, references)
            found = _covered(text, edits)
            is_copied = new > old and all(
                found in {_covered(r, e) for e in _findings(rules.find(r, segmenter.segment(r)))} for r in references
            )
            right[key] += new < old
            wrong[key] += new > old and not is_copied
            copied[key] += is_copied
            sign = "+" if new < old else "c" if is_copied else "-" if new > old else "="
            examples[rule_id].append(f"{key[1]} {sign}  " + _context(text, edits))
    print(f"{sentences} clean sentences")
    print(f"{'':32}{'clean':^25}" + "".join(f"{column:^32}" for column in COLUMNS))
    head = f"{'fired':>10}{'closer':>7}{'farther':>8}{'copied':>7}"
    print(f"{'rule':32}{'straight':>9}{'curly':>7}{'per 10k':>9}" + head * len(COLUMNS))
    for rule in ALL_RULES:
        a, b = clean[False][rule.id], clean[True][rule.id]
        figures = [(fired[k], right[k], wrong[k], copied[k]) for k in ((rule.id, column) for column in COLUMNS)]
        print(
            f"{rule.id:32}{a:9}{b:7}{max(a, b) * 1e4 / max(sentences, 1):9.2f}"
            + "".join(f"{n:10}{good:7}{bad:8}{same:7}" for n, good, bad, same in figures)
        )
        for example in examples[rule.id][:show]:
            print(f"      {example}")
    print(f"\n{'clean text, spoilt':32}{'places':>8}{'restored':>10}{'otherwise':>11}{'missed':>8}")
    for rule in ALL_RULES:
        outcomes, slips = _spoil(rule, list(_clean(data / "text", paragraphs)), spoilt)
        print(
            f"{rule.id:32}{outcomes.total():8}{outcomes['restored']:10}{outcomes['otherwise']:11}{outcomes['missed']:8}"
        )
        for example in slips[:show]:
            print(f"      {example}")


def _spoil(rule: Rule, texts: list[str], most: int) -> tuple[Counter[str], list[str]]:
    """What a rule makes of clean paragraphs spoilt in its way, and the places where it made something else."""
    chance = random.Random(_SEED)
    chance.shuffle(texts)
    rules, segmenter = Rules((rule,)), SentenceSegmenter()
    outcomes: Counter[str] = Counter()
    slips: list[str] = []
    for clean in texts:
        if outcomes.total() == most:
            break
        damaged = _DAMAGE[rule.id](clean, chance)
        if damaged == clean or (rule.id == "MTR_QUOTE_DIRECTION" and damaged == curl_quotes(clean)):
            continue
        wanted = curl_quotes(clean) if rule.id == "MTR_QUOTE_DIRECTION" else clean
        edits = rules.find(damaged, segmenter.segment(damaged))
        after = apply_edits(damaged, sorted(edits, key=lambda e: e.span))
        outcome = "restored" if after == wanted else "missed" if after == damaged else "otherwise"
        outcomes[outcome] += 1
        if outcome == "otherwise":
            slips.append(_context(damaged, edits))
    return outcomes, slips


def _clean(folder: Path, most: int) -> Iterator[str]:
    for path in sorted(folder.glob("*.txt.xz")):
        with lzma.open(path, "rt", encoding="utf-8") as lines:
            found = 0
            for line in lines:
                if found == most:
                    break
                if line.strip():
                    found += 1
                    yield line.rstrip("\n")


def _all_pairs(data: Path) -> Iterator[tuple[str, str, list[str]]]:
    """The column of the table, the text and what it should be."""
    hidden = held_out_references(read_rows(data / "mt/wmt-train.jsonl.xz"))
    for column, names in COLUMNS.items():
        for name in names:
            for row in read_rows(data / name):
                if "mt" not in row:
                    yield column, row["source"], row["refs"]
                elif column != "references" or not (
                    reference_key(row["ref"]) in hidden or ("wmt" in name and is_held_out_row(row))
                ):
                    yield column, row["mt"], [row["ref"]]


def _findings(edits: list[Edit]) -> Iterator[list[Edit]]:
    """Edits one by one, groups together."""
    groups: dict[str, list[Edit]] = defaultdict(list)
    for index, edit in enumerate(edits):
        groups[edit.group or str(index)].append(edit)
    yield from groups.values()


def _covered(text: str, edits: list[Edit]) -> str:
    """The stretch from the first to the last edit of a finding; of a single edit with the words beside it."""
    start, end = edits[0].span.start, max(edit.span.end for edit in edits)
    reach = 1 if len(edits) > 1 else 8
    return text[max(0, start - reach) : end + reach]


def _context(text: str, edits: list[Edit]) -> str:
    start, end = edits[0].span.start, edits[-1].span.end
    return f"{text[max(0, start - 25) : start]}[[{text[start:end]}]]{text[end : end + 20]} -> {edits[0].text!r}"


if __name__ == "__main__":
    typer.run(main)
