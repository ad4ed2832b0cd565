"""Codes that words which sound alike share."""

from __future__ import annotations

import jellyfish
import regex

# What languages write for one sound, longer ones first.
_CLUSTERS = (
    ("tzsch", "c"), ("dzsch", "j"), ("dsch", "j"), ("tsch", "c"), ("chzh", "j"), ("tch", "c"), ("sch", "s"),
    ("dzh", "j"), ("zh", "j"), ("sh", "s"), ("ch", "c"), ("cz", "c"), ("sz", "s"), ("kh", "k"), ("ph", "f"),
    ("th", "t"), ("dh", "d"), ("gh", "g"), ("ck", "k"), ("tz", "c"), ("ts", "c"), ("qu", "kv"), ("x", "ks"),
    ("cc", "k"),
)  # fmt: skip
_HARD_C = regex.compile(r"c(?=[aouklrt])")
_FIRST = str.maketrans("qhgxzcyiueowfbd", "kkkkssjaaaavvpt")  # letters that languages exchange at the start
_INNER = str.maketrans({"h": "", "j": "", "c": "s", "w": "v"})


def sound_key(token: str) -> str:
    """The code that words which sound alike share: Soundex of the token as it sounds.

    Soundex finds more of the rival spellings of one name than NYSIIS, Metaphone, Double Metaphone and match rating do
    (0.67 of 52,969 pairs of aliases that differ in one word, against 0.36, 0.34, 0.46 and 0.25), in blocks that stay
    small enough to compare in full. It was made for one language: here clusters of letters are first written as they
    sound (*Sacharow*, *Sakharov*), an inner *h* or *j* is nothing, and a first letter counts as those that languages
    put in its place (*Hodorkovski*, *Khodorkovsky*), which makes 0.75 of them, and of what machines made of 664 words
    of names 0.74 instead of 0.62; blocks grow by half.
    """
    for written, heard in _CLUSTERS:
        token = token.replace(written, heard)
    token = _HARD_C.sub("k", token)
    return jellyfish.soundex(token[:1].translate(_FIRST) + token[1:].translate(_INNER))
