"""Asks every rule what it would make of a name, weighs the answers and merges those that agree."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from enum import StrEnum
from functools import lru_cache
from importlib.resources import files

from app.names.mangle import arabic, chinese, cyrillic, japanese, korean, latin, organisations
from app.names.mangle.forms import Damage, MangledForm
from app.names.mangle.words import Form, Parts
from app.names.normalise import script_of
from app.names.store import Entity, EntityKind, Name, NameKind

MOST_FORMS = 96
_MOST_WORDS = 12  # longer names of organisations are sentences
_LONGEST = 120

# What a fuzzy search over the right names would not find: the kinds that an index has to hold.
FAR = frozenset(
    {
        Damage.DROPPED_CHARACTER, Damage.WRONG_READING, Damage.OTHER_LANGUAGE, Damage.HOMOPHONE, Damage.TRANSLATED,
        Damage.KATAKANA, Damage.CYRILLIC, Damage.HANGUL, Damage.HAN, Damage.ROMANISATION, Damage.SHORTENED,
    }
)  # fmt: skip


class Origin(StrEnum):
    """Whose rules of spelling a name follows."""

    CHINESE = "chinese"
    JAPANESE = "japanese"
    KOREAN = "korean"
    CYRILLIC = "cyrillic"
    ARABIC = "arabic"
    LATIN = "latin"
    ORGANISATION = "organisation"  # whatever its country: what goes wrong is mostly words, not letters


_ORIGIN_OF_COUNTRY: dict[str, Origin] = {
    **dict.fromkeys(["CN", "TW", "HK", "MO", "SG"], Origin.CHINESE),
    "JP": Origin.JAPANESE,
    **dict.fromkeys(["KR", "KP"], Origin.KOREAN),
    **dict.fromkeys(["RU", "UA", "BY", "BG", "KZ", "KG", "UZ", "TJ", "TM", "RS", "MK", "ME", "MN", "AM", "GE",
    "AZ", "MD"], Origin.CYRILLIC),
    **dict.fromkeys(
        ["SA", "EG", "IQ", "IR", "SY", "LB", "JO", "PS", "YE", "OM", "AE", "QA", "BH", "KW", "LY", "TN", "DZ",
        "MA", "SD", "MR", "SO", "AF", "PK", "BD", "MV", "DJ", "KM"], Origin.ARABIC
    ),
}  # fmt: skip
_SLAVIC = (
    "ov",
    "ova",
    "ev",
    "eva",
    "sky",
    "skiy",
    "skyi",
    "skaya",
    "enko",
    "chuk",
    "ich",
    "yuk",
    "uk",
    "ets",
    "kin",
    "iy",
    "yk",
)


def mangle(
    entity: Entity, *, kinds: frozenset[Damage] | None = None, most: int = MOST_FORMS
) -> tuple[MangledForm, ...]:
    """Forms that a machine may have made of the entity's name, likeliest first; never one of its own names.

    The same entity gives the same forms in the same order, whatever was mangled before.

    Args:
        entity: Its canonical name is mangled, with the help of the native ones; aliases are what may not come out.
        kinds: Only these kinds of damage; ``None`` for all. Probabilities stay those among all.
        most: At most so many forms.
    """
    rates = _rates()[origin_of(entity)]
    weights: dict[Damage, float] = {}
    proposals = [form for form in propose(entity) if kinds is None or form.kind in kinds]
    for form in proposals:
        weights[form.kind] = weights.get(form.kind, 0.0) + form.weight
    own = {entity.name, *(alias.text for alias in entity.aliases)}
    merged: dict[str, tuple[float, float, Damage]] = {}  # text -> all its probability, that of its likeliest kind, kind
    for form in proposals:
        text = form.text.strip()
        if text in own or not latin.has_letters(text) or len(text) > _LONGEST:
            continue
        probability = rates[form.kind] * form.weight / max(1.0, weights[form.kind])
        total, best, kind = merged.get(text, (0.0, 0.0, form.kind))
        merged[text] = (total + probability, *((probability, form.kind) if probability > best else (best, kind)))
    ranked = sorted(merged.items(), key=lambda item: (-item[1][0], item[0]))
    return tuple(MangledForm(text, total, kind) for text, (total, _, kind) in ranked[:most] if total > 0)


def mangle_name(
    name: str, *, kind: EntityKind = EntityKind.PERSON, country: str = "", native: Mapping[str, str] | None = None
) -> tuple[MangledForm, ...]:
    """``mangle`` for a name without a record, such as one met in a text."""
    return mangle(entity_of(name, kind, country, native or {}))


def entity_of(name: str, kind: EntityKind, country: str = "", native: Mapping[str, str] | None = None) -> Entity:
    """A record that says no more than the name."""
    names = tuple(Name(text, NameKind.NATIVE, language) for language, text in (native or {}).items())
    return Entity(id="", kind=kind, type=kind.value, name=name, native=names, country=country)


def origin_of(entity: Entity) -> Origin:
    """By country where known, else by what the name looks like; organisations have rates of their own."""
    if entity.kind is EntityKind.ORGANISATION:
        return Origin.ORGANISATION
    known = _ORIGIN_OF_COUNTRY.get(entity.country)
    if known is not None or entity.country:
        return known or Origin.LATIN
    for script, origin in (("Hang", Origin.KOREAN), ("Jpan", Origin.JAPANESE), ("Cyrl", Origin.CYRILLIC)):
        if script in entity.native_by_script and len(entity.native_by_script) == 1:
            return origin
    words = entity.name.lower().split()
    if entity.kind is EntityKind.PERSON and all(w.isascii() for w in words):
        if len(words) == 2 and "-" in words[1] and korean.is_surname(words[0]):
            return Origin.KOREAN
        if 2 <= len(words) <= 3 and all(chinese.split(w.replace("-", "")) for w in words):
            return Origin.CHINESE
        if len(words) == 2 and all(len(w) > 3 and japanese.is_romaji(w) for w in words):
            return Origin.JAPANESE
        if any(w.startswith(("al-", "el-")) or w in {"bin", "ibn", "abu", "abdul"} for w in words):
            return Origin.ARABIC
    if words and words[-1].endswith(_SLAVIC) and len(words[-1]) > 4:
        return Origin.CYRILLIC
    return Origin.LATIN


def propose(entity: Entity) -> Iterator[Form]:
    """Every form that a rule makes, unweighed; one text may come several times, and the name itself may come."""
    words = tuple(entity.name.split())
    if not words or len(words) > _MOST_WORDS or not latin.has_letters(entity.name):
        return
    parts = Parts(words)
    yield from latin.mark_forms(parts)
    yield from latin.spelling_forms(parts)
    if entity.kind is EntityKind.ORGANISATION:
        yield from organisations.word_forms(parts)
        yield from organisations.order_forms(parts)
        return
    origin = origin_of(entity)
    if entity.kind is EntityKind.PERSON:
        yield from latin.order_forms(parts)
        yield from latin.given_name_forms(parts)
        if origin in {Origin.LATIN, Origin.CYRILLIC}:
            yield from latin.sex_forms(parts)
    else:
        yield from organisations.word_forms(parts)
        yield from organisations.order_forms(parts)
    if len(words) > 6:
        return
    yield from _by_origin(parts, origin, entity)
    if origin is not Origin.CHINESE:
        yield from latin.round_trips(parts)
    yield from _foreign_native(entity, origin)


# Languages that names go through, and at home; what else a base has of one script would only share their probability.
_MAIN_LANGUAGES = frozenset(("zh", "zh-hant", "ja", "ko", "ko-hani", "ru", "ar"))
_HOME_LANGUAGES = {
    "UA": {"uk"}, "BY": {"be"}, "BG": {"bg"}, "RS": {"sr"}, "ME": {"sr"}, "BA": {"sr"}, "XK": {"sr"}, "MK": {"mk"},
    "KZ": {"kk"}, "KG": {"ky"}, "TJ": {"tg"}, "MN": {"mn"}, "IR": {"fa"}, "AF": {"fa", "ps"}, "PK": {"ur", "ps"},
    "IQ": {"ku"},
}  # fmt: skip


def natives(entity: Entity) -> tuple[Name, ...]:
    """The names in other scripts that machines read the entity's name from: those in the main languages and at home (a
    second one is ``ru-x-2``), else all."""
    languages = _MAIN_LANGUAGES | _HOME_LANGUAGES.get(entity.country, set())
    return tuple(n for n in entity.native if n.language.partition("-x-")[0] in languages) or entity.native


def _by_origin(parts: Parts, origin: Origin, entity: Entity) -> Iterator[Form]:
    native = replace(entity, native=natives(entity)).native_by_script
    if origin is Origin.CHINESE:
        yield from chinese.latin_forms(parts) if entity.kind is EntityKind.PERSON else chinese.place_forms(parts)
        for text in native.get("Hani", ()):
            yield from (
                chinese.native_forms(parts, text) if entity.kind is EntityKind.PERSON else chinese.place_native(text)
            )
    elif origin is Origin.JAPANESE:
        yield from japanese.latin_forms(parts)
        for text in native.get("Hani", ()):
            is_person = entity.kind is EntityKind.PERSON
            yield from japanese.native_forms(parts, text) if is_person else chinese.as_one_word_abroad(text, "on")
    elif origin is Origin.KOREAN:
        yield from korean.latin_forms(parts)
        for text in native.get("Hang", ()):
            for spelt in korean.spellings(text):
                yield Form(
                    Damage.ROMANISATION,
                    spelt if entity.kind is EntityKind.PERSON else spelt.replace(" ", "").capitalize(),
                    0.3,
                )
        for text in native.get("Hani", ()):
            is_person = entity.kind is EntityKind.PERSON
            yield from chinese.read_abroad(text) if is_person else chinese.as_one_word_abroad(text, "hangul")
    elif origin is Origin.CYRILLIC:
        yield from cyrillic.latin_forms(parts)
        for text in native.get("Cyrl", ()):
            yield from cyrillic.native_forms(parts, text)
    elif origin is Origin.ARABIC:
        yield from arabic.latin_forms(parts)
        for text in native.get("Arab", ()):
            yield from arabic.native_forms(parts, text, Damage.ROMANISATION)


_HOME_SCRIPTS = {
    Origin.CHINESE: {"Hani"}, Origin.JAPANESE: {"Hani", "Jpan", "Kana",
    "Hira"}, Origin.KOREAN: {"Hang", "Hani"}, Origin.CYRILLIC: {"Cyrl"},
    Origin.ARABIC: {"Arab"}, Origin.LATIN: set[str](),
}  # fmt: skip


def _foreign_native(entity: Entity, origin: Origin) -> Iterator[Form]:
    """The name as another language writes it, read back letter by letter."""
    parts = Parts(tuple(entity.name.split()))
    for name in natives(entity):
        script = script_of(name.text)
        if script in _HOME_SCRIPTS[origin]:
            continue
        if script == "Arab":
            yield from arabic.native_forms(parts, name.text, Damage.ARABIC)
        else:
            yield from readings(name.text, is_person=entity.kind is EntityKind.PERSON)


def readings(native: str, *, is_person: bool) -> Iterator[Form]:
    """A name in Chinese characters, Hangul, Cyrillic or kana, read letter by letter as machines and agencies do."""
    script = script_of(native)
    if script == "Hani":
        for pinyin in chinese.transliterated(native, is_person=is_person):
            yield Form(Damage.HAN, pinyin, 0.4)
    elif script == "Hang":
        yield Form(Damage.HANGUL, korean.romanise(native).title(), 0.4)
    elif script == "Cyrl":
        for latin_form in dict.fromkeys(cyrillic.romanisations(native)):
            yield Form(Damage.CYRILLIC, latin_form, 0.15)
    elif script in {"Kana", "Jpan"} and (romaji := japanese.kana(native)):
        yield Form(Damage.KATAKANA, romaji, 0.4)
        yield Form(Damage.KATAKANA, romaji.replace("r", "l").replace("R", "L"), 0.2)


@lru_cache(maxsize=1)
def _rates() -> dict[Origin, dict[Damage, float]]:
    """How often each kind is behind a damaged name, by origin; see ``data/README.md``."""
    table = json.loads(files("app.names.mangle").joinpath("data/rates.json").read_text(encoding="utf-8"))["rates"]
    return {o: {d: float(table[o].get(d, 0.0)) for d in Damage} for o in Origin}
