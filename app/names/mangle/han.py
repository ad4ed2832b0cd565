"""Readings of Han characters in Mandarin, Japanese and Korean."""

from __future__ import annotations

import lzma
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

_DATA = "data/han.tsv.xz"
_COMMON_IN_NAMES = 3  # the least commonness of a character that a machine may think of for a sound


@dataclass(frozen=True, slots=True)
class Character:
    """One character; readings are toneless and in lower case, the usual one first."""

    pinyin: tuple[str, ...]
    on: tuple[str, ...]
    kun: tuple[str, ...]
    hangul: tuple[str, ...]
    commonness: int  # 0 rare .. 5 most frequent


@lru_cache(maxsize=1)
def characters() -> dict[str, Character]:
    """Every character that Unihan gives a reading for."""
    packed = files("app.names.mangle").joinpath(_DATA).read_bytes()
    table = {}
    for line in lzma.decompress(packed).decode().split("\n"):
        char, *readings, common = line.split("\t")
        pinyin, on, kun, hangul = (tuple(r for r in field.split(",") if r) for field in readings)
        table[char] = Character(pinyin, on, kun, hangul, int(common))
    return table


@lru_cache(maxsize=1)
def syllables() -> frozenset[str]:
    """Every toneless syllable of Mandarin that a name may have, ``ü`` written as ``u``."""
    found = {p.replace("ü", "u") for c in characters().values() if c.commonness for p in c.pinyin[:2]}
    return frozenset(
        s for s in found if s.isascii() and s.isalpha() and s[-1] != "m" and not s.endswith("hng") and s != "ng"
    )


@lru_cache(maxsize=512)
def sounding(syllable: str) -> tuple[str, ...]:
    """Common characters that are usually read so, the commonest first."""
    same = [
        (-c.commonness, char)
        for char, c in characters().items()
        if c.commonness >= _COMMON_IN_NAMES and c.pinyin[:1] == (syllable,)
    ]
    return tuple(char for _, char in sorted(same))


def is_rare(char: str) -> bool:
    """Whether the character is in no frequency class and unused in a modern corpus: what a small vocabulary lacks."""
    known = characters().get(char)
    return known is None or known.commonness == 0
