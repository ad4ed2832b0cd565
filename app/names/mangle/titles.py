"""What becomes of titles: the other sex, a neighbouring office, a word for it that dictionaries confuse."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from app.names.mangle.forms import Damage, MangledForm
from app.names.mangle.words import like

# Each line: titles that translate into one another somewhere, by sex or by how states are built.
_SAME = """
mr ms mrs miss
sir madam lady lord
king queen emperor empress
prince princess duke duchess
chairman chairwoman chairperson chair president
president chairman head
premier prime-minister chancellor
minister secretary head
secretary minister clerk
governor mayor prefect head
mayor governor
director head chief manager
head director chief
chief head director
spokesman spokeswoman spokesperson
spokeswoman spokesman spokesperson
deputy vice assistant
vice deputy
ambassador envoy
envoy ambassador representative
senator deputy congressman
congressman congresswoman representative
representative delegate deputy
professor teacher doctor
doctor professor
general colonel marshal
colonel general
admiral general
commander captain general
captain commander
judge magistrate justice
prosecutor attorney procurator
attorney lawyer prosecutor
actor actress
actress actor
businessman businesswoman entrepreneur
coach trainer
editor publisher
reporter journalist correspondent
researcher scientist scholar
analyst expert specialist
expert specialist
founder creator
"""
_RATE = 0.5  # a title goes wrong in one word at a time; half of what can happen is left to rules unknown


@lru_cache(maxsize=1)
def _table() -> dict[str, tuple[str, ...]]:
    return {line.split()[0]: tuple(line.split()[1:]) for line in _SAME.split("\n") if line}


def mangle_title(title: str) -> Iterator[MangledForm]:
    """Forms of a title with one word changed, such as ``deputy head`` for ``deputy director``; not the title itself."""
    words = title.split()
    choices = [
        (at, word, other.replace("-", " "))
        for at, word in enumerate(words)
        for other in _table().get(word.rstrip(".").lower(), ())
    ]
    for at, word, other in choices:
        dot = "." if word.endswith(".") and other != "miss" else ""
        new = " ".join((*words[:at], like(other, word.rstrip(".")) + dot, *words[at + 1 :]))
        yield MangledForm(new, _RATE / len(choices), Damage.TITLE)
