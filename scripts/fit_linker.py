"""Learn how the linker weighs its evidence, and which words edited English is known to contain.

    python -m scripts.fit_linker models/names-en [--data ../shared/data] [--out app/names/data]

Trains on the dev half of the benchmark (real errors, sentences whose names are right, whole documents of clean text),
on right English, most of all, and on names that the mangler damaged in real sentences; the test half is never read. OUT
gets ``attested.marisa`` and ``linker.json``: weights, calibration, the operating point and where they come from.
"""

from __future__ import annotations

import pickle
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from hashlib import sha1
from itertools import product
from multiprocessing import get_context
from pathlib import Path
from typing import Annotated

import numpy as np
import numpy.typing as npt
import orjson
import typer

from app.core.diff import Change, apply_edits
from app.evaluation.provenance import provenance
from app.evaluation.splits import is_held_out_text
from app.names.background import ATTESTED_FILE, Attested, Background
from app.names.evidence import FEATURES, gather
from app.names.link import (
    SHAPES,
    LinkModel,
    WeightTable,
    compare_all,
    is_printed_otherwise,
    is_said,
    is_same_place,
    leads,
    printed_form,
    shape_of,
    sigmoid,
)
from app.names.linker import MODEL_FILE, NameLinker
from app.names.mangle.engine import FAR, mangle
from app.names.normalise import WORDS, normalise
from app.names.store import EntityKind, EntityStore
from scripts.build_surroundings import collect as collect_surroundings
from scripts.build_surroundings import learn
from scripts.measure_articles import read_articles
from scripts.names_benchmark import (
    FOLDER,
    HARM,
    MEASURED,
    NEEDED,
    VARIANT,
    Case,
    documents,
    frames,
    generated,
    in_parts,
    is_post_edit,
    is_right_change,
    load,
    one_segment,
    pairs,
    random_entities,
    references,
    right_parts,
    said_of,
    stands_in,
    surnames_alone,
)
from scripts.prepare_data import read_documents

Floats = npt.NDArray[np.float64]

FOLDS = 5
RIDGE = 3.0
OFFSET_RIDGE = 1.0  # of what a shape differs from the others in
FEWEST = 15  # right candidates of a shape before real ones alone choose its least probability
LEAST_WITHOUT_DATA = 0.95
LEAST_CONFIDENCE = 0.5  # of a change, whatever the sample says: it is likelier right than wrong
SEED = 11
GENERATED = 2000
GENERATED_WEIGHT = 0.04
PAIRS_WEIGHT = 0.6  # nobody read them
UNSURE = 0.3
CLEAN = ("controls", "documents", "right")  # every name is right
REAL = ("errors", *CLEAN)
JUDGED = ("errors", "controls")  # every name of them
ARTICLES = FOLDER / "articles-dev.txt"
# A made case stands in a sentence about somebody else.
OF_THE_SENTENCE = ("role_differs", "other_country", "surroundings")
WEIGHT_OF = {
    "errors": 1.0, "controls": 1.0, "documents": 1.0, "pairs": PAIRS_WEIGHT, "references": 0.5 * PAIRS_WEIGHT,
    "right": 0.3, "far": 0.02, "articles": 0.0,
}  # fmt: skip
# Of what is right in real texts, times the above: it is rare.
RIGHT_WEIGHT = {"errors": 1.5, "pairs": 2.25, "references": 2.25, "right": 2.25, "documents": 1.5}
FAR_ENTITIES, OF_ORGANISATIONS, SURNAMES = 1500, 800, 800  # generated, beyond the share that they have by chance
# What little data shows: the right name elsewhere in the document, the caller's word for it, a fitting office.
PRIOR = {"fuller_form": 2.5, "hinted": 4.0, "role_fits": 1.0, "country": 0.5, "companions": 0.3, "in_office": 0.2}
# What makes it somebody else of nearly that name.
PRIOR |= {"role_differs": -0.5, "other_country": -0.5}
# What costs trust, though the sample has little of it: other romanisations "repaired", one person made another.
PRIOR |= {
    "variant": -2.0,
    "another_name": -2.5,
    "attested_variant": -1.0,
    "well_formed": -1.5,
    "unvouched": -1.0,
    "short_name": -1.0,
    "known_form": -1.0,
    "known_word": -0.5,
    "in_use": -0.5,
}
# What few real errors show, and what a machine is known to do all the same.
PRIOR |= {"mangled": 1.0, "far_fits": 2.0, "far_abroad": -1.0, "mangled_rival": -2.0, "sole_bag": 2.5, "body": 0.5}
PRIOR |= {
    "is_capital": 1.0,
    "known_name": 0.5,
    "all_words": 2.5,
    "only_body": 1.0,
    "read_back": 1.5,
    "literal": 4.0,  # the list has what no clean text has, so that clean text cannot tell
    "respelt": 1.0,
    "sole_start": 0.5,
    "case_ending": 0.5,
    "office_and_word": 0.5,
    "country_beside": 0.5,
}
# What makes a candidate doubtful.
_DOUBTS = (
    "untraced unheard_of letters_changed short_place other_given_name begins_otherwise other_person"
    " obscure_exonym other_surname"
)
PRIOR |= dict.fromkeys(_DOUBTS.split(), -1.5)
PRIOR |= {"unsupported_place": -0.5}
_FOR = (
    "spelling worst_word sound same_words rare_words same_start mangled length changed_length role_fits in_office"
    " country companions fuller_form hinted popularity known_target famous_target unheard kind placed"
    " far_fits body word_bag sole_bag famous_ending placed_ending exonym respelt same_given_name sole_start"
    " case_ending office_and_word country_beside is_capital known_name all_words surroundings literal"
    " read_back only_body"
)
_AGAINST = (
    "distance missing_words extra_words role_differs other_country rival attested common_word sentence_start given_name"
    " variant another_name attested_variant well_formed short_name far_abroad mangled_rival obscure_place"
    " known_form unvouched known_word in_use unsupported_place "
) + _DOUBTS
SIGNS = {**dict.fromkeys(_FOR.split(), 1), **dict.fromkeys(_AGAINST.split(), -1)}
LEAST_BORNE_OUT = 0.8  # of the changes in other translations that readers or references judge
LEAST_PRECISION = 0.95  # of the changes in the errors and controls of the dev half, out of fold
COST = 1.5  # of a wrong change, in right ones: it costs more than a missed one
MOST_HARM = 0.0003  # of a shape: wrong changes per name of the controls and of right English, out of fold
LEAST_HINT = 0.25
MOST_HARM_OF_RARE = 0.00006
IDENTITY = tuple((x / 2, round(1 / (1 + np.exp(-x / 2)), 5)) for x in range(-20, 21))
LINKS = frozenset(("of", "the", "for"))  # between words of names: *Department of the Treasury*
LONGEST_RUN, MOST_LINKS = 4, 2  # capitalised words of a name; links between two of them
LEAD = 4.0  # times the odds of the next one that would print something else
LEAST_STEP = 1e-5  # of a weight
MOST_LOG_ODDS = 10.0  # what lies beyond calibrates nothing


@dataclass(slots=True)
class Tally:
    """In how many documents each word stands capitalised, and not, and each run of two to four capitalised words, *of*
    and other little words between them: *Department of the Treasury*."""

    upper: Counter[str] = field(default_factory=Counter)
    lower: Counter[str] = field(default_factory=Counter)
    runs: Counter[str] = field(default_factory=Counter)

    def add(self, sentences: Iterable[str]) -> None:
        """Count a document."""
        seen_upper: set[str] = set()
        seen_lower: set[str] = set()
        seen_runs: set[str] = set()
        for sentence in sentences:
            run: list[str] = []
            links: list[str] = []  # behind it
            end = -2
            for match in WORDS.finditer(sentence):
                word = match.group()
                key = re.sub(r"['’]s$", "", word)
                is_next = match.start() == end + 1
                end = match.end()
                if word[0].islower():
                    seen_lower.update(normalise(key).split())
                if word[0].isupper() and match.start() > 0:
                    seen_upper.update(normalise(key).split())
                    run = [*run, *links, key] if run and is_next else [key]
                    links = []
                    if 2 <= sum(w not in LINKS for w in run) <= LONGEST_RUN:
                        for start in range(len(run) - 1):
                            if run[start] not in LINKS:
                                seen_runs.add(normalise(" ".join(run[start:])))
                elif run and is_next and word in LINKS and len(links) < MOST_LINKS:
                    links.append(word)
                else:
                    run, links = [], []
        self.upper.update(seen_upper)
        self.lower.update(seen_lower)
        self.runs.update(seen_runs)

    def update(self, other: Tally) -> None:
        """Count the documents of another one, too."""
        self.upper.update(other.upper)
        self.lower.update(other.lower)
        self.runs.update(other.runs)

    def without(self, other: Tally) -> Tally:
        """The documents that the other one, some of these, lacks."""
        return Tally(self.upper - other.upper, self.lower - other.lower, self.runs - other.runs)

    def attested(self) -> dict[str, tuple[int, int]]:
        """Word or name to how many documents have it capitalised, and not; what a single document has in small letters
        only, and runs of a single document, are left out."""
        words = {*self.upper, *self.lower}
        counts = {
            w: (self.upper[w], self.lower[w]) for w in words if len(w) > 1 and (self.upper[w] or self.lower[w] > 1)
        }
        counts.update((r, (n, 0)) for r, n in self.runs.items() if n >= 2 and " " in r)
        return counts


def tally(data: Path, parts: Sequence[Collection[str]] = ()) -> tuple[Tally, list[Tally]]:
    """Of all documents of clean text that is not held out, and of each part of them, given by their ids."""
    whole, of_parts = Tally(), [Tally() for _ in parts]
    part_of = {document: index for index, part in enumerate(parts) for document in part}
    for path in sorted((data / "text").glob("*.txt.xz")):
        stem = path.name.split(".", 1)[0]
        for index, sentences in read_documents(path):
            if not is_held_out_text(stem, index):
                part = part_of.get(f"{stem}/{index}")
                (whole if part is None else of_parts[part]).add(sentences)
    for its_words in of_parts:
        whole.update(its_words)
    return whole, of_parts


def count_attested(data: Path, left_out: Collection[str] = ()) -> dict[str, tuple[int, int]]:
    """What clean text that is not held out has, as ``Tally.attested`` says it; documents by these ids do not count."""
    whole, (part,) = tally(data, [left_out])
    return whole.without(part).attested()


@dataclass(frozen=True, slots=True)
class Sample:
    """One candidate of one reading: what speaks for it, and whether it is right."""

    reading: int
    shape: str
    features: tuple[tuple[str, float], ...]
    is_right: bool
    weight: float
    fold: int
    text: str  # what would be printed, in canonical form
    source: str  # the set that it comes from
    is_refuted: bool  # a reader, or a reference that is no post-edit, says that a change would be harm
    is_variant: bool  # a reader said that either form may stand
    is_barred: bool  # the linker never prints it
    is_rival: bool  # it could be printed, or is there already
    place: int  # candidates of a reading that have the same are records of one place
    note: str  # for those who look at the cache


def collect(linker: NameLinker, source: str, cases: Iterable[Case], attested: Attested) -> tuple[list[Sample], int]:
    """The candidates of the doubtful names of the cases, readings counted from 1, and how many names the cases have."""
    samples: list[Sample] = []
    names = 0
    store = linker.store
    weight = WEIGHT_OF.get(source, GENERATED_WEIGHT)
    reading_id = 0
    for case in cases:
        fold = sha1(case.document.encode(), usedforsecurity=False).digest()[1] % FOLDS
        seen = linker.examine(case.text, one_segment(case.text), store)
        names += len(seen.mentions)
        for reading, candidates in seen.readings:
            reading_id += 1
            compared = compare_all(reading, candidates, seen.context, attested)
            entities = [comparison.candidate.entity for comparison in compared]
            for comparison in compared:
                entity = comparison.candidate.entity
                text = printed_form(comparison.candidate, reading.text, attested)
                if normalise(text) == normalise(reading.text):
                    continue
                said = said_of(case, reading.text, text)
                right = said == NEEDED or (
                    bool(case.reference) and is_right_change(case, reading.text, text, entity, store)
                )
                is_unlike = is_printed_otherwise(comparison.candidate, text, reading)
                left_out = () if source in (*REAL, "pairs", "references", "articles") else OF_THE_SENTENCE
                features = tuple((e.feature, e.score) for e in gather(comparison) if e.feature not in left_out)
                # A reference that has neither form says little: names are spelt in several ways.
                kept = not case.reference or stands_in(reading.text, case.reference)
                # So does a post-edit that has it as the machine wrote it.
                is_told = kept and not right and said != VARIANT and not is_post_edit(case)
                # What a reader alone calls harm settles whether a change is right, but weighs no more than what nobody
                # read: readers saw the likeliest changes only, many in translations that make no sense.
                doubt = 1.0 if is_told or source != "pairs" else UNSURE
                if right and source in RIGHT_WEIGHT:
                    doubt = RIGHT_WEIGHT[source]
                if said == VARIANT:
                    doubt = 0.0  # whom the name means is found; that it may stand says nothing of that
                samples.append(
                    Sample(
                        reading_id,
                        shape_of(comparison.candidate),
                        features,
                        right,
                        weight * doubt,
                        fold,
                        normalise(text),
                        source,
                        is_told or said == HARM,
                        said == VARIANT,
                        is_said(text, reading) or is_unlike,
                        not is_unlike,
                        next(i for i, e in enumerate(entities) if e is entity or is_same_place(e, entity)),
                        f"{case.id}: {reading.text} -> {text} {reading.titles}",
                    )
                )
    return samples, names


@dataclass(slots=True)
class Gathered:
    """The candidates of all sets, and by set how many doubtful names and how many names there are."""

    samples: list[Sample]
    sizes: dict[str, int]
    mentions: dict[str, int]

    def add(self, name: str, linker: NameLinker, cases: Iterable[Case], attested: Attested) -> None:
        """Look at the texts of a set."""
        self.take(name, *collect(linker, name, cases, attested))

    def take(self, name: str, got: Sequence[Sample], mentions: int) -> None:
        """Add what was found in the texts of a set, or in more of them."""
        start = self.samples[-1].reading if self.samples else 0
        got = [replace(sample, reading=start + sample.reading) for sample in got]
        self.mentions[name] = self.mentions.get(name, 0) + mentions
        self.sizes[name] = self.sizes.get(name, 0) + len({s.reading for s in got})
        self.samples.extend(got)
        typer.echo(
            f"{name}: {self.sizes[name]} doubtful names with candidates, "
            f"{len({s.reading for s in self.samples if s.is_right and s.source == name})} with the right one among them"
        )


def gather_samples(store: EntityStore, background: Background, data: Path, workers: int = 1) -> Gathered:
    """Look at every text of every set, right English in so many processes at once."""
    blank = LinkModel({s: WeightTable(0.0, {}, ((0.0, 0.0),), 1.0) for s in SHAPES}, 1.0, 0.0, {})
    linker = NameLinker(store, blank, background)
    slots = frames(store, data, half="dev")
    known = random_entities(store, 20 * GENERATED, SEED + 1, by_popularity=True)
    errors = load("errors", "dev", data)
    read = {case.id for case in errors}
    sets: dict[str, Iterable[Case]] = {
        "errors": errors,
        "controls": load("controls", "dev", data),
        "documents": (part for whole in documents("dev", data) for part in in_parts(whole)),
        "pairs": (case for case in pairs(data) if case.id not in read),
        "references": references(data),
        "generated": generated(store, random_entities(store, GENERATED, SEED, by_popularity=True), slots, SEED),
        "far": generated(
            store, [e for e in known if e.native][:FAR_ENTITIES], slots, SEED + 2, forms_of=partial(mangle, kinds=FAR)
        ),
        "organisations": generated(
            store, [e for e in known if e.kind is EntityKind.ORGANISATION][:OF_ORGANISATIONS], slots, SEED + 3
        ),
        "surnames": surnames_alone(store, known[-SURNAMES:], slots, SEED + 4),
        "articles": articles(ARTICLES),
    }
    gathered = Gathered([], {}, {})
    for name, cases in sets.items():
        gathered.add(name, linker, cases, background.attested)
    parts = right_parts(data)
    whole, of_parts = tally(data, [[case.id for case in part] for part in parts])
    around = collect_surroundings(store, data)
    # Each half is read with what the words of the other half say, that part always left out.
    halves = [
        learn(around, {case.id for i, part in enumerate(parts) if i % 2 == half or i == MEASURED for case in part})
        for half in (0, 1)
    ]

    def read_part(index: int) -> tuple[list[Sample], int]:
        # No name of those documents is known because they were counted.
        others = background.with_counts(whole.without(of_parts[index]).attested(), halves[index % 2])
        cases = (piece for document in parts[index] for piece in in_parts(document, 10))
        return collect(NameLinker(store, blank, others), "right", cases, others.attested)

    for got, names in _in_processes(read_part, [i for i in range(len(parts)) if i != MEASURED], workers):
        gathered.take("right", got, names)
    return gathered


def articles(path: Path) -> Iterator[Case]:
    """Articles with damaged names, each as one case: no weight learns from them, they help to say where to begin to
    act."""
    for article in read_articles(path):
        right = apply_edits(article.text, [Change(d.span, d.right) for d in article.damaged])
        yield Case(article.id, article.id, "", article.text, right)


_work: list[Callable[[int], tuple[list[Sample], int]]] = []  # what forked processes do


def _in_processes(
    work: Callable[[int], tuple[list[Sample], int]], indices: Sequence[int], workers: int
) -> Iterator[tuple[list[Sample], int]]:
    """What ``work`` makes of each index, in their order; forked processes see what stands in memory."""
    if workers < 2:
        yield from map(work, indices)
        return
    _work[:] = [work]
    with get_context("fork").Pool(workers) as pool:
        yield from pool.imap(_do, indices)


def _do(index: int) -> tuple[list[Sample], int]:
    return _work[0](index)


@dataclass(frozen=True, slots=True)
class Design:
    """Samples as arrays: a column of ones and a column a feature, what is right, how much each counts, its fold."""

    names: tuple[str, ...]
    x: Floats
    y: Floats
    w: Floats
    fold: npt.NDArray[np.int64]

    @classmethod
    def of(cls, samples: Sequence[Sample]) -> Design:
        names = tuple(sorted({name for s in samples for name, _ in s.features}))
        column = {name: i + 1 for i, name in enumerate(names)}
        x = np.zeros((len(samples), len(names) + 1))
        x[:, 0] = 1
        for row, sample in enumerate(samples):
            for name, value in sample.features:
                x[row, column[name]] = value
        right = np.array([float(s.is_right) for s in samples])
        return cls(names, x, right, np.array([s.weight for s in samples]), np.array([s.fold for s in samples]))

    def without(self, fold: int) -> Design:
        """The samples of the other folds."""
        keep = self.fold != fold
        return Design(self.names, self.x[keep], self.y[keep], self.w[keep], self.fold[keep])


def fit(design: Design) -> WeightTable:
    """Ridge logistic regression by Newton's method, towards ``PRIOR`` and with the signs that the features mean.

    A weight of the wrong sign is an accident of the sample (clean documents are longer than the sentences with errors,
    so they name more countries); its feature is left out of the table.
    """
    used = [i + 1 for i in range(len(design.names)) if np.any(design.x[:, i + 1])]
    while True:
        names = [design.names[i - 1] for i in used]
        beta = _newton(design.x[:, [0, *used]], design.y, design.w, names)
        wrong = {i for i, n, b in zip(used, names, beta[1:], strict=True) if b * SIGNS.get(n, 0) < 0}
        if not wrong:
            weights = {n: round(float(b), 4) for n, b in zip(names, beta[1:], strict=True)}
            weights.update({n: b for n, b in PRIOR.items() if n not in weights})
            return WeightTable(round(float(beta[0]), 4), weights, IDENTITY, 1.0)
        used = [i for i in used if i not in wrong]


def _newton(x: Floats, y: Floats, w: Floats, names: Sequence[str]) -> Floats:
    """Newton's method; a step that would raise the loss is halved, since a full one overshoots where few are right."""
    centre = np.array([0.0, *(PRIOR.get(n, 0.0) for n in names)])
    penalty = np.full(x.shape[1], RIDGE)
    penalty[0] = 1e-3

    def loss(beta: Floats) -> float:
        z = x @ beta
        return float(w @ (np.logaddexp(0, z) - y * z) + 0.5 * penalty @ (beta - centre) ** 2)

    beta = centre.copy()
    beta[0] = _log_odds(float(w @ y), float(w.sum()))
    reached = loss(beta)
    for _ in range(100):
        p = 1 / (1 + np.exp(-np.clip(x @ beta, -35, 35)))
        gradient = x.T @ (w * (p - y)) + penalty * (beta - centre)
        hessian = (x * (w * p * (1 - p) + 1e-9)[:, None]).T @ x + np.diag(penalty)
        step = np.linalg.solve(hessian, gradient)
        while loss(beta - step) > reached and np.abs(step).max() > LEAST_STEP:
            step = step / 2
        beta = beta - step
        reached = loss(beta)
        if np.abs(step).max() <= LEAST_STEP:
            break
    return beta


def _log_odds(hits: float, of: float) -> float:
    return float(np.log((hits + 0.5) / (of - hits + 0.5)))


def score(table: WeightTable, sample: Sample) -> float:
    """Log odds of a sample."""
    return table.bias + sum(table.weights.get(n, 0.0) * v for n, v in sample.features)


def calibrate(bests: Sequence[Best]) -> dict[str, tuple[tuple[float, float], ...]]:
    """Platt's sigmoid over the best candidates of readings, as points half a unit apart: of one slope, since behind the
    rules some shapes have too few wrong candidates to show their own, and with an offset a shape."""
    x = np.zeros((len(bests), 2 + len(SHAPES)))
    x[:, 0], x[:, 1] = 1.0, np.clip([b.log_odds for b in bests], -MOST_LOG_ODDS, MOST_LOG_ODDS)
    for row, best in enumerate(bests):
        x[row, 2 + SHAPES.index(best.sample.shape)] = 1.0
    hits = sum(b.is_right for b in bests)
    # Platt's targets: no finite sample makes certainty.
    y = np.where([b.is_right for b in bests], (hits + 1) / (hits + 2), 1 / (len(bests) - hits + 2))
    penalty = np.array([1e-3, 1e-3, *([OFFSET_RIDGE] * len(SHAPES))])
    beta = np.zeros(x.shape[1])
    beta[1] = 1.0
    for _ in range(200):
        p = 1 / (1 + np.exp(-np.clip(x @ beta, -35, 35)))
        slope = x.T @ (p - y) + penalty * np.array([0.0, 0.0, *beta[2:]])
        step = np.linalg.solve((x * (p * (1 - p) + 1e-9)[:, None]).T @ x + np.diag(penalty), slope)
        beta = beta - step / max(1.0, float(np.abs(step).max()))  # far from the end Newton's steps overshoot
    return {
        shape: tuple(
            (at / 2, _uncertain(sigmoid(float(beta[0] + beta[2 + i] + beta[1] * at / 2)))) for at in range(-20, 21)
        )
        for i, shape in enumerate(SHAPES)
    }


def _uncertain(probability: float) -> float:
    """Rounded, but never to certainty."""
    return round(min(max(probability, 1e-5), 1 - 1e-5), 5)


@dataclass(frozen=True, slots=True)
class Best:
    """The likeliest candidate of a reading, out of fold, and how far it leads."""

    log_odds: float
    second: float
    is_right: bool
    sample: Sample


def best_of(samples: Sequence[Sample], designs: Mapping[str, Design]) -> list[Best]:
    """The best candidate of each reading, scored by tables that never saw its document."""
    by_reading: dict[int, list[tuple[float, Sample]]] = {}
    for shape in SHAPES:
        mine = [s for s in samples if s.shape == shape]
        for fold in range(FOLDS):
            table = fit(designs[shape].without(fold))
            for sample in mine:
                if sample.fold == fold:
                    by_reading.setdefault(sample.reading, []).append((score(table, sample), sample))
    bests = []
    for scored in by_reading.values():
        scored.sort(key=lambda s: -s[0])
        top, sample = scored[0]
        rivals = (x for x, s in scored if s.text != sample.text and s.is_rival and s.place != sample.place)
        second = next(rivals, -35.0)
        bests.append(Best(top, second, sample.is_right, sample))
    return bests


def main(
    names_dir: Annotated[Path, typer.Argument(help="Folder of the knowledge base.")],
    data: Annotated[Path, typer.Option(help="Folder with mt/ and text/.")] = Path("../shared/data"),
    out: Annotated[Path, typer.Option(help="Where the two files go.")] = Path("app/names/data"),
    cache: Annotated[Path | None, typer.Option(help="The candidates are kept here and taken from here.")] = None,
    recount: Annotated[bool, typer.Option(help="Count the words of the clean text again.")] = False,
    workers: Annotated[int, typer.Option(help="Processes that read right English.", min=1)] = 1,
) -> None:
    """Fit, calibrate, choose the operating point, write."""
    if recount or not (out / ATTESTED_FILE).is_file():
        counts = count_attested(data)
        Attested.of(counts).save(out / ATTESTED_FILE)
        typer.echo(f"{len(counts)} words and names attested")
    background = Background.read(out)
    store = EntityStore.open(names_dir)
    if cache is not None and cache.is_file():
        gathered: Gathered = pickle.loads(cache.read_bytes())
    else:
        gathered = gather_samples(store, background, data, workers)
        if cache is not None:
            cache.write_bytes(pickle.dumps(gathered))
    samples, sizes, mentions = gathered.samples, gathered.sizes, gathered.mentions
    designs = {shape: Design.of([s for s in samples if s.shape == shape]) for shape in SHAPES}
    bests = best_of(samples, designs)
    tables: dict[str, WeightTable] = {}
    report: dict[str, dict[str, float]] = {}
    options: dict[str, list[Point]] = {}
    real = [b for b in bests if is_settled(b.sample)]
    clean_names = sum(mentions[name] for name in CLEAN)
    calibrations = calibrate(real)
    for shape in SHAPES:
        table = replace(fit(designs[shape]), calibration=calibrations[shape])
        tables[shape] = table
        mine = [b for b in bests if b.sample.shape == shape]
        options[shape] = operating_points(mine, table, LEAST_CONFIDENCE, clean_names)
    for shape, point in best_together(options).items():
        report[shape] = point.report(clean_names)
        tables[shape] = replace(tables[shape], least=point.least)
    model = LinkModel(
        tables,
        LEAST_HINT,
        LEAD,
        {
            "readings": sizes,
            "seed": SEED,
            "ridge": RIDGE,
            "generated_weight": GENERATED_WEIGHT,
            "knowledge_base": store.version,
            "features": len(FEATURES),
            "dev_out_of_fold": report,
            "far_weight": WEIGHT_OF["far"],
            "pairs_weight": PAIRS_WEIGHT,
            "code": provenance()["revision"],
            "benchmark": sha1(
                b"".join(
                    p.read_bytes() for p in (*sorted(FOLDER.glob("*-dev.jsonl")), FOLDER / "changes.tsv", ARTICLES)
                ),
                usedforsecurity=False,
            ).hexdigest(),
        },
    )
    model.save(out / MODEL_FILE)
    typer.echo(orjson.dumps(report, option=orjson.OPT_INDENT_2).decode())


@dataclass(frozen=True, slots=True)
class Point:
    """A least probability of a shape, and what it lets through, out of fold."""

    least: float
    right: int = 0  # changes in the errors and controls
    wrong: int = 0
    harm: int = 0  # changes in the controls and in whole clean documents
    borne_out: int = 0  # in other translations, by readers or references
    refuted: int = 0
    in_articles: int = 0  # right ones in the development articles
    wrong_in_articles: int = 0

    @property
    def mistakes(self) -> tuple[int, int, int]:
        """Wrong changes by where they stand."""
        return self.wrong, self.refuted, self.wrong_in_articles

    @property
    def gains(self) -> int:
        """Right changes, wherever they stand."""
        return self.right + self.borne_out + self.in_articles

    def report(self, clean_names: int) -> dict[str, float]:
        """For the provenance."""
        changed = self.right + self.wrong
        return {
            "changed": changed,
            "right": self.right,
            "precision": self.right / max(1, changed),
            "harm": self.harm / clean_names,
            "borne_out": self.borne_out,
            "refuted": self.refuted,
            "in_articles": self.in_articles,
            "wrong_in_articles": self.wrong_in_articles,
        }


def is_settled(sample: Sample) -> bool:
    """Whether it is known if the change is right: read by somebody, or told by the reference of a translation."""
    is_told = sample.is_right or sample.is_refuted or sample.is_variant
    return not sample.is_barred and (sample.source in JUDGED or (sample.source == "pairs" and is_told))


def is_rare(bests: Sequence[Best]) -> bool:
    """Whether so few real candidates are right and look so that they cannot say where to begin to act."""
    return sum(b.is_right and b.log_odds > 0 for b in bests) < FEWEST


def operating_points(bests: Sequence[Best], table: WeightTable, least: float, clean_names: int) -> list[Point]:
    """Where the least probability of a shape may lie: before each real change that is wrong, and above them all."""
    right = wrong = harm = made_right = made_wrong = borne_out = refuted = in_articles = wrong_in_articles = 0
    rare = is_rare([b for b in bests if b.sample.source in JUDGED])
    points = [Point(LEAST_WITHOUT_DATA)]
    for b in sorted(bests, key=lambda b: -b.log_odds):
        probability, source = table.calibrated(b.log_odds), b.sample.source
        if b.sample.is_barred or not leads(probability, table.calibrated(b.second), LEAD):
            continue
        if source == "references" or (source not in (*REAL, "pairs", "articles") and not rare):
            continue
        harm += source in CLEAN and not b.is_right and not b.sample.is_variant
        if source == "pairs":
            borne_out, refuted = borne_out + b.is_right, refuted + b.sample.is_refuted
        elif source == "articles":
            in_articles, wrong_in_articles = in_articles + b.is_right, wrong_in_articles + (not b.is_right)
        elif source in REAL:
            right, wrong = right + (b.is_right and source in JUDGED), wrong + (not b.is_right and source in JUDGED)
        else:
            made_right, made_wrong = made_right + b.is_right, made_wrong + (not b.is_right)
        if harm / clean_names > (MOST_HARM_OF_RARE if rare else MOST_HARM) or probability < least:
            break
        # Where real ones are few, the point may lie anywhere above the first wrong one: generated ones say how low.
        made = made_right + made_wrong
        if rare and (right + made_right) / max(1, right + wrong + made) < LEAST_PRECISION:
            continue
        point = Point(round(probability, 4), right, wrong, harm, borne_out, refuted, in_articles, wrong_in_articles)
        if points[-1].mistakes == point.mistakes and len(points) > 1:
            points[-1] = point
        else:
            points.append(point)
    return points


def best_together(options: Mapping[str, Sequence[Point]]) -> dict[str, Point]:
    """One point a shape, so that the changes of all shapes together are right often enough and bring most, a wrong one
    costing what ``COST`` right ones bring; of those combinations the one with fewest wrong ones."""
    best: tuple[Point, ...] | None = None
    most = (0.0, 0)
    for chosen in product(*options.values()):
        right, wrong = sum(p.right for p in chosen), sum(p.wrong for p in chosen)
        borne_out, refuted = sum(p.borne_out for p in chosen), sum(p.refuted for p in chosen)
        if right < LEAST_PRECISION * (right + wrong) or borne_out < LEAST_BORNE_OUT * (borne_out + refuted):
            continue
        mistakes = sum(sum(p.mistakes) for p in chosen)
        reached = (sum(p.gains for p in chosen) - COST * mistakes, -mistakes)
        if best is None or reached > most:
            best, most = chosen, reached
    return dict(zip(options, best or [points[0] for points in options.values()], strict=True))


if __name__ == "__main__":
    typer.run(main)
