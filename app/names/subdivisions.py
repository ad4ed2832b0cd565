"""What other languages call the provinces, states and regions of countries, by CLDR's own files.

The packages of CLDR for programs (babel, npm) have left most of these names out; the whole of it has them
(``common/subdivisions``, one file a language; Debian's package ``unicode-cldr-core`` puts them on a machine).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from xml.etree import ElementTree

from app.core.errors import ResourceError
from app.names.normalise import normalise
from app.names.store import Entity

DEBIAN = Path("/usr/share/unicode/cldr/common/subdivisions")
_IN_BRACKETS = re.compile(r"\s*\([^)]*\)")
_GENERIC = 12  # names of one language that a word like "province" stands in


class Subdivisions:
    """Names of subdivisions in the languages of CLDR.

    Args:
        folder: Holds a file a language, such as ``et.xml``.

    Raises:
        ResourceError: It does not hold English and another language, or a file is damaged.
    """

    def __init__(self, folder: Path) -> None:
        self._names: dict[str, Mapping[str, str]] = {}
        for path in sorted(folder.glob("*.xml")):
            try:
                found = ElementTree.parse(path).iterfind(".//subdivision")
                self._names[path.stem] = {s.get("type", ""): _IN_BRACKETS.sub("", s.text) for s in found if s.text}
            except (ElementTree.ParseError, OSError) as exc:
                raise ResourceError(f"{path} is damaged; install unicode-cldr-core again") from exc
        english = self._names.get("en", {})
        if not english or len(self._names) < 2:
            raise ResourceError(
                f"no names of subdivisions in {folder}; install Debian's unicode-cldr-core, or name the folder "
                "common/subdivisions of Unicode CLDR"
            )
        self._codes = {(code[:2].upper(), normalise(name)): code for code, name in english.items()}
        self._generic = {tag: _generic_words(names) for tag, names in self._names.items()}

    def names(self, entity: Entity) -> Iterator[tuple[str, str]]:
        """Language and name of a subdivision, without words such as *province*: a name of one word in each language for
        one of one word in English; of the others those that hold no such word. Nothing for what is none."""
        code = self._code(entity)
        if code is None:
            return
        is_word = " " not in normalise(entity.name)
        for tag, names in self._names.items():
            words = names.get(code, "").split()
            own = [word for word in words if word.casefold() not in self._generic[tag]]
            while own and own[0].islower():  # a preposition, or an article, that a generic word has left behind
                del own[0]
            if own and (len(own) == 1 if is_word else own == words):
                yield tag, " ".join(own)

    def _code(self, entity: Entity) -> str | None:
        """CLDR's code, by the entity's own or by English name and country."""
        if entity.id.startswith("iso-"):
            return entity.id.removeprefix("iso-").replace("-", "")
        return self._codes.get((entity.country, normalise(entity.name))) if entity.type == "subdivision" else None


def _generic_words(names: Mapping[str, str]) -> frozenset[str]:
    counts = Counter(word for name in names.values() for word in {w.casefold() for w in name.split()})
    return frozenset(word for word, count in counts.items() if count >= _GENERIC)
