# ruff: noqa: SIM905
"""What a text says that somebody is, in a common noun: *the gardener A*, *B, a nurse from C*.

Few gardeners stand in a base of people whom newspapers write about: a name like one of theirs is the gardener's own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Self

from app.core.classify import FUNCTION_WORDS
from app.core.errors import ResourceError
from app.core.files import write_whole
from app.core.types import Span

CALLINGS_FILE = "callings.tsv"
ALL = "*"  # the row of people called anything
_LEAST_SHARE = 0.35  # of the share of all: about a third
_NEAR = 60  # letters: a few words

_DETERMINER = (
    r"(?:[Tt]he|[Aa]n?|[Hh]is|[Hh]er|[Tt]heir|[Ii]ts|[Oo]ur|[Mm]y|\w+['’]s|[A-Z][a-z]+(?:an|ch|ese|ish|i)"
    r"|\d+-year-old)"
)
_NOUN = r"[a-z]{3,}(?:-[a-z]+)*"
_BEING = r"(?:is|was|named|called) "
_BEFORE = re.compile(rf"(?:^|[\s(\"“]){_DETERMINER} (?P<first>{_NOUN} )?(?P<noun>(?!{_BEING}){_NOUN}) (?:{_BEING})?$")
_ALONE = re.compile(rf"(?:^|[\s(\"“])(?P<noun>{_NOUN}|[A-Z][a-z]{{2,}}) $")
_AUXILIARY = r"(?:has|have|had|is|was|are|were|will|would|can|could|may|that|who)\b"
_BEHIND = re.compile(
    r"^(?:, (?:\d+, )?| (?:is|was) | \()(?P<article>the|an?|his|her|their|its|our|my) "
    rf"(?:(?!{_AUXILIARY})[\w-]+ ){{0,3}}?(?P<noun>{_NOUN})"
    r"(?=[,.;)]| (?:of|in|at|from|who|for|and|with|on|by|whose|that|to|as)\b)"
)
# Between "the president" and a name: no nouns.
_VERBS = frozenset(
    "met said told saw led beat won lost made sent gave took put let left hit shot ran sued named met hosts meets "
    "says tells sees leads beats wins asks wants calls thanks joins backs".split()
)
_OF_VERBS = ("ed", "ing")
_NO_NOUNS = FUNCTION_WORDS | frozenset(
    "late former then new old young current incumbent own same other only elder younger famous great".split()
)
# What nouns for people end in, and what follows an article as they do.
_OF_PEOPLE = re.compile(r"(?:er|or|ar|ist|ian|man|men|woman|ess|eer|ant|ster|smith|wright)$")
_OF_ADJECTIVES = re.compile(r"(?:ous|ful|ive|al|ic|able|ible|ary|ed|ing|less|ish|y)$")
# Whose relative or deputy somebody is says nothing of what they are.
_RELATIONS = frozenset(
    "husband wife widow widower father mother parents son daughter brother sister uncle aunt nephew niece cousin "
    "grandfather grandmother grandson granddaughter stepson friend boyfriend girlfriend "
    "partner deputy predecessor successor colleague rival opponent compatriot contemporary countryman".split()
)
# One text calls a novelist what another calls a writer.
_TRADES = tuple(
    frozenset(line.split())
    for line in (
        "novelist author writer poet poetess playwright dramatist essayist",
        "footballer goalkeeper goaltender striker midfielder defender winger goalscorer",
        "cyclist rider",
        "runner sprinter athlete jumper marathoner",
        "singer singer-songwriter songwriter soprano mezzo tenor baritone musician guitarist bassist drummer vocalist"
        " frontman rapper",
        "pianist violinist cellist conductor composer musician",
        "actor actress comedian entertainer",
        "filmmaker film-maker screenwriter cinematographer",
        "painter sculptor illustrator cartoonist",
        "scientist physicist astronomer astrophysicist chemist biologist geneticist mathematician researcher professor"
        " naturalist zoologist botanist",
        "industrialist businessman businesswoman entrepreneur billionaire financier banker investor founder cofounder"
        " magnate oligarch tycoon",
        "philosopher thinker theorist theologian sociologist economist historian scholar",
        "activist campaigner dissident advocate reformer",
        "astronaut cosmonaut",
        "explorer navigator mariner seafarer adventurer",
        "journalist reporter columnist correspondent",
    )
)


def called(text: str, span: Span) -> Iterator[tuple[str, bool]]:
    """The words that may say beside a name what somebody is, and whether they show themselves to be nouns for people,
    by their place or their ending."""
    head = text[max(0, span.start - _NEAR) : span.start].rsplit("\n", 1)[-1]
    tail = text[span.end : span.end + 2 * _NEAR].split("\n", 1)[0]
    before = _BEFORE.search(head)
    if before is not None and before["first"] is None:
        yield from _noun(before["noun"], is_shown=_OF_ADJECTIVES.search(before["noun"]) is None)
    elif before is not None and not is_verb(before["noun"]):
        yield from _noun(before["noun"], is_shown=is_of_people(before["noun"]))
    elif before is None and (alone := _ALONE.search(head)) is not None and not is_verb(alone["noun"]):
        yield from _noun(alone["noun"].lower(), is_shown=False)
    if (behind := _BEHIND.search(tail)) is not None and not is_verb(behind["noun"]):
        is_one = behind["article"] in ("a", "an") and _OF_ADJECTIVES.search(behind["noun"]) is None
        yield from _noun(behind["noun"], is_shown=is_one or is_of_people(behind["noun"]))


def _noun(word: str, *, is_shown: bool) -> Iterator[tuple[str, bool]]:
    if word not in _NO_NOUNS and word not in _RELATIONS:
        yield word, is_shown


def is_of_people(noun: str) -> bool:
    """Whether a noun looks like one for people."""
    return _OF_PEOPLE.search(noun) is not None


def of_one_trade(noun: str) -> frozenset[str]:
    """The nouns for what one may be called instead, itself among them: *novelist*, *writer*."""
    return frozenset((noun,)).union(*(trade for trade in _TRADES if noun in trade))


def is_verb(word: str) -> bool:
    """Whether a word beside a name is rather a verb than a noun."""
    return word in _VERBS or word.endswith(_OF_VERBS)


class Callings:
    """How many of the people whom edited English calls something stand in the base.

    Args:
        counts: By noun, those in the base and all; ``ALL`` are those called anything.
    """

    def __init__(self, counts: Mapping[str, tuple[int, int]]) -> None:
        known, everybody = counts[ALL]
        self._share = known / everybody
        self._counts = {noun: count for noun, count in counts.items() if noun != ALL}

    def __len__(self) -> int:
        return len(self._counts)

    def is_unlikely(self, noun: str) -> bool:
        """Whether nobody in the base is called so, or far fewer than are called anything else."""
        known, everybody = self._counts.get(noun, (0, 0))
        return known == 0 or known / everybody < _LEAST_SHARE * self._share

    def unlikely(self, nouns: Iterable[tuple[str, bool]]) -> str:
        """The first of what ``called`` gives that is so; empty if none is. What may be no noun for people counts where
        it is known as one."""
        of_people = (noun for noun, is_shown in nouns if is_shown or noun in self._counts)
        return next((noun for noun in of_people if self.is_unlikely(noun)), "")

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read what ``save_callings`` wrote.

        Raises:
            ResourceError: It is missing or damaged.
        """
        try:
            rows = (line.split("\t") for line in path.read_text("utf-8").splitlines())
            return cls({noun: (int(known), int(everybody)) for noun, known, everybody in rows})
        except (OSError, ValueError, KeyError, ZeroDivisionError) as exc:
            raise ResourceError(f"the callings {path} are missing or damaged; run scripts/build_callings.py") from exc


def save_callings(path: Path, counts: Mapping[str, tuple[int, int]]) -> None:
    """Write the file that ``Callings.read`` reads: noun, people in the base, people in all."""
    rows = "".join(f"{noun}\t{k}\t{n}\n" for noun, (k, n) in sorted(counts.items()))
    with write_whole(path) as file:
        file.write(rows.encode())
