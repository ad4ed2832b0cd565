"""What becomes of Korean names: surnames by custom, rival spellings of each syllable, joined and split given names."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import regex

from app.names.mangle.forms import Damage
from app.names.mangle.words import Form, Parts, capitalise

_INITIAL = ("g", "kk", "n", "d", "tt", "r", "m", "b", "pp", "s", "ss", "", "j", "jj", "ch", "k", "t", "p", "h")
_MEDIAL = ("a", "ae", "ya", "yae", "eo", "e", "yeo", "ye", "o", "wa", "wae", "oe", "yo", "u", "wo", "we", "wi", "yu",
           "eu", "ui", "i")  # fmt: skip
_FINAL = ("", "k", "k", "k", "n", "n", "n", "t", "l", "k", "m", "l", "l", "l", "p", "l", "m", "p", "p", "t", "t", "ng",
          "t", "t", "k", "t", "p", "t")  # fmt: skip
_FIRST, _LAST = 0xAC00, 0xD7A3

# How Koreans themselves spell the surname, beside Revised Romanisation (South Korean passports, McCune-Reischauer).
SURNAMES: dict[str, tuple[str, ...]] = {
    "김": ("kim", "gim"), "이": ("lee", "yi", "rhee", "ri", "i"),
    "리": ("ri", "lee", "rhee"), "박": ("park", "pak", "bak"),
    "최": ("choi", "choe", "choy"), "정": ("jung", "chung", "jeong", "cheong"), "강": ("kang", "gang"),
    "조": ("cho", "jo"), "윤": ("yoon", "yun", "youn"), "장": ("jang", "chang"), "임": ("lim", "im", "rim", "yim"),
    "림": ("rim", "lim"), "한": ("han",), "오": ("oh", "o"), "서": ("seo", "suh", "so"), "신": ("shin", "sin"),
    "권": ("kwon", "gwon"), "황": ("hwang",), "안": ("ahn", "an"), "송": ("song",), "유": ("yoo", "yu", "ryu", "you"),
    "류": ("ryu", "yoo", "lyu"), "홍": ("hong",), "전": ("jeon", "chun", "jun", "chon"), "고": ("ko", "koh", "go"),
    "문": ("moon", "mun"), "양": ("yang",), "손": ("son", "sohn"), "배": ("bae", "pae"), "백": ("baek", "paek", "paik"),
    "허": ("heo", "huh", "hur", "ho"), "남": ("nam",), "심": ("shim", "sim"), "노": ("roh", "noh", "no"),
    "로": ("ro", "roh"),
    "하": ("ha",), "곽": ("kwak", "gwak"), "성": ("sung", "seong", "song"), "차": ("cha",), "주": ("joo", "ju", "chu"),
    "우": ("woo", "u", "wu"), "구": ("koo", "ku", "gu"), "민": ("min",), "나": ("na", "ra"), "지": ("ji", "chi"),
    "엄": ("eom", "um", "uhm"), "채": ("chae",), "원": ("won",), "천": ("cheon", "chun"), "방": ("bang", "pang"),
    "공": ("kong", "gong"), "현": ("hyun", "hyeon"), "함": ("ham",), "변": ("byun", "byeon", "pyon"),
    "염": ("yeom", "yum"),
    "여": ("yeo", "yuh", "ryo"), "추": ("choo", "chu"), "도": ("do", "to"), "소": ("so",), "석": ("seok", "suk", "sok"),
    "선": ("sun", "seon"), "설": ("seol", "sul"), "마": ("ma",), "길": ("gil", "kil"), "연": ("yeon", "yon", "youn"),
    "위": ("wi",), "표": ("pyo",), "명": ("myung", "myeong"), "기": ("ki", "gi"), "반": ("ban", "pan"), "왕": ("wang",),
    "금": ("geum", "keum", "kum"), "옥": ("ok",), "육": ("yook", "yuk"), "인": ("in",),
    "맹": ("maeng",), "제": ("je", "jae"),
    "모": ("mo",), "탁": ("tak",), "국": ("kook", "guk", "kuk"), "어": ("eo", "uh"), "은": ("eun",), "편": ("pyeon",),
    "용": ("yong",), "예": ("ye",), "경": ("kyung", "gyeong"), "봉": ("bong",), "사": ("sa",), "부": ("boo", "bu"),
}  # fmt: skip
# The same syllable as Revised Romanisation, McCune-Reischauer and custom have it; any of a set stands for any other.
_SAME: tuple[tuple[str, ...], ...] = (
    ("eo", "u", "o", "oe"), ("yeo", "you", "yo", "yu"), ("eu", "u", "oo"), ("oo", "u", "wu"), ("ee", "i"),
    ("ui", "ee", "eui", "ui"),
    ("ae", "e", "ai"), ("oe", "oi"), ("woo", "u", "oo"), ("wo", "weo", "uo"), ("hyun", "hyeon", "hyon"),
    ("young", "yeong", "yong", "yung"), ("kyung", "gyeong", "kyong", "kyeong"), ("suk", "seok", "sok"),
    ("sung", "seong", "song"),
    ("jung", "jeong", "chung", "chong"), ("jun", "joon", "chun"), ("hoon", "hun"), ("geun", "keun", "kun"),
    ("jae", "chae", "jai"),
)  # fmt: skip
_STARTS = (("g", "k"), ("k", "g"), ("d", "t"), ("t", "d"), ("b", "p"), ("p", "b"), ("j", "ch"), ("ch", "j"), ("r", "l"),
           ("l", "r"), ("s", "sh"), ("sh", "s"), ("y", "r"), ("n", "r"), ("y", "l"))  # fmt: skip


def romanise(hangul: str) -> str:
    """Letter by letter in Revised Romanisation, as it is done for names; other characters stay."""
    out = []
    for char in hangul:
        code = ord(char)
        if _FIRST <= code <= _LAST:
            initial, rest = divmod(code - _FIRST, 588)
            medial, final = divmod(rest, 28)
            out.append(_INITIAL[initial] + _MEDIAL[medial] + _FINAL[final])
        else:
            out.append(char)
    return "".join(out)


def spellings(hangul: str, surname_length: int = 1) -> tuple[str, ...]:
    """A person's Hangul, surname first: by custom and by the book, given name hyphenated and joined."""
    surname, given = hangul[:surname_length], hangul[surname_length:]
    heads = (*SURNAMES.get(surname, ())[:2], romanise(surname))
    syllables = [romanise(c) for c in given]
    tails = ("-".join(syllables), "".join(syllables))
    return tuple(dict.fromkeys(f"{capitalise(h)} {capitalise(t)}".strip() for h in heads for t in tails))


@lru_cache(maxsize=1)
def _surnames() -> dict[str, tuple[str, ...]]:
    """Each customary spelling -> the others of the same surname."""
    table: dict[str, dict[str, None]] = {}
    for spelt in SURNAMES.values():
        for one in spelt:
            table.setdefault(one, {}).update(dict.fromkeys(s for s in spelt if s != one))
    return {one: tuple(others) for one, others in table.items()}


def is_surname(word: str) -> bool:
    """Whether a lower-case word is a customary spelling of a Korean surname."""
    return word in _surnames()


_SYLLABLE = regex.compile(r"[^aeiouyw]*[yw]?[aeiou]+(?:ng|[klmnpt](?![aeiouyw]))?")


def latin_forms(parts: Parts) -> Iterator[Form]:
    """What can be done with the Latin form alone; ``parts`` has the surname first."""
    words = [w.lower() for w in parts.words]
    if words[0] not in _surnames() or not 2 <= len(words) <= 3:
        return
    for other in _surnames()[words[0]]:
        yield Form(Damage.ROMANISATION, parts.with_word(0, capitalise(other)), 0.4)
    given = [s for w in words[1:] for s in w.split("-")]
    if len(given) == 1:
        given = _SYLLABLE.findall(given[0]) if "".join(_SYLLABLE.findall(given[0])) == given[0] else given
    head = parts.words[0]
    if len(given) == 2:
        first, second = given
        for text in (f"{first}-{second}", f"{first}{second}"):
            yield Form(Damage.SYLLABLES, f"{head} {capitalise(text)}", 0.3)
        yield Form(Damage.SYLLABLES, f"{head} {capitalise(first)}-{capitalise(second)}", 0.2)
        yield Form(Damage.SYLLABLES, f"{head} {capitalise(first)} {capitalise(second)}", 0.3)
        yield Form(Damage.DROPPED_CHARACTER, f"{head} {capitalise(first)}", 0.1)
        joiner = "-" if "-" in " ".join(parts.words[1:]) else " " if len(parts.words) == 3 else ""
        last = capitalise if joiner == " " or (parts.words[-1].split("-")[-1][:1].isupper() and joiner) else str
        for i, syllable in enumerate(given):
            for other in _others(syllable):
                changed = [
                    capitalise(s) if k == 0 else last(s) for k, s in enumerate((*given[:i], other, *given[i + 1 :]))
                ]
                yield Form(Damage.ROMANISATION, f"{head} {joiner.join(changed)}", 0.15)


@lru_cache(maxsize=4096)
def _others(syllable: str) -> tuple[str, ...]:
    found = []
    for same in _SAME:
        for one in same:
            if one in syllable and (len(one) > 2 or _vowels(syllable) == one):
                found += [syllable.replace(one, other) for other in same if other != one]
                break
    for old, new in _STARTS:
        if syllable.startswith(old) and not (old == "s" and syllable[1:2] == "h"):
            found.append(new + syllable[len(old) :])
    return tuple(dict.fromkeys(f for f in found if f != syllable))


def _vowels(syllable: str) -> str:
    found = regex.search(r"[yw]?[aeiou]+", syllable)
    return found.group() if found else ""
