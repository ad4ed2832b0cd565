"""Candidates to a link or none: evidence weighed by a learned table, as a calibrated probability.

"None" wins unless the evidence is clear: a wrong change costs far more than a missed one.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import orjson

from app.core.errors import ResourceError
from app.names.background import Attested
from app.names.candidates import SURNAME_FIRST, Candidate, Route
from app.names.comparison import Comparison, Context, Evidence, Reading, compare, is_bag
from app.names.evidence import gather
from app.names.likeness import align, likeness
from app.names.mangle.forms import Damage
from app.names.normalise import normalise
from app.names.possible import is_possible
from app.names.store import Entity, EntityKind, Name, NameKind

FORMAT = 2
SHAPES = ("person", "part", "place", "organisation")
# A name of a reading this much further from the text than the best of the entity's names still gives way to the
# canonical form: editors want the form in use, not the alias that happens to be nearest.
_CANONICAL_BONUS = 0.12
_FAME_BONUS = 0.2  # the same, for a form that edited English uses
_OF_SURNAMES = frozenset(d.value for d in (Damage.HOMOPHONE, Damage.OTHER_LANGUAGE, Damage.WRONG_READING))
_LEAST_LIKE, _LEAST_LIKE_BY_ALIAS = 0.65, 0.82
_MUCH_FARTHER = 0.15  # likeness of a name that is printed, beside the alias that the text is nearest to
_LONGEST_PARTICLE, _LEAST_JOINED = 2, 0.85  # letters, likeness of a name whose words are only parted otherwise
_AS_WELL_KNOWN = 0.1  # of popularity
_OBSCURITY = 0.3  # likeness that a rival loses for being less known


@dataclass(frozen=True, slots=True)
class WeightTable:
    """A logistic regression over the features, and the least probability at which it may change a name."""

    bias: float
    weights: Mapping[str, float]
    calibration: tuple[tuple[float, float], ...]  # increasing pairs of log odds and probability
    least: float

    def score(self, evidence: Sequence[Evidence]) -> float:
        """Log odds, not yet calibrated."""
        return self.bias + sum(self.weights.get(e.feature, 0.0) * e.score for e in evidence)

    def calibrated(self, log_odds: float) -> float:
        """The probability that a log odds stands for; between two points it is interpolated."""
        at = bisect_left(self.calibration, (log_odds,))
        if at == 0:
            return self.calibration[0][1]
        if at == len(self.calibration):
            return self.calibration[-1][1]
        (x0, y0), (x1, y1) = self.calibration[at - 1], self.calibration[at]
        return y0 + (y1 - y0) * (log_odds - x0) / (x1 - x0)


@dataclass(frozen=True, slots=True)
class LinkModel:
    """What was learned: a table a shape of name, and when to act.

    Args:
        tables: By shape: a person's name, a part of one (a surname alone), a place, an organisation.
        least_hint: Least probability of a hint to the repair model.
        lead: How many times the odds of another candidate, one that would give another text, the best must have.
    """

    tables: Mapping[str, WeightTable]
    least_hint: float
    lead: float
    provenance: Mapping[str, Any]

    @classmethod
    def load(cls, path: Path) -> LinkModel:
        """Read what ``scripts/fit_linker.py`` wrote.

        Raises:
            ResourceError: The file is missing, damaged or of another format.
        """
        try:
            raw = orjson.loads(path.read_bytes())
            if raw["format"] != FORMAT:
                raise ResourceError(f"{path}: format {raw['format']} instead of {FORMAT}; fit the linker again")
            return cls(
                {
                    shape: WeightTable(t["bias"], t["weights"], tuple((x, y) for x, y in t["calibration"]), t["least"])
                    for shape, t in raw["tables"].items()
                },
                raw["least_hint"],
                raw["lead"],
                raw["provenance"],
            )
        except (OSError, KeyError, TypeError, ValueError) as exc:
            raise ResourceError(
                f"{path}: weights of the linker cannot be read ({exc}); run scripts/fit_linker.py"
            ) from exc

    def save(self, path: Path) -> None:
        """Write the file that ``load`` reads."""
        raw = {
            "format": FORMAT,
            "tables": {
                s: {"bias": t.bias, "least": t.least, "weights": dict(t.weights), "calibration": t.calibration}
                for s, t in self.tables.items()
            },
            "least_hint": self.least_hint,
            "lead": self.lead,
            "provenance": dict(self.provenance),
        }
        part = path.with_suffix(".part")
        part.write_bytes(orjson.dumps(raw, option=orjson.OPT_INDENT_2))
        part.replace(path)

    def probability(self, shape: str, evidence: Sequence[Evidence]) -> float:
        """How likely a candidate with this evidence is what the text should say."""
        table = self.tables[shape]
        return table.calibrated(table.score(evidence))


def sigmoid(x: float) -> float:
    """The probability of a log odds."""
    return 1 / (1 + math.exp(-x)) if x >= 0 else math.exp(x) / (1 + math.exp(x))


def is_part(candidate: Candidate) -> bool:
    """Whether one word of a person's name was compared, not the name."""
    entity = candidate.entity
    return entity.kind is EntityKind.PERSON and " " not in candidate.name and " " in entity.name


def shape_of(candidate: Candidate) -> str:
    """Which table weighs a candidate."""
    return "part" if is_part(candidate) else candidate.entity.kind.value


def as_printed(candidate: Candidate, text: str) -> Candidate:
    """The candidate with ``name`` as it is printed, capitals and diacritics included.

    One word of the text against a person of several words is compared with the word of the name that is nearest.
    """
    entity = candidate.entity
    words = normalise(text).split()
    if (
        entity.kind is EntityKind.PERSON
        and len(words) == 1
        and " " in entity.name
        and candidate.route is not Route.NAME
    ):
        if candidate.route is Route.MANGLED and candidate.damage in _OF_SURNAMES:
            # What looks like no part of the name stands for the surname.
            own = entity.name.split()
            return replace(candidate, name=own[0] if entity.country in SURNAME_FIRST else own[-1])
        parts = [w.strip(",.()") for w in entity.name.split() if len(w) > 2]
        if parts:
            part = max(parts, key=lambda w: likeness(words[0], normalise(w)))
            return replace(candidate, name=in_running_text(part))
    for name in entity.names:
        if normalise(name.text) == candidate.name and name.kind is not NameKind.NATIVE:
            return replace(candidate, name=name.text)
    return replace(candidate, name=entity.name)


def printed_form(candidate: Candidate, text: str, attested: Attested) -> str:
    """How the name is to be printed where ``text`` stands now: the canonical form, unless another of its names is
    clearly the one that was meant; a part of a name stays a part."""
    if is_part(candidate):
        return candidate.name
    entity, key = candidate.entity, normalise(text)

    def closeness(name: str, kind: NameKind) -> float:
        bonus = _CANONICAL_BONUS if kind is NameKind.CANONICAL else 0.0
        form = normalise(name)
        return likeness(key, form) + bonus + _FAME_BONUS * fame(form, attested)

    allowed = (NameKind.CANONICAL, NameKind.ALIAS)
    latin = [n for n in entity.names if n.kind in allowed and normalise(n.text).isascii() and n.language in ("", "en")]
    if candidate.damage == Damage.EXONYM:  # no letter need be the same, and what the text has may be among them
        latin = [n for n in latin if n.kind is NameKind.CANONICAL]
    found = frozenset(key.split())

    def fit(name: Name) -> tuple[int, float]:
        """Of an organisation no word of the text gets lost that one of its names has: *U.S. Department of …*."""
        kept = len(found & {*normalise(name.text).split()}) if entity.kind is EntityKind.ORGANISATION else 0
        return kept, closeness(name.text, name.kind)

    best = max(latin, key=fit).text if latin else entity.name
    if entity.kind is not EntityKind.PERSON:
        return best
    # The text leaves out names that few print: so does the repair.
    words = [in_running_text(word) for word in best.split()]
    written = tuple(key.split())
    pairs, extra, missing = align(written, tuple(normalise(best).split()))
    if missing and not extra and len(written) >= 2 and len(pairs) == len(written):
        meant = {p.meant for p in pairs}
        kept = [w for w in words if not meant.isdisjoint(normalise(w).split())]  # *Yingjiu* is all of *Ying-jeou*
        return " ".join(kept if len(kept) > 1 else words)
    return " ".join(words)


def in_running_text(word: str) -> str:
    """A word of a person's name without the capitals that some lists give surnames: *Metsola*, not *METSOLA*."""
    return word.title() if word.isupper() and len(word) > _LONGEST_INITIALS else word


_LONGEST_INITIALS = 3


@dataclass(frozen=True, slots=True)
class Weighed:
    """A candidate with what speaks for and against it, and how likely it is right."""

    candidate: Candidate
    text: str  # what would be printed
    evidence: tuple[Evidence, ...]
    probability: float


@dataclass(frozen=True, slots=True)
class Decision:
    """What is to become of a reading: ``chosen`` is the link, or ``None``; ``ranked`` is everything looked at."""

    reading: Reading
    chosen: Weighed | None
    ranked: tuple[Weighed, ...]
    reason: str = ""  # why none, in a stable word

    @property
    def best(self) -> Weighed | None:
        """The likeliest candidate, chosen or not."""
        return self.ranked[0] if self.ranked else None


def fame(name: str, attested: Attested) -> float:
    """How well edited English knows the least known word of a name in canonical form."""
    return min((attested.as_name(w) for w in name.split()), default=0.0)


def compare_all(
    reading: Reading, candidates: Sequence[Candidate], context: Context, attested: Attested
) -> list[Comparison]:
    """Every candidate that could be meant, each knowing how close the best rival with another name comes."""
    key = " ".join(reading.words)
    names = [normalise(c.name) for c in candidates]
    closeness = [likeness(key, name) for name in names]
    fames = [fame(name, attested) for name in names]
    # How much machines make the text of each name, the well known being named more often.
    made = [c.probability * 10**c.entity.popularity for c in candidates]
    bags = {
        c.entity.id
        for c in candidates
        if c.entity.kind is EntityKind.ORGANISATION and (is_bag(reading, c) or c.route is Route.NAME)
    }
    starts = [_start(reading, name) for name in names]
    compared = []
    for i, candidate in enumerate(candidates):
        rival = 0.0
        others = max((made[j] for j in range(len(made)) if names[j] != names[i]), default=0.0)
        share = others / (others + made[i]) if made[i] else 0.0
        for j, other in enumerate(candidates):
            if names[j] == names[i] or other.entity.id == candidate.entity.id:
                continue
            # A village is no rival of a capital.
            near = closeness[j] - _OBSCURITY * max(0.0, fames[i] - fames[j])
            if near > rival and not is_same_place(candidate.entity, other.entity):
                rival = near
        compared.append(
            compare(
                reading,
                candidate,
                rival,
                context,
                attested,
                share,
                is_sole_bag=bags == {candidate.entity.id},
                is_sole_start=starts[i] is not None
                and all(starts[j] != starts[i] or names[j] == names[i] for j in range(len(names))),
            )
        )
    return [c for c in compared if is_possible(c)]


def is_said(text: str, reading: Reading) -> bool:
    """Whether the reading has what would be printed, or less of it."""
    printed = normalise(text).split()
    return printed == list(reading.words) or (len(printed) > len(reading.words) and set(reading.words) <= set(printed))


def is_printed_otherwise(candidate: Candidate, text: str, reading: Reading) -> bool:
    """Whether the name that would be printed is not much like the text, though another name of the entity may be: of a
    place by its letters, of a person where it lacks a word of the text."""
    if candidate.entity.kind is EntityKind.ORGANISATION or candidate.probability > 0:
        return False
    printed = normalise(text)
    if candidate.entity.kind is EntityKind.PERSON:
        _, lost, _ = align(reading.words, tuple(printed.split()))
        if len(reading.words) < 2 or all(len(word) <= _LONGEST_PARTICLE for word in lost):
            return False
        return likeness("".join(reading.words), printed.replace(" ", "")) < _LEAST_JOINED
    key = " ".join(reading.words)
    like = likeness(key, printed)
    is_near = likeness(key, normalise(candidate.name)) - like < _MUCH_FARTHER
    return like < (_LEAST_LIKE if is_near else _LEAST_LIKE_BY_ALIAS)


def _start(reading: Reading, name: str) -> tuple[frozenset[str], str] | None:
    """The words of a name that stand in the reading, and how the only other one begins, if there is one of each and
    the other word of the reading begins with the same two letters."""
    found, meant = reading.words, tuple(name.split())
    same = frozenset(found) & frozenset(meant)
    other, mine = [w for w in meant if w not in same], [w for w in found if w not in same]
    if not same or len(other) != 1 or len(mine) != 1 or other[0][:2] != mine[0][:2]:
        return None
    return same, other[0][0]


def is_same_place(a: Entity, b: Entity) -> bool:
    """Whether two records speak of one place: a town and its district, or what two sources have of it."""
    if a.kind is not EntityKind.PLACE or b.kind is not EntityKind.PLACE or a.country != b.country:
        return False
    return a.is_called(b.name) or b.is_called(a.name)


def leads(best: float, second: float, lead: float) -> bool:
    """Whether the odds of one probability are so many times those of another."""
    return best * (1 - second) >= lead * second * (1 - best)


def _is_rival(other: Weighed, best: Weighed, reading: Reading) -> bool:
    """Whether somebody or something else could as well be printed."""
    if normalise(other.text) == normalise(best.text):
        return False
    if is_printed_otherwise(other.candidate, other.text, reading):
        return False
    if is_same_place(other.candidate.entity, best.candidate.entity):
        return False
    return other.candidate.probability > 0 or _is_as_near(other.candidate, best.candidate, reading)


def _is_as_near(other: Candidate, best: Candidate, reading: Reading) -> bool:
    """Whether the letters do not tell two names apart that share their other words with the text: for *Aleksandar
    Vroulin*, *Aleksandar Vulin* is nearer than *Aleksandar Vučić*."""
    a, b = (tuple(normalise(c.name).split()) for c in (other, best))
    shared = {*a} & {*reading.words}
    if other.entity.kind is not best.entity.kind or not shared or shared != {*b} & {*reading.words}:
        return True

    def rest(words: Sequence[str]) -> str:
        return " ".join(w for w in words if w not in shared)

    found = rest(reading.words)
    return likeness(found, rest(b)) - likeness(found, rest(a)) < _FARTHER


_FARTHER = 0.2


def _without_borrowers(weighed: Sequence[Weighed]) -> list[Weighed]:
    """Without those that only borrow, as an alias, the name that another one, about as well known, bears as its own."""
    borne: dict[str, float] = {}  # how well known who bears a name is
    for w in weighed:
        entity = w.candidate.entity
        if (name := normalise(w.candidate.name)) == normalise(entity.name):
            borne[name] = max(borne.get(name, 0.0), entity.popularity)

    def is_borrowed(candidate: Candidate) -> bool:
        name, entity = normalise(candidate.name), candidate.entity
        return name in borne and name != normalise(entity.name) and entity.popularity <= borne[name] + _AS_WELL_KNOWN

    return [w for w in weighed if not is_borrowed(w.candidate)]


def choose(
    reading: Reading, candidates: Sequence[Candidate], context: Context, attested: Attested, model: LinkModel
) -> Decision:
    """Weigh the candidates for a reading and take one, or none."""
    weighed = []
    for comparison in compare_all(reading, candidates, context, attested):
        evidence = gather(comparison)
        probability = model.probability(shape_of(comparison.candidate), evidence)
        text = printed_form(comparison.candidate, reading.text, attested)
        weighed.append(Weighed(comparison.candidate, text, evidence, probability))
    ranked = tuple(
        sorted(
            _without_borrowers(weighed),
            key=lambda w: (-w.probability, -w.candidate.entity.popularity, w.candidate.entity.id),
        )
    )
    if not ranked:
        return Decision(reading, None, ranked, "no_candidate")
    best = ranked[0]
    if is_said(best.text, reading):
        return Decision(reading, None, ranked, "already_right")
    if is_printed_otherwise(best.candidate, best.text, reading):
        return Decision(reading, None, ranked, "not_sure")
    if best.probability < model.tables[shape_of(best.candidate)].least:
        return Decision(reading, None, ranked, "not_sure")
    second = next((w for w in ranked[1:] if _is_rival(w, best, reading)), None)
    if second is not None and not leads(best.probability, second.probability, model.lead):
        return Decision(reading, None, ranked, "ambiguous")
    return Decision(reading, best, ranked)
