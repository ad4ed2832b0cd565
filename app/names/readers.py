"""Entities from JSON Lines, CSV and Wikidata dumps; a row that cannot be used is reported with its file and line."""

from __future__ import annotations

import bz2
import csv
import gzip
import io
import lzma
import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import IO, Any, cast

import orjson
import zstandard

from app.core.errors import InputError
from app.names.normalise import normalise, script_of
from app.names.store import Entity, EntityKind, Name, NameKind, Role

_PLACE_SCALE = 8.0  # log10 of a popularity of one hundred million: a country
_PERSON_SCALE = 30.0  # ten national offices
_ORGANISATION_SCALE = 10.0
_SITELINKS_SCALE = 300.0  # about as many editions as the best known subjects have
_FEWEST_YEAR, _LAST_YEAR = -3000, 2200
_LONGEST_NAME = 200
_COUNTRY_LETTERS = 2


@dataclass(frozen=True, slots=True)
class Broken:
    """A row that cannot be used."""

    path: Path
    line: int
    reason: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Removed:
    """An overlay's wish to take an id out of what lies under it."""

    id: str


Row = Entity | Removed | Broken


# ---------------------------------------------------------------- files


def open_bytes(path: Path) -> IO[bytes]:
    """A file for reading, unpacked by the end of its name (``.gz``, ``.bz2``, ``.xz``, ``.zst``), as a stream.

    Raises:
        InputError: It cannot be opened.
    """
    try:
        match path.suffix:
            case ".gz":
                return cast("IO[bytes]", gzip.open(path))
            case ".bz2":
                return bz2.open(path)
            case ".xz":
                return lzma.open(path)
            case ".zst":
                return io.BufferedReader(_ZstdStream(path), 1 << 20)
            case _:
                return path.open("rb")
    except OSError as exc:
        raise InputError(f"{path}: cannot be read ({exc.strerror}); name a file that can") from exc


class _ZstdStream(io.RawIOBase):
    """A Zstandard file of any number of frames as a stream; unlike the library's own reader it sees a cut-off file."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("rb")
        self._frame: zstandard.ZstdDecompressionObj | None = None
        self._packed = b""
        self._plain = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._plain:
            if not self._packed:
                self._packed = self._file.read(1 << 18)
            if not self._packed:
                if self._frame is not None:
                    raise EOFError("the file ends before its last frame does")
                return 0
            if self._frame is None:
                self._frame = zstandard.ZstdDecompressor(max_window_size=1 << 31).decompressobj()
            self._plain = self._frame.decompress(self._packed)
            self._packed = b""
            if self._frame.eof:
                self._packed, self._frame = self._frame.unused_data, None
        size = min(len(buffer), len(self._plain))
        buffer[:size] = self._plain[:size]
        self._plain = self._plain[size:]
        return size

    def close(self) -> None:
        self._file.close()
        super().close()


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """Numbered lines; a packed file that breaks off is an error of the file, not of a row.

    Raises:
        InputError: The file is cut off or not packed as its name says.
    """
    number = 0
    with open_bytes(path) as file:
        try:
            for number, line in enumerate(file, start=1):
                yield number, line
        except (OSError, EOFError, lzma.LZMAError, zstandard.ZstdError) as exc:
            raise InputError(f"{path}: breaks off after line {number} ({exc}); fetch it again") from exc


# ---------------------------------------------------------------- JSON Lines and CSV


def popularity_of(kind: EntityKind, raw: float) -> float:
    """Popularity as rows count it (persons: points for offices; places: inhabitants; else 0 to 10), as 0 to 1."""
    if raw <= 0:
        return 0.0
    if kind is EntityKind.PLACE:
        return min(1.0, math.log10(1 + raw) / _PLACE_SCALE)
    scale = _PERSON_SCALE if kind is EntityKind.PERSON else _ORGANISATION_SCALE
    return min(1.0, math.log1p(raw) / math.log1p(scale))


_PLACE_TYPES = frozenset(
    {
        "autonomous community", "autonomous region", "borough", "canton", "city", "commune", "continent",
        "country", "county", "department", "district", "division", "emirate", "governorate", "island", "lake",
        "local council", "municipality", "mountain", "oblast", "parish", "place", "prefecture", "province",
        "quarter", "rayon", "region", "republic", "river", "sea", "state", "strait", "subdivision",
        "territory", "town", "village", "voivodship",
    }
)  # fmt: skip


def kind_of_type(type_: str) -> EntityKind:
    """The sort of entity that a type belongs to, where a row does not say: person, a known type of place, or else."""
    if type_ == "person":
        return EntityKind.PERSON
    return EntityKind.PLACE if type_ in _PLACE_TYPES else EntityKind.ORGANISATION


def entity_of(row: Mapping[str, Any], kind: EntityKind | None = None) -> Entity:
    """An entity from one row in the format that docs/names.md describes.

    Raises:
        ValueError: A field is missing or cannot be used; the message names it.
    """
    id_, name, type_ = _text(row, "id"), _text(row, "name"), _text(row, "type")
    if kind is None:
        given = row.get("kind")
        try:
            kind = EntityKind(given) if given else kind_of_type(type_)
        except ValueError as exc:
            raise ValueError(f"`kind` is {given!r}, not one of {', '.join(EntityKind)}") from exc
    start, end = _year(row, "from"), _year(row, "to")
    if start is not None and end is not None and end < start:
        raise ValueError(f"`to` ({end}) is before `from` ({start})")
    country = row.get("country") or ""
    if not isinstance(country, str) or len(country) not in {0, _COUNTRY_LETTERS}:
        raise ValueError("`country` is not an ISO 3166 code of two letters")
    popularity = row.get("popularity") or 0
    if isinstance(popularity, bool) or not isinstance(popularity, int | float) or not math.isfinite(popularity):
        raise ValueError("`popularity` is not a number")
    roles = _roles(row.get("roles") or (), start, end)
    return Entity(
        id=id_,
        kind=kind,
        type=type_,
        name=name,
        aliases=classify_aliases(name, _texts(row, "aliases")),
        native=_native(row.get("native") or {}, name),
        country=country.upper(),
        roles=roles,
        active_from=start if start is not None else min((r.start for r in roles if r.start), default=None),
        active_to=end,
        born=_year(row, "born"),
        died=_year(row, "died"),
        popularity=round(popularity_of(kind, popularity), 3),
        sources=_texts(row, "source"),
    )


def _text(row: Mapping[str, Any], name: str) -> str:
    value = row.get(name)
    if value is not None and not isinstance(value, str):
        raise ValueError(f"`{name}` is {value!r}, not a text")
    if value is None or not value.strip():
        raise ValueError(f"`{name}` is missing or empty")
    value = value.strip()
    if len(value) > _LONGEST_NAME or any(ord(c) < 32 for c in value):
        raise ValueError(f"`{name}` is longer than {_LONGEST_NAME} characters or holds control characters")
    return value


def _texts(row: Mapping[str, Any], name: str) -> tuple[str, ...]:
    values = row.get(name) or []
    if not isinstance(values, list | tuple) or not all(isinstance(v, str) for v in values):
        raise ValueError(f"`{name}` is not a list of texts")
    return tuple(_text({name: v}, name) for v in values if v.strip())


def _year(row: Mapping[str, Any], name: str) -> int | None:
    value = row.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not _FEWEST_YEAR <= value <= _LAST_YEAR:
        raise ValueError(f"`{name}` is not a year")
    return value


def _roles(values: Any, start: int | None, end: int | None) -> tuple[Role, ...]:
    """Titles, or objects with title, from and to; the years of the row are those of its only role."""
    if not isinstance(values, list | tuple):
        raise ValueError("`roles` is not a list")
    roles = []
    for value in values:
        if isinstance(value, str) and value.strip():
            roles.append(Role(value.strip(), *((start, end) if len(values) == 1 else (None, None))))
        elif isinstance(value, dict):
            roles.append(Role(_text(value, "title"), _year(value, "from"), _year(value, "to")))
        else:
            raise ValueError("`roles` holds something that is neither a title nor an object with one")
    return tuple(roles)


def _native(values: Any, name: str) -> tuple[Name, ...]:
    if not isinstance(values, dict) or not all(isinstance(v, str) for v in values.values()):
        raise ValueError("`native` is not an object of language and name")
    return tuple(Name(v.strip(), NameKind.NATIVE, k) for k, v in sorted(values.items()) if v.strip() and v != name)


def classify_aliases(name: str, aliases: Iterable[str], language: str = "") -> tuple[Name, ...]:
    """Other Latin names, each with what it is to the canonical one; duplicates of it are dropped."""
    words = sorted(normalise(name).split())
    made: dict[str, Name] = {}
    for alias in aliases:
        key = normalise(alias)
        if not key or alias == name:
            continue
        kind = NameKind.ALIAS
        if alias.isupper() and 2 <= len(alias) <= 7 and " " not in alias and len(words) > 1:
            kind = NameKind.ABBREVIATION
        elif key != normalise(name) and sorted(key.split()) == words:
            kind = NameKind.REORDERED
        made.setdefault(alias, Name(alias, kind, language))
    return tuple(made.values())


@dataclass
class Seen:
    """Where each id was read first, so that a second one can be reported."""

    places: dict[str, str] = field(default_factory=dict)

    def once(self, path: Path, line: int, row: Entity | Removed) -> Row:
        """The row, or what is wrong with it if its id came before."""
        first = self.places.setdefault(row.id, f"{path}:{line}")
        return row if first == f"{path}:{line}" else Broken(path, line, f"the id {row.id} stands already at {first}")


def read_jsonl(path: Path, kind: EntityKind | None = None, seen: Seen | None = None) -> Iterator[Row]:
    """Rows of a JSON Lines file, plain or packed. ``{"id": ..., "removed": true}`` removes an id (in overlays)."""
    seen = seen or Seen()
    for number, line in _lines(path):
        if not line.strip():
            continue
        try:
            row = orjson.loads(line)
            if not isinstance(row, dict):
                raise ValueError("not a JSON object")
            removed = row.get("removed") is True
            yield seen.once(path, number, Removed(_text(row, "id")) if removed else entity_of(row, kind))
        except orjson.JSONDecodeError as exc:
            yield Broken(path, number, f"not JSON ({exc})")
        except ValueError as exc:
            yield Broken(path, number, str(exc))


_LISTS = ("aliases", "roles", "source")
_NUMBERS = ("from", "to", "born", "died")


def read_csv(path: Path, kind: EntityKind | None = None, seen: Seen | None = None) -> Iterator[Row]:
    """Rows of a CSV file (or ``.tsv``) with a header of the field names.

    Lists are parted by ``|``; native names stand in columns such as ``native:zh``; a column ``removed`` with ``true``
    removes the id (in overlays).

    Raises:
        InputError: The header lacks ``id``, ``name`` or ``type``, or the file is not UTF-8.
    """
    seen = seen or Seen()
    delimiter = "\t" if ".tsv" in path.suffixes else ","
    with open_bytes(path) as raw, io.TextIOWrapper(raw, "utf-8-sig", newline="") as text:
        reader = csv.DictReader(text, delimiter=delimiter, strict=True)
        try:
            missing = {"id", "name", "type"} - set(reader.fieldnames or ())
        except (csv.Error, UnicodeDecodeError, EOFError, OSError, lzma.LZMAError, zstandard.ZstdError) as exc:
            raise InputError(f"{path}:1: no header that can be read ({exc})") from exc
        if missing:
            raise InputError(f"{path}:1: the header lacks {', '.join(sorted(missing))}")
        while True:
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as exc:
                yield Broken(path, reader.line_num, f"not CSV ({exc})")
                continue
            except (UnicodeDecodeError, EOFError, OSError, lzma.LZMAError, zstandard.ZstdError) as exc:
                raise InputError(f"{path}: cannot be read beyond line {reader.line_num} ({exc})") from exc
            try:
                yield seen.once(path, reader.line_num, _csv_row(cells, kind))
            except ValueError as exc:
                yield Broken(path, reader.line_num, str(exc))


def _csv_row(cells: Mapping[str | None, Any], kind: EntityKind | None) -> Entity | Removed:
    if None in cells:
        raise ValueError("more cells than the header has")
    row: dict[str, Any] = {}
    for name, cell in cells.items():
        if not isinstance(name, str) or cell is None or not cell.strip():
            continue
        if name in _LISTS:
            row[name] = [part.strip() for part in cell.split("|") if part.strip()]
        elif name in _NUMBERS:
            row[name] = _number(name, cell, int)
        elif name == "popularity":
            row[name] = _number(name, cell, float)
        elif name.startswith("native:"):
            row.setdefault("native", {})[name.removeprefix("native:")] = cell.strip()
        else:
            row[name] = cell.strip()
    if str(row.get("removed", "")).lower() in {"true", "1", "yes"}:
        return Removed(_text(row, "id"))
    return entity_of(row, kind)


def _number(name: str, cell: str, read: Callable[[str], float]) -> float:
    try:
        return read(cell.strip())
    except ValueError as exc:
        raise ValueError(f"`{name}` is not a number") from exc


# ---------------------------------------------------------------- Wikidata

# Classes that P31 names, to (kind, type). A dump does not hold the class tree in an order that a stream could use, so
# these are the classes that items are really filed under, not their ancestors; ``--class`` adds more.
WIKIDATA_CLASSES: Mapping[str, tuple[EntityKind, str]] = {
    "Q5": (EntityKind.PERSON, "person"),
    "Q43229": (EntityKind.ORGANISATION, "organisation"),
    "Q4830453": (EntityKind.ORGANISATION, "company"),
    "Q783794": (EntityKind.ORGANISATION, "company"),
    "Q6881511": (EntityKind.ORGANISATION, "company"),
    "Q891723": (EntityKind.ORGANISATION, "company"),
    "Q22687": (EntityKind.ORGANISATION, "bank"),
    "Q66344": (EntityKind.ORGANISATION, "bank"),
    "Q192350": (EntityKind.ORGANISATION, "ministry"),
    "Q19973770": (EntityKind.ORGANISATION, "ministry"),
    "Q327333": (EntityKind.ORGANISATION, "agency"),
    "Q2659904": (EntityKind.ORGANISATION, "agency"),
    "Q3918": (EntityKind.ORGANISATION, "university"),
    "Q875538": (EntityKind.ORGANISATION, "university"),
    "Q15936437": (EntityKind.ORGANISATION, "university"),
    "Q31855": (EntityKind.ORGANISATION, "institute"),
    "Q155271": (EntityKind.ORGANISATION, "think tank"),
    "Q7278": (EntityKind.ORGANISATION, "political party"),
    "Q484652": (EntityKind.ORGANISATION, "international organisation"),
    "Q245065": (EntityKind.ORGANISATION, "international organisation"),
    "Q79913": (EntityKind.ORGANISATION, "organisation"),
    "Q163740": (EntityKind.ORGANISATION, "organisation"),
    "Q157031": (EntityKind.ORGANISATION, "foundation"),
    "Q11032": (EntityKind.ORGANISATION, "media"),
    "Q1153191": (EntityKind.ORGANISATION, "media"),
    "Q192283": (EntityKind.ORGANISATION, "media"),
    "Q772547": (EntityKind.ORGANISATION, "armed force"),
    "Q6256": (EntityKind.PLACE, "country"),
    "Q3624078": (EntityKind.PLACE, "country"),
    "Q515": (EntityKind.PLACE, "city"),
    "Q1549591": (EntityKind.PLACE, "city"),
    "Q1637706": (EntityKind.PLACE, "city"),
    "Q5119": (EntityKind.PLACE, "city"),
    "Q3957": (EntityKind.PLACE, "town"),
    "Q15284": (EntityKind.PLACE, "municipality"),
    "Q34876": (EntityKind.PLACE, "province"),
    "Q35657": (EntityKind.PLACE, "state"),
    "Q10864048": (EntityKind.PLACE, "region"),
    "Q5107": (EntityKind.PLACE, "continent"),
    "Q4022": (EntityKind.PLACE, "river"),
    "Q23442": (EntityKind.PLACE, "island"),
    "Q165": (EntityKind.PLACE, "sea"),
}
_COUNTRY_OF_PERSON, _COUNTRY_OF_OTHERS = "P27", "P17"
_ISO_CODE = "P297"
_ID = re.compile(rb'"id":"(Q\d+)"')
_ID_WITHIN = 64  # bytes: `{"type":"item","id":"Q...` opens a line of a real dump
_DEFAULT_LANGUAGES = (
    "zh", "zh-hans", "zh-hant", "zh-cn", "zh-tw", "ja", "ko", "ru", "uk", "be", "bg", "sr",
    "ar", "fa", "he", "hi", "el", "th", "ka", "hy", "kk", "mn",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class WikidataFilter:
    """Which items of a dump are taken, and what of them."""

    classes: Mapping[str, tuple[EntityKind, str]] = field(default_factory=lambda: dict(WIKIDATA_CLASSES))
    least_sitelinks: int = 5
    languages: frozenset[str] = frozenset(_DEFAULT_LANGUAGES)  # of native names
    most_aliases: int = 20


@dataclass
class WikidataReader:
    """Reads one dump; labels and country codes of items that are passed on the way are kept to name offices by.

    An office (P39) and a country (P27, P17) are items themselves and stand anywhere in the dump. ``read`` therefore
    goes through the dump twice: first for the entities, then for the labels of the offices and the codes of the
    countries that these name.
    """

    path: Path
    wanted: WikidataFilter = field(default_factory=WikidataFilter)
    seen: Seen = field(default_factory=Seen)
    skipped: Counter[str] = field(default_factory=Counter)  # items left out on purpose, by reason

    def read(self) -> Iterator[Row]:
        """Broken lines, then entities in the order of the dump.

        Raises:
            InputError: The file cannot be opened, or breaks off.
        """
        found: list[tuple[Entity, tuple[str, ...]]] = []
        for number, line in _lines(self.path):
            item = self._item(number, line)
            if isinstance(item, Broken):
                yield item
            elif item is not None:
                try:
                    taken = self._entity(item)
                except (KeyError, TypeError, AttributeError, ValueError, IndexError) as exc:
                    yield Broken(self.path, number, f"not in Wikidata's JSON model ({type(exc).__name__}: {exc})")
                    continue
                if taken is not None:
                    once = self.seen.once(self.path, number, taken[0])
                    if isinstance(once, Broken):
                        yield once
                    else:
                        found.append(taken)
        needed = {role.title for entity, _ in found for role in entity.roles}
        needed.update(country for _, countries in found for country in countries)
        labels, codes = self._labels(needed)
        for entity, countries in found:
            roles = tuple(replace(r, title=labels[r.title]) for r in entity.roles if r.title in labels)
            code = next((codes[c] for c in countries if c in codes), entity.country)
            yield replace(entity, roles=roles[:_MOST_ROLES], country=code)

    def _item(self, number: int, line: bytes) -> dict[str, Any] | Broken | None:
        line = line.strip().rstrip(b",")
        if not line or line in {b"[", b"]"}:
            return None
        try:
            item = orjson.loads(line)
        except orjson.JSONDecodeError as exc:
            return Broken(self.path, number, f"not JSON ({exc})")
        if not isinstance(item, dict) or not isinstance(item.get("id"), str):
            return Broken(self.path, number, "not a Wikidata entity: no `id`")
        return item if item.get("type", "item") == "item" else None

    def _kind(self, item: Mapping[str, Any]) -> tuple[EntityKind, str] | None:
        for value in _item_values(item, "P31"):
            found = self.wanted.classes.get(value)
            if found is not None:
                return found
        return None

    def _labels(self, needed: set[str]) -> tuple[dict[str, str], dict[str, str]]:
        """English labels and ISO codes of the items needed; a line is parsed only if it may be one of them."""
        labels: dict[str, str] = {}
        codes: dict[str, str] = {}
        for number, line in _lines(self.path) if needed else ():
            early = _ID.search(line, 0, _ID_WITHIN)
            if early and early[1].decode() not in needed:
                continue
            item = self._item(number, line)
            if not isinstance(item, dict) or item["id"] not in needed:
                continue
            try:
                if label := _label(item):
                    labels[item["id"]] = label
                for code in _string_values(item, _ISO_CODE):
                    if len(code) == _COUNTRY_LETTERS:
                        codes[item["id"]] = code
            except (KeyError, TypeError, AttributeError):
                continue  # reported by the first pass if it is an entity of ours; else its office goes unnamed
        return labels, codes

    def _entity(self, item: Mapping[str, Any]) -> tuple[Entity, tuple[str, ...]] | None:
        """The entity, its offices still titled by id, with the ids of its countries; ``None`` if filtered out."""
        kind_type = self._kind(item)
        if kind_type is None:
            self.skipped["class"] += 1
            return None
        sitelinks = len(item.get("sitelinks") or {})
        if sitelinks < self.wanted.least_sitelinks:
            self.skipped["sitelinks"] += 1
            return None
        label = _label(item)
        if not label:
            self.skipped["no English label"] += 1
            return None
        kind, type_ = kind_type
        name = _text({"label": label}, "label")
        roles = _offices(item)
        countries = _item_values(item, _COUNTRY_OF_PERSON if kind is EntityKind.PERSON else _COUNTRY_OF_OTHERS)
        code = next((c for c in _string_values(item, _ISO_CODE) if len(c) == _COUNTRY_LETTERS), "")
        english = item.get("aliases") or {}
        aliases = [a["value"] for language in ("en", "en-gb", "en-us") for a in english.get(language, ())]
        native = {
            language: value["value"]
            for language, value in sorted((item.get("labels") or {}).items())
            if language in self.wanted.languages and script_of(value["value"]) not in {"Latn", "Zyyy"}
        }
        starts = [r.start for r in roles if r.start is not None]
        ends = [r.end for r in roles]
        entity = Entity(
            id=item["id"],
            kind=kind,
            type=type_,
            name=name,
            aliases=classify_aliases(name, aliases[: self.wanted.most_aliases]),
            native=_native(native, name),
            country=code,
            roles=roles,
            active_from=min(starts, default=None),
            active_to=max(e for e in ends if e is not None) if ends and None not in ends else None,
            born=next(iter(_years(item, "P569")), None),
            died=next(iter(_years(item, "P570")), None),
            popularity=round(min(1.0, math.log1p(sitelinks) / math.log1p(_SITELINKS_SCALE)), 3),
            sources=("wikidata",),
        )
        return entity, tuple(countries)


def _claims(item: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    """Statements of one property: the preferred ones if there are any, never the deprecated."""
    claims = [c for c in (item.get("claims") or {}).get(name, ()) if c.get("rank") != "deprecated"]
    return [c for c in claims if c.get("rank") == "preferred"] or claims


def _value(snak: Mapping[str, Any]) -> Any:
    """The value of a snak, ``None`` for ``novalue`` and ``somevalue``."""
    return snak["datavalue"]["value"] if snak.get("snaktype", "value") == "value" else None


def _item_values(item: Mapping[str, Any], name: str) -> list[str]:
    values = (_value(c["mainsnak"]) for c in _claims(item, name))
    return [_item_id(v) for v in values if v is not None]


def _item_id(value: Mapping[str, Any]) -> str:
    return str(value["id"]) if "id" in value else f"Q{value['numeric-id']}"


def _string_values(item: Mapping[str, Any], name: str) -> list[str]:
    values = (_value(c["mainsnak"]) for c in _claims(item, name))
    return [str(v) for v in values if v is not None]


def _year_of(value: Mapping[str, Any] | None) -> int | None:
    """The year of a time value, ``None`` where it is known no better than to the decade."""
    if value is None or int(value.get("precision", 11)) < 9:
        return None
    sign, digits = value["time"][0], value["time"][1:].split("-")[0]
    year = int(digits) * (-1 if sign == "-" else 1)
    return year if _FEWEST_YEAR <= year <= _LAST_YEAR else None


def _years(item: Mapping[str, Any], name: str) -> list[int]:
    years = (_year_of(_value(c["mainsnak"])) for c in _claims(item, name))
    return [y for y in years if y is not None]


def _qualifier_year(claim: Mapping[str, Any], name: str) -> int | None:
    for snak in (claim.get("qualifiers") or {}).get(name, ()):
        return _year_of(_value(snak))
    return None


_MOST_ROLES = 8


def _offices(item: Mapping[str, Any]) -> tuple[Role, ...]:
    """Ids of offices held, with years, the most recent first; of all ranks, for a preferred one is only the present."""
    roles: list[Role] = []
    for claim in (item.get("claims") or {}).get("P39", ()):
        value = _value(claim["mainsnak"])
        if value is None or claim.get("rank") == "deprecated":
            continue
        role = Role(_item_id(value), _qualifier_year(claim, "P580"), _qualifier_year(claim, "P582"))
        if role not in roles:
            roles.append(role)
    roles.sort(key=lambda r: (-(r.end or _LAST_YEAR) if r.start or r.end else 0, -(r.start or 0), r.title))
    return tuple(roles)


def _label(item: Mapping[str, Any]) -> str:
    labels = item.get("labels") or {}
    for language in ("en", "en-us", "en-gb", "mul"):
        if language in labels:
            return str(labels[language]["value"]).strip()
    return ""


class Format(StrEnum):
    """How a source is written."""

    AUTO = "auto"
    WIKIDATA = "wikidata"
    JSONL = "jsonl"
    CSV = "csv"


def format_of(path: Path) -> Format:
    """The format that the name of a file tells of: ``.csv`` and ``.tsv``, ``.jsonl``, or a Wikidata dump (``.json``).

    Raises:
        InputError: The name tells nothing.
    """
    name = path.name.removesuffix(".gz").removesuffix(".bz2").removesuffix(".xz").removesuffix(".zst")
    for endings, found in (
        ((".csv", ".tsv"), Format.CSV),
        ((".jsonl", ".ndjson"), Format.JSONL),
        ((".json",), Format.WIKIDATA),
    ):
        if name.endswith(endings):
            return found
    raise InputError(f"{path}: what format is this? Name it with --format wikidata, jsonl or csv")


def read_sources(
    paths: Iterable[Path],
    format_: Format = Format.AUTO,
    kind: EntityKind | None = None,
    wanted: WikidataFilter | None = None,
) -> Iterator[Row]:
    """Every row of several sources; an id may stand once in all of them.

    Raises:
        InputError: A file cannot be read, or its format is not known.
    """
    seen = Seen()
    for path in paths:
        match format_of(path) if format_ is Format.AUTO else format_:
            case Format.CSV:
                yield from read_csv(path, kind, seen)
            case Format.JSONL:
                yield from read_jsonl(path, kind, seen)
            case _:
                yield from WikidataReader(path, wanted or WikidataFilter(), seen).read()
