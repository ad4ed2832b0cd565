"""From entities to a knowledge base on disk: what is learned from them, the indexes, the writing, all or nothing."""

from __future__ import annotations

import os
import shutil
import tempfile
from array import array
from collections import Counter, defaultdict
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import file_digest, sha256
from itertools import combinations
from pathlib import Path
from typing import Any, Protocol

import marisa_trie
import numpy as np
import numpy.typing as npt
import orjson
import zstandard

from app.core.errors import InputError
from app.names.likeness import likeness
from app.names.mangle.organisations import near_synonyms
from app.names.normalise import acronyms, index_keys, is_latin_word, normalise, script_of
from app.names.sounds import sound_key
from app.names.store import (
    BLOCK,
    BUCKET_BITS,
    DAMAGE_BITS,
    FORMAT,
    HASH_BYTES,
    KINDS,
    MANIFEST,
    MANY,
    PROBABILITY_BITS,
    Entity,
    EntityKind,
    NameKind,
    encode,
    name_hash,
    pack_probability,
    read_manifest,
)

_DICTIONARY_BYTES = 110_000
_DICTIONARY_SAMPLES = 20_000
_LEVEL = 19  # zstandard: packing is done once
_FEWEST_USES = 3  # organisations that a word stands in, before it can be a synonym: acronyms and proper names do not
_ENGLISH_FUNCTION_WORDS = frozenset(
    ("a", "an", "and", "at", "by", "for", "from", "in", "of", "on", "the", "to", "with")
)


class Form(Protocol):
    """What a machine may have made of a name."""

    @property
    def text(self) -> str: ...
    @property
    def probability(self) -> float: ...
    @property
    def kind(self) -> str: ...


Mangler = Callable[[Entity], Iterable[Form]]


@dataclass(frozen=True, slots=True)
class BuildOptions:
    """What a knowledge base is called and how large it may grow."""

    name: str = "kb"
    removed: Sequence[str] = ()  # ids that an overlay takes out of what lies under it
    mangled_limit: int = 600_000  # most mangled forms kept; 7 bytes each, below a million entities
    mangled_entities: int = 60_000  # so many of the best known are mangled; it takes about 4 ms each
    least_probability: float = 0.000001  # of a mangled form worth keeping
    card: Mapping[str, Any] = field(default_factory=dict)  # sources, licences: goes into the manifest as it is


# ---------------------------------------------------------------- what is learned from the names


def learn_function_words(entities: Iterable[Entity]) -> list[str]:
    """Words that carry no content and can come and go: English ones, and those that names print in lower case.

    The latter are learned (de, für, y), so that a base of another part of the world has its own.
    """
    lower: Counter[str] = Counter()
    total: Counter[str] = Counter()
    for entity in entities:
        if entity.kind is EntityKind.PERSON:
            continue
        for word in entity.name.split()[1:]:
            key = normalise(word)
            if key.isascii() and key.isalpha():
                total[key] += 1
                lower[key] += word[0].islower()
    words = {w for w, n in total.items() if n >= 20 and lower[w] >= 0.5 * n and len(w) <= 4}
    return sorted(words | _ENGLISH_FUNCTION_WORDS)


def learn_synonyms(
    entities: Iterable[Entity], function_words: Iterable[str], known: Mapping[str, Iterable[str]]
) -> dict[str, dict[str, float]]:
    """Words that stand for one another in names of organisations, with a weight below 1.

    Three witnesses. Two names of one organisation that differ in one word (propaganda, publicity). The end of a Han
    name, where Chinese and Japanese put the kind of body, shared by organisations whose English names end in different
    words (fund, foundation and endowment under 基金会): a round trip through that language may exchange them. And what
    is ``known``: words that dictionaries give for one word of another language (criminal, penal). Words that tell
    organisations of a country apart are none: Eastern and Southern Airlines, committees of House and Senate.
    """
    small = set(function_words)
    weights: dict[tuple[str, str], float] = {}

    def witness(a: str, b: str, weight: float) -> None:
        for pair in ((a, b), (b, a)):
            weights[pair] = max(weights.get(pair, 0.0), weight)

    organisations = [e for e in entities if e.kind is EntityKind.ORGANISATION]
    frequency = Counter(w for e in organisations for w in {w for n in _phrases(e) for w in normalise(n).split()})
    counts: Counter[tuple[str, str]] = Counter()
    heads_of: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for entity in organisations:
        latin = _phrases(entity)
        bags = {frozenset(w for w in normalise(n).split() if w not in small and is_latin_word(w)) for n in latin}
        pairs: set[tuple[str, str]] = set()
        for one, other in combinations(sorted(bags, key=sorted), 2):
            left, right = one - other, other - one
            if len(left) == len(right) == 1 and one & other:
                a, b = sorted((*left, *right))
                if min(len(a), len(b)) > 3 and min(frequency[a], frequency[b]) >= _FEWEST_USES:
                    pairs.add((a, b))
        counts.update(pairs)
        heads = {h for n in latin if (h := _head(n, small)) and frequency[h] >= _FEWEST_USES}
        ends = {
            name.text[-size:]
            for name in entity.native
            if script_of(name.text) == "Hani"
            for size in (2, 3)
            if len(name.text) > size
        }
        for end in ends:
            heads_of[end].update(heads)
    for (a, b), n in counts.items():
        witness(a, b, 0.7 if n == 1 else 0.8)
    for heads_count in heads_of.values():
        total = sum(heads_count.values())
        if len(heads_count) < 2 or total < 3:
            continue
        for a, b in combinations(sorted(heads_count), 2):
            share = min(heads_count[a], heads_count[b]) / total
            if share >= 0.1:
                witness(a, b, 0.85 if share >= 0.2 else 0.7)
    for word, exchanged in known.items():
        for instead in exchanged:
            if frequency[word] or frequency[instead]:
                witness(normalise(word), normalise(instead), 0.6)
    apart = _that_tell_apart(organisations, small)
    table: defaultdict[str, dict[str, float]] = defaultdict(dict)
    for (a, b), weight in sorted(weights.items()):
        if frozenset((a, b)) not in apart:
            table[a][b] = weight
    return dict(table)


def _that_tell_apart(organisations: Iterable[Entity], small: Container[str]) -> set[frozenset[str]]:
    """Pairs of words that are all that two organisations of one country differ in, and not once by chance."""
    by_rest: defaultdict[tuple[str, frozenset[str]], dict[str, str]] = defaultdict(dict)
    apart: Counter[frozenset[str]] = Counter()
    for entity in organisations:
        bags = {frozenset(w for w in normalise(n).split() if w not in small) for n in _phrases(entity)}
        own = {word for bag in bags for word in bag}
        for bag in bags:
            for word in bag if len(bag) > 1 else ():
                others = by_rest[entity.country, bag - {word}]
                apart.update(
                    frozenset((word, other)) for other, id_ in others.items() if id_ != entity.id and other not in own
                )
                others.setdefault(word, entity.id)
    return {pair for pair, times in apart.items() if times > 1}


def _phrases(entity: Entity) -> list[str]:
    """The names that are made of words: no acronyms, no single words."""
    latin = [entity.name, *(a.text for a in entity.aliases if a.kind is not NameKind.ABBREVIATION)]
    return [name for name in latin if " " in name]


def _head(name: str, function_words: set[str]) -> str:
    """The word that says what kind of body it is: the last before ``of`` or ``for``, else the last of all."""
    words = normalise(name).split()
    for i, word in enumerate(words):
        if i and word in function_words and word not in {"the", "and"}:
            words = words[:i]
            break
    head = words[-1] if words else ""
    return head if len(head) > 3 and head.isascii() and head.isalpha() else ""


# ---------------------------------------------------------------- the indexes


class _Names:
    """Canonical form -> rows, best known first."""

    def __init__(self, entities: Sequence[Entity], function_words: frozenset[str]) -> None:
        self.rows: dict[str, list[int]] = {}
        for row, entity in enumerate(entities):
            keys = {key for name in entity.names for key in index_keys(name.text)}
            if entity.kind is EntityKind.ORGANISATION:
                keys |= {f"={a}" for name in (entity.name, *_latin(entity)) for a in acronyms(name, function_words)}
            for key in sorted(keys):
                self.rows.setdefault(key, []).append(row)
        best = [-e.popularity for e in entities]
        for rows in self.rows.values():
            rows.sort(key=lambda r: (best[r], r))
        self.trie = marisa_trie.Trie(sorted(self.rows))
        self.ids: dict[str, int] = {key: self.trie[key] for key in self.rows}

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        first = np.zeros(len(self.ids), np.uint32)
        more = array("I")
        for key in sorted(self.rows):
            rows = self.rows[key]
            if len(rows) == 1:
                first[self.ids[key]] = rows[0]
            else:
                first[self.ids[key]] = len(more) | int(MANY)
                more.append(len(rows))
                more.extend(rows)
        return {"name_rows": first, "name_more": np.array(more, np.uint32)}


def _latin(entity: Entity) -> list[str]:
    return [a.text for a in entity.aliases if normalise(a.text).isascii()]


def _token_files(names: _Names, entities: Sequence[Entity]) -> tuple[dict[str, str], dict[str, npt.NDArray[Any]]]:
    """Words of the names, the names they stand in, and the groups of words that are compared with one another."""
    postings: defaultdict[str, list[int]] = defaultdict(list)
    popularity: dict[int, float] = {}
    for key, number in names.ids.items():
        if key.startswith("="):
            continue
        popularity[number] = entities[names.rows[key][0]].popularity
        for token in set(key.split(" ")):
            if is_latin_word(token):
                postings[token].append(number)
    tokens = sorted(postings)
    for token in tokens:
        postings[token].sort(key=lambda n: (-popularity[n], n))
    texts = {"tokens.txt": "\n".join(tokens)}
    arrays = _ragged("token", "names", [postings[t] for t in tokens])
    for group, key_of in (("suffix", _suffix_of), ("sound", _sound_of)):
        members: defaultdict[str, list[int]] = defaultdict(list)
        for number, token in enumerate(tokens):
            if key := key_of(token):
                members[key].append(number)
        keys = sorted(members)
        texts["suffixes.txt" if group == "suffix" else "sounds.txt"] = "\n".join(keys)
        arrays |= _ragged(group, "tokens", [members[k] for k in keys])
    return texts, arrays


def _suffix_of(token: str) -> str:
    return token[-3:] if len(token) > 3 else ""


def _sound_of(token: str) -> str:
    return sound_key(token) if token.isalpha() and len(token) > 1 else ""


def _ragged(name: str, what: str, lists: Sequence[Sequence[int]]) -> dict[str, npt.NDArray[Any]]:
    starts = np.zeros(len(lists) + 1, np.uint32)
    starts[1:] = np.cumsum([len(x) for x in lists], dtype=np.uint32)
    flat = np.fromiter((n for x in lists for n in x), np.uint32, int(starts[-1]))
    return {f"{name}_starts": starts, f"{name}_{what}": flat}


def _mangled_arrays(
    entities: Sequence[Entity], mangler: Mangler | None, options: BuildOptions
) -> tuple[list[str], dict[str, npt.NDArray[Any]]]:
    """Sorted hashes of mangled forms with row, probability and damage packed into one number each."""
    hashes, values, ranks = array("Q"), array("Q"), array("f")
    damages: dict[str, int] = {}
    known = sorted(range(len(entities)), key=lambda r: (-entities[r].popularity, r))[: options.mangled_entities]
    for row in sorted(known) if mangler else ():
        assert mangler is not None
        entity = entities[row]
        own = {key for name in entity.names for key in index_keys(name.text)}
        name = normalise(entity.name)
        best: dict[str, tuple[float, str]] = {}
        for form in mangler(entity):
            key = normalise(form.text)
            if key and key not in own and form.probability >= options.least_probability:
                best[key] = max(best.get(key, (0.0, "")), (form.probability, form.kind))
        for key, (probability, kind) in best.items():
            damage = damages.setdefault(kind, len(damages))
            packed = pack_probability(probability)
            hashes.append(name_hash(key))
            values.append(((row << PROBABILITY_BITS | packed) << DAMAGE_BITS) | damage)
            # Of the well known even unlikely forms, and rather those that a search by letters would not find.
            ranks.append(probability**0.5 * (0.02 + entity.popularity) ** 2 * (1.25 - likeness(key, name)))
    if len(damages) > 1 << DAMAGE_BITS:
        raise InputError(f"{len(damages)} kinds of damage: the index has room for {1 << DAMAGE_BITS}")
    codes, packed_values = np.array(hashes, np.uint64), np.array(values, np.uint64)
    if len(codes) > options.mangled_limit:
        keep = np.argsort(-np.array(ranks, np.float32), kind="stable")[: options.mangled_limit]
        codes, packed_values = codes[keep], packed_values[keep]
    order = np.lexsort((packed_values, codes))
    codes, packed_values = codes[order], packed_values[order]
    starts = np.searchsorted(codes >> np.uint64(8 * HASH_BYTES), np.arange((1 << BUCKET_BITS) + 1)).astype(np.uint32)
    narrow = len(entities) < 1 << (32 - DAMAGE_BITS - PROBABILITY_BITS)
    return list(damages), {
        "mangled_starts": starts,
        "mangled_hashes": codes.astype(">u8").view(np.uint8).reshape(-1, 8)[:, -HASH_BYTES:],
        "mangled_values": packed_values.astype(np.uint32) if narrow else packed_values,
    }


def _write_entities(entities: Sequence[Entity], data: Path) -> npt.NDArray[Any]:
    records = [encode(e) for e in entities]
    blocks = [b"\n".join(records[i : i + BLOCK]) for i in range(0, len(records), BLOCK)]
    step = max(1, len(blocks) // _DICTIONARY_SAMPLES)
    samples: list[bytes | bytearray | memoryview] = [*blocks[::step]]
    try:
        trained = zstandard.train_dictionary(_DICTIONARY_BYTES, samples).as_bytes()
    except zstandard.ZstdError:  # too few records to train on: the dictionary is some of them, as they are
        trained = b"".join(samples)[:_DICTIONARY_BYTES] or b"\n" * 8
    (data / "entities.dict").write_bytes(trained)
    compressor = zstandard.ZstdCompressor(level=_LEVEL, dict_data=zstandard.ZstdCompressionDict(trained))
    ends = array("Q")
    with (data / "entities.zst").open("wb") as file:
        for block in blocks:
            file.write(compressor.compress(block))
            ends.append(file.tell())
        if not blocks:
            file.write(b"\0")  # an empty file cannot be mapped
    return np.array(ends, np.uint64 if ends and ends[-1] >= 1 << 32 else np.uint32)


# ---------------------------------------------------------------- writing


@dataclass(frozen=True, slots=True)
class Built:
    """What was written."""

    version: str
    counts: Mapping[str, int]
    size_bytes: int


def write_base(
    entities: Iterable[Entity], folder: Path, options: BuildOptions | None = None, mangler: Mangler | None = None
) -> Built:
    """Write a knowledge base; the folder holds the old version or the new one at every moment.

    The same entities and options give the same bytes.

    Args:
        entities: In any order, with ids of their own.
        folder: Where the base stands; made if missing.
        options: Its name, what it removes, limits.
        mangler: Makes the forms of the mangled index; without one the index is empty.

    Raises:
        InputError: Two entities share an id.
    """
    options = options or BuildOptions()
    rows = sorted(entities, key=_locality)
    ids = Counter(e.id for e in rows)
    if len(ids) < len(rows):
        raise InputError(f"the id {ids.most_common(1)[0][0]} stands {ids.most_common(1)[0][1]} times; ids must differ")
    folder.mkdir(parents=True, exist_ok=True)
    data = Path(tempfile.mkdtemp(prefix=".building-", dir=folder))
    try:
        manifest = _write_data(rows, data, options, mangler)
        _put_in_place(folder, data, manifest)
    finally:
        shutil.rmtree(data, ignore_errors=True)
    size = sum(int(facts["bytes"]) for facts in manifest["files"].values())
    return Built(str(manifest["version"]), manifest["counts"], size)


def _locality(entity: Entity) -> tuple[int, str, str, str, str, str]:
    """Neighbours in this order look alike, which packs well."""
    role = entity.roles[0].title if entity.roles else ""
    return (KINDS.index(entity.kind), entity.country, entity.type, role, entity.name, entity.id)


def _write_data(rows: list[Entity], data: Path, options: BuildOptions, mangler: Mangler | None) -> dict[str, Any]:
    function_words = learn_function_words(rows)
    names = _Names(rows, frozenset(function_words))
    names.trie.save(str(data / "names.marisa"))
    id_trie = marisa_trie.Trie(sorted(e.id for e in rows))
    id_trie.save(str(data / "ids.marisa"))
    id_rows = np.zeros(len(rows), np.uint32)
    for row, entity in enumerate(rows):
        id_rows[id_trie[entity.id]] = row
    countries = sorted({e.country for e in rows} | {""})
    code = {country: i for i, country in enumerate(countries)}
    texts, arrays = _token_files(names, rows)
    damages, mangled = _mangled_arrays(rows, mangler, options)
    arrays |= mangled | names.arrays()
    arrays |= {
        "block_ends": _write_entities(rows, data),
        "id_rows": id_rows,
        "kinds": np.array([KINDS.index(e.kind) for e in rows], np.uint8),
        "popularity": np.array([round(255 * e.popularity) for e in rows], np.uint8),
        "countries": np.array([code[e.country] for e in rows], np.uint16),
    }
    for name, values in arrays.items():
        np.save(data / f"{name}.npy", values, allow_pickle=False)
    for name, text in texts.items():
        (data / name).write_text(text, "utf-8")
    synonyms = learn_synonyms(rows, function_words, near_synonyms())
    (data / "synonyms.json").write_bytes(orjson.dumps(synonyms, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS))
    files = {path.name: _facts(path) for path in sorted(data.iterdir())}
    counts = Counter(str(e.kind) for e in rows)
    manifest: dict[str, Any] = {
        "format": FORMAT,
        "name": options.name,
        "counts": {
            **{str(kind): counts[str(kind)] for kind in KINDS},
            "names": sum(not key.startswith("=") for key in names.ids),
            "words": texts["tokens.txt"].count("\n") + 1 if texts["tokens.txt"] else 0,
            "mangled_forms": len(mangled["mangled_hashes"]),
            "synonyms": len(synonyms),
        },
        "removed": sorted(set(options.removed)),
        "countries": countries,
        "damages": damages,
        "function_words": function_words,
        "card": dict(options.card),
        "files": files,
    }
    digest = sha256(orjson.dumps(manifest, option=orjson.OPT_SORT_KEYS)).hexdigest()[:12]
    return {**manifest, "version": digest, "data": digest}


def _facts(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        return {"bytes": path.stat().st_size, "sha256": file_digest(file, "sha256").hexdigest()}


def _put_in_place(folder: Path, data: Path, manifest: dict[str, Any]) -> None:
    old = read_manifest(folder)["data"] if (folder / MANIFEST).exists() else None
    place = folder / str(manifest["data"])
    for path in data.iterdir():
        with path.open("rb") as file:
            os.fsync(file.fileno())
    if place.exists():  # the same content, or what is left of an attempt that was cut off: make it whole
        for path in sorted(data.iterdir()):
            path.replace(place / path.name)
    else:
        data.chmod(0o755)
        data.rename(place)
    temporary = folder / f".{MANIFEST}.{os.getpid()}"
    with temporary.open("wb") as file:
        file.write(orjson.dumps(manifest, option=orjson.OPT_INDENT_2) + b"\n")
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(folder / MANIFEST)
    if old is not None and old != manifest["data"]:
        shutil.rmtree(folder / str(old), ignore_errors=True)
