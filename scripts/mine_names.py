"""Mine name errors from pairs of machine translations and corrections, and build the benchmark from what was checked.

    python -m scripts.mine_names propose OUT.jsonl [--data ../shared/data]
    python -m scripts.mine_names build tests/data/names [--data ../shared/data]

``propose`` finds places where a name of the correction stands misspelt in the machine's sentence. A person then reads
the proposals and keeps the keys of those that are name errors in ``verdicts.tsv`` (key, what the error is); ``build``
writes ``errors-dev.jsonl`` and ``errors-test.jsonl`` from them, split by document, and ``controls-dev.jsonl`` and
``controls-test.jsonl``, sentences whose names are right. Sentences whose licence does not let us pass them on are
left out of the files and read from DATA again when they are used (``text`` is null, ``id`` says where it stands).
"""

from __future__ import annotations

import calendar
import hashlib
import json
import lzma
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

import regex
import typer
from rapidfuzz.distance import DamerauLevenshtein, Indel, JaroWinkler

from app.evaluation.data import read_rows
from app.evaluation.splits import is_held_out_text
from app.names.normalise import normalise
from scripts.prepare_data import read_documents

PAIR_FILES = ("pe-train", "pe-dev", "pe-test20", "wmt-train", "moz-train")
FINAL_ONLY = "mlqe-pe/test20/"  # documents whose translations nothing may be learned from: never of the dev half
REDISTRIBUTABLE = "CC0-1.0"
# Held-out documents of clean text whose licence lets single sentences be passed on, with attribution.
CONTROL_TEXTS = {
    "gum-open-web": "CC BY or CC BY-SA (UD_English-GUM, raw text)",
    "un-general-debate-2017": "CC0-1.0",
    "senate-releases": "public domain",
    "white-house": "public domain",
    "state-department-history": "public domain",
    "federal-reserve": "public domain",
    "wikipedia-summaries": "CC BY-SA 4.0 (Wikipedia)",
    "wikipedia-articles": "CC BY-SA 3.0 (Wikipedia)",
    "australian-prime-ministers": "CC BY 3.0 AU (Commonwealth of Australia)",
}
MOST_CONTROLS = 230  # of one source, with or without a namesake
MOST_PER_DOCUMENT = 16
# Nepali and Sinhala corrections are retranslations, but their names are the editor's; the alignment below decides.
MAX_WORDS = 45
_WORD = regex.compile(r"\p{L}[\p{L}\p{M}]*(?:[-'’.](?=\p{L})\p{L}[\p{L}\p{M}]*)*")
_CALENDAR = frozenset((*calendar.month_name, *calendar.day_name, *calendar.month_abbr, *calendar.day_abbr))
_PARTICLES = frozenset({"of", "de", "da", "di", "von", "van", "der", "den", "bin", "al", "el", "la", "le", "du", "and"})
# Below it two words are hardly the same name: "Straswima" and "Straujuma" have 0.67.
LEAST_ALIKE = 0.5
LEAST_JARO = 0.72
# A word that clean text has this often in lower case is no name, or one that nobody could tell from a word.
COMMON_WORD = 25


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a sentence and where it stands."""

    text: str
    start: int
    end: int

    @property
    def is_capitalised(self) -> bool:
        return self.text[0].isupper()


@dataclass(frozen=True, slots=True)
class Proposal:
    """A name of the correction that stands otherwise in the machine's sentence."""

    key: str
    id: str
    document: str
    language: str
    licence: str
    text: str  # the machine's sentence
    start: int
    end: int
    wrong: str
    right: str
    reference: str


def words(text: str) -> list[Word]:
    """The words of a sentence, possessive endings cut off."""
    found = []
    for match in _WORD.finditer(text):
        word = regex.sub(r"['’]s?$", "", match.group())
        found.append(Word(word, match.start(), match.start() + len(word)))
    return found


def runs(text: str) -> list[list[Word]]:
    """Runs of capitalised words parted by one space, with particles inside."""
    found: list[list[Word]] = []
    run: list[Word] = []
    for word in words(text):
        joined = bool(run) and text[run[-1].end : word.start] == " "
        if (word.is_capitalised and (joined or not run)) or (joined and word.text in _PARTICLES):
            run.append(word)
        else:
            found.append(run)
            run = [word] if word.is_capitalised else []
    found.append(run)
    trimmed = []
    for run in found:
        while run and not run[-1].is_capitalised:
            run = run[:-1]
        if run:
            trimmed.append(run)
    return trimmed


def skeleton(word: str) -> str:
    """Consonants only, voiced and voiceless alike: what survives a trip through another script."""
    folded = normalise(word).replace(" ", "")
    folded = folded.replace("sch", "s").replace("sh", "s").replace("ch", "k").replace("ph", "f").replace("kh", "k")
    folded = folded.translate(str.maketrans("bdgvzcqxjyw", "ptkfskksiii"))
    return regex.sub(r"(.)\1+", r"\1", regex.sub("[aeiouh]", "", folded))


def is_alike(a: str, b: str) -> bool:
    """Whether one word may be the other one misspelt."""
    x, y = normalise(a), normalise(b)
    if x == y or min(len(x), len(y)) < 3:
        return False
    if Indel.normalized_similarity(x, y) < LEAST_ALIKE:
        return len(skeleton(a)) >= 3 and skeleton(a) == skeleton(b)
    return JaroWinkler.similarity(x, y) >= LEAST_JARO


def _is_inflection(a: str, b: str) -> bool:
    """Whether the words differ only as forms of one word do (``Estonia``, ``Estonian``)."""
    x, y = sorted((normalise(a), normalise(b)), key=len)
    endings = r"(?:s|es|n|an|ian|ish|ese|i|ic|ical|al|ed|ing|er|ers|ans|ians|e|a|y)?"
    stem = regex.sub(r"(?:a|e|y|i|ia)$", "", x)
    return (
        len(stem) >= 3
        and regex.fullmatch(regex.escape(stem) + endings, y) is not None
        and len(y) - len(x) in (0, 1, 2, 3)
    )


def propose(row: dict[str, Any], lower: Counter[str]) -> Iterator[Proposal]:
    """Name errors of one pair, as far as spelling tells."""
    mt, ref = str(row["mt"]), str(row["ref"])
    if len(mt.split()) > MAX_WORDS:
        return
    theirs, ours = words(ref), words(mt)
    in_ref = {normalise(w.text) for w in theirs}
    in_mt = {normalise(w.text) for w in ours}

    def is_name(word: Word, at: int) -> bool:
        # Sentence starts are capitalised whatever they are.
        form = normalise(word.text)
        return word.is_capitalised and len(form) >= 3 and lower[form] < COMMON_WORD

    taken: set[int] = set()
    for run in runs(mt):
        changes: list[tuple[Word, Word]] = []
        for word in run:
            if normalise(word.text) in in_ref or not word.is_capitalised or len(word.text) < 3:
                continue
            best: tuple[float, Word] | None = None
            for other in theirs:
                if normalise(other.text) in in_mt or not is_name(other, 0) or not is_alike(word.text, other.text):
                    continue
                if _is_inflection(word.text, other.text) or other.start in taken:
                    continue
                apart = abs(word.start / len(mt) - other.start / len(ref))
                score = JaroWinkler.similarity(normalise(word.text), normalise(other.text)) - apart
                if apart < 0.4 and (best is None or score > best[0]):
                    best = (score, other)
            if best is not None:
                changes.append((word, best[1]))
                taken.add(best[1].start)
        if not changes:
            continue
        at = {word.start: other for word, other in changes}
        span = (run[0].start, run[-1].end)
        right = mt[span[0] : span[1]]
        for word in reversed(run):
            if word.start in at:
                right = right[: word.start - span[0]] + at[word.start].text + right[word.end - span[0] :]
        # The correction's own run says more than the words that were paired: it may add or drop one.
        for other_run in runs(ref):
            if any(o.start == other.start for o in other_run for _, other in changes):
                theirs_text = ref[other_run[0].start : other_run[-1].end]
                if DamerauLevenshtein.normalized_similarity(theirs_text, right) < 1 and len(other_run) <= 7:
                    right = theirs_text
                break
        wrong = mt[span[0] : span[1]]
        key = hashlib.sha1(f"{wrong}\t{right}\t{row['lang']}".encode(), usedforsecurity=False).hexdigest()[:10]
        document = f"{row.get('set')}/{row['lang']}/{row.get('doc') or row['id'].rsplit('/', 1)[0]}"
        yield Proposal(
            key, row["id"], document, row["lang"], row["licence"], mt, span[0], span[1], wrong, right, ref
        )  # fmt: skip


def read_pairs(data: Path, names: Iterable[str] = PAIR_FILES) -> Iterator[dict[str, Any]]:
    """Rows of the pair files."""
    for name in names:
        yield from read_rows(data / "mt" / f"{name}.jsonl.xz")


def lower_counts(data: Path) -> Counter[str]:
    """How often clean text has each word in lower case."""
    counts: Counter[str] = Counter()
    for path in sorted((data / "text").glob("wikipedia-articles*.xz")):
        with lzma.open(path, "rt", encoding="utf-8") as lines:
            for line in lines:
                counts.update(regex.findall(r"(?<![\p{L}-])\p{Ll}+", line))
    return counts


app = typer.Typer(add_completion=False, help=__doc__)


@app.command("propose")
def propose_command(
    out: Annotated[Path, typer.Argument(help="Where the proposals go.")],
    data: Annotated[Path, typer.Option(help="Folder with mt/ and text/.")] = Path("../shared/data"),
) -> None:
    """Find name errors; each pair of forms of a language once."""
    lower = lower_counts(data)
    seen: set[str] = set()
    rows = [p for row in read_pairs(data) for p in propose(row, lower)]
    with out.open("w", encoding="utf-8") as file:
        for proposal in rows:
            if proposal.key not in seen:
                seen.add(proposal.key)
                file.write(json.dumps(asdict(proposal), ensure_ascii=False) + "\n")
    typer.echo(f"{len(rows)} found, {len(seen)} different")


@dataclass(frozen=True, slots=True)
class Item:
    """A sentence of the benchmark: of an error, or of names that are right (``right`` is empty then)."""

    id: str
    document: str
    language: str
    licence: str
    text: str | None  # None: the licence does not let us pass it on; it stands in the pair files under ``id``
    start: int = 0
    end: int = 0
    wrong: str = ""
    right: str = ""
    is_knowable: bool = False  # an informed editor with a knowledge base could tell from this sentence
    reference: str | None = None  # the correction, where its licence lets us pass it on
    names: tuple[str, ...] = ()  # of a control: the names that are right as they stand


def half_of(document: str) -> str:
    """The half of the benchmark that a document belongs to."""
    digest = hashlib.sha1(document.encode(), usedforsecurity=False).digest()
    return "dev" if digest[0] % 2 else "test"


def read_verdicts(path: Path) -> dict[str, bool]:
    """Keys of the proposals that are name errors, and whether the right form can be known from the sentence."""
    rows = [line.split("\t") for line in path.read_text(encoding="utf-8").splitlines()[1:]]
    return {row[0]: row[4] == "yes" for row in rows}


def error_items(data: Path, verdicts: dict[str, bool]) -> Iterator[Item]:
    """The checked errors, each once."""
    lower = lower_counts(data)
    left = dict(verdicts)
    for row in read_pairs(data):
        for p in propose(row, lower):
            if (knowable := left.pop(p.key, None)) is not None:
                text = p.text if p.licence == REDISTRIBUTABLE else None
                reference = p.reference if p.licence == REDISTRIBUTABLE else None
                yield Item(
                    p.id, p.document, p.language, p.licence, text, p.start, p.end, p.wrong, p.right, knowable, reference
                )  # fmt: skip


def names_of(sentence: str, lower: Counter[str]) -> tuple[str, ...]:
    """Names of a sentence that are surely names: several words, or one that clean text never has in lower case."""
    found = []
    for run in runs(sentence):
        if run[0].start == 0:
            run = run[1:] if lower[normalise(run[0].text)] else run
        run = [word for word in run if word.text not in _CALENDAR]
        if run and (len(run) > 1 or lower[normalise(run[0].text)] == 0) and len(run[0].text) > 1:
            found.append(sentence[run[0].start : run[-1].end])
    return tuple(found)


def known_surnames(data: Path) -> tuple[frozenset[str], frozenset[str]]:
    """Names and surnames of the people of the shared entities, in canonical form."""
    names: set[str] = set()
    surnames: set[str] = set()
    for row in read_rows(data / "entities" / "shippable" / "people.jsonl.xz"):
        names.update(normalise(name) for name in (row["name"], *row.get("aliases", ())))
        surnames.add(normalise(row["name"]).split()[-1])
    return frozenset(names), frozenset(surnames)


def control_items(data: Path) -> Iterator[Item]:
    """Sentences with right names: of held-out documents of clean text, and post-edits of names that few know.

    A third is chosen for unknown people who share the surname of a known one.
    """
    lower = lower_counts(data)
    names, surnames = known_surnames(data)
    taken: Counter[tuple[str, bool]] = Counter()

    def is_namesake(name: str) -> bool:
        form = normalise(name)
        return " " in form and form not in names and form.split()[-1] in surnames

    def items(sentence: str, key: str, document: str, licence: str, language: str) -> Iterator[Item]:
        found = names_of(sentence, lower)
        if not found or not 6 <= len(sentence.split()) <= 40:
            return
        namesake = any(is_namesake(name) for name in found)
        family = document.split("/", maxsplit=1)[0]
        if taken[family, namesake] >= MOST_CONTROLS:
            return
        taken[family, namesake] += 1
        yield Item(key, document, language, licence, sentence, names=found)

    for stem, licence in CONTROL_TEXTS.items():
        per_document: Counter[int] = Counter()
        for index, sentences in read_documents(data / "text" / f"{stem}.txt.xz"):
            if not is_held_out_text(stem, index):
                continue
            for at, sentence in enumerate(sentences):
                for item in items(sentence, f"{stem}/{index}/{at}", f"{stem}/{index}", licence, "en"):
                    per_document[index] += 1
                    if per_document[index] <= MOST_PER_DOCUMENT:
                        yield item
    for row in read_pairs(data, ("pe-dev", "pe-test20")):
        if row["lang"] in ("et", "ro", "ru"):
            document = f"{row['set']}/{row['lang']}/{row['doc']}"
            yield from items(str(row["ref"]), row["id"] + "/ref", document, row["licence"], row["lang"])


def write_items(path: Path, items: Iterable[Item]) -> int:
    """Write items as JSON Lines, empty fields left out; returns how many."""
    count = 0
    part = path.with_suffix(".part")
    with part.open("w", encoding="utf-8") as file:
        for item in items:
            row = {k: v for k, v in asdict(item).items() if v or k in ("text", "id")}
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
            count += 1
    part.replace(path)
    return count


@app.command("build")
def build_command(
    folder: Annotated[Path, typer.Argument(help="Holds verdicts.tsv and gets the items.")],
    data: Annotated[Path, typer.Option(help="Folder with mt/, text/ and entities/.")] = Path("../shared/data"),
) -> None:
    """Write the checked errors and the controls, split by document."""
    verdicts = read_verdicts(folder / "verdicts.tsv")
    made = {"errors": list(error_items(data, verdicts)), "controls": list(control_items(data))}
    for kind, items in made.items():
        halves = {half: [item for item in items if half_of(item.document) == half] for half in ("dev", "test")}
        halves["dev"] = [item for item in halves["dev"] if not item.document.startswith(FINAL_ONLY)]
        for half, mine in halves.items():
            write_items(folder / f"{kind}-{half}.jsonl", mine)
            typer.echo(f"{kind}-{half}: {len(mine)} sentences, {sum(len(i.names) or 1 for i in mine)} names")


if __name__ == "__main__":
    app()
