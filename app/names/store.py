"""Entities from disk: lookup by id and by name, shared between processes, replaced while requests run."""

from __future__ import annotations

import math
import mmap
import threading
from bisect import bisect_left
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property, lru_cache
from hashlib import blake2b, file_digest
from itertools import islice
from pathlib import Path
from typing import Any, Literal

import marisa_trie
import numpy as np
import numpy.typing as npt
import orjson
import zstandard

from app.core.errors import ResourceError
from app.names.normalise import index_keys, normalise, query_keys, script_of

UInts = npt.NDArray[np.unsignedinteger[Any]]


class EntityKind(StrEnum):
    """The three sorts of entity that names are told apart by; ``Entity.type`` is finer."""

    PERSON = "person"
    ORGANISATION = "organisation"
    PLACE = "place"


class NameKind(StrEnum):
    """What a name is to its entity."""

    CANONICAL = "canonical"  # the form that English-language agencies print
    ALIAS = "alias"  # another Latin spelling, a fuller or shorter name
    ABBREVIATION = "abbreviation"
    REORDERED = "reordered"  # the same words in another order: surname first
    NATIVE = "native"  # in the script of the entity's own language, or of another than English


@dataclass(frozen=True, slots=True)
class Name:
    """One name of an entity; ``language`` is a BCP 47 tag, empty where it is English or unknown."""

    text: str
    kind: NameKind = NameKind.ALIAS
    language: str = ""


@dataclass(frozen=True, slots=True)
class Role:
    """An office; years are inclusive, ``None`` where the sources do not say (``end``: open or unknown)."""

    title: str
    start: int | None = None
    end: int | None = None


@dataclass(frozen=True)
class Entity:
    """A record of the knowledge base."""

    id: str  # Wikidata's where known
    kind: EntityKind
    type: str  # "person", "ministry", "university", "city", ...
    name: str  # canonical English name
    aliases: tuple[Name, ...] = ()  # other Latin names, without the canonical one
    native: tuple[Name, ...] = ()  # names in other languages, kind NATIVE, with their language
    country: str = ""  # ISO 3166 alpha-2; empty where unknown or international
    roles: tuple[Role, ...] = ()  # the most recent first
    active_from: int | None = None  # first and last year in any of the roles
    active_to: int | None = None
    born: int | None = None
    died: int | None = None
    popularity: float = 0.0  # 0 to 1, comparable within a kind
    sources: tuple[str, ...] = ()

    @cached_property
    def names(self) -> tuple[Name, ...]:
        """Every name: the canonical one, then aliases, then native ones."""
        return (Name(self.name, NameKind.CANONICAL, "en"), *self.aliases, *self.native)

    @cached_property
    def native_by_script(self) -> dict[str, tuple[str, ...]]:
        """ISO 15924 script -> names written in it, once each (``Hani``, ``Cyrl``, ``Hang``, ``Kana``, ...)."""
        scripts: dict[str, dict[str, None]] = {}
        for name in self.native:
            scripts.setdefault(script_of(name.text), {})[name.text] = None
        return {script: tuple(texts) for script, texts in scripts.items()}

    def has_role_word(self, noun: str) -> bool:
        """Whether a word in canonical form stands in one of their roles."""
        return any(noun in normalise(role.title).split() for role in self.roles)

    def is_native_only(self, key: str) -> bool:
        """Whether a canonical form is a name of the entity in other languages, and none that English prints."""
        named = [name for name in self.names if key in index_keys(name.text)]
        return bool(named) and all(name.kind is NameKind.NATIVE for name in named)

    def is_called(self, text: str) -> bool:
        """Whether ``text`` is one of the names, after normalisation."""
        key = normalise(text)
        return any(normalise(name.text) == key for name in self.names)


def as_json(entity: Entity) -> dict[str, Any]:
    """The entity as front doors print it; fields without a value are left out."""
    facts: dict[str, Any] = {
        "id": entity.id,
        "kind": entity.kind.value,
        "type": entity.type,
        "name": entity.name,
        "aliases": [
            {"text": a.text, "kind": a.kind.value} | ({"language": a.language} if a.language else {})
            for a in entity.aliases
        ],
        "native": {n.language: n.text for n in entity.native},
        "country": entity.country,
        "roles": [
            {k: v for k, v in (("title", r.title), ("from", r.start), ("to", r.end)) if v is not None}
            for r in entity.roles
        ],
        "from": entity.active_from,
        "to": entity.active_to,
        "born": entity.born,
        "died": entity.died,
        "popularity": entity.popularity,
        "sources": list(entity.sources),
    }
    return {k: v for k, v in facts.items() if v not in (None, "", [], {})}


# ---------------------------------------------------------------- the folder
#
# kb.json names the folder of one version; everything in it is immutable. A new version is a new folder and a new
# kb.json put in place by one rename, so a reader sees the old base or the new one, never half of each.

MANIFEST = "kb.json"
FORMAT = 3
BLOCK = 16  # records compressed together: larger packs better, smaller reads faster
MANY = np.uint32(1 << 31)  # set in ``name_rows`` where a name leads to several entities
DAMAGE_BITS, PROBABILITY_BITS = 6, 6
BUCKET_BITS, HASH_BYTES = 16, 3
KINDS = tuple(EntityKind)
PERSON_CODE, ORGANISATION_CODE, PLACE_CODE = range(3)
# By the number that stands in a record; bases built earlier have 4 for names in another order.
_NAME_KINDS = (NameKind.CANONICAL, NameKind.ALIAS, NameKind.ABBREVIATION, *[NameKind.REORDERED] * 2, NameKind.NATIVE)
_CACHED_ENTITIES = 20_000
_ARRAYS = (
    "block_ends", "id_rows", "kinds", "popularity", "countries", "name_rows", "name_more", "token_starts",
    "token_names", "suffix_starts", "suffix_tokens", "sound_starts", "sound_tokens", "mangled_starts", "mangled_hashes",
    "mangled_values",
)  # fmt: skip
_SCANNED_KEYS = 3000  # names looked at for one prefix: enough to rank, bounded for one-letter queries


def encode(entity: Entity) -> bytes:
    """One record as it is stored."""
    return orjson.dumps(
        [
            entity.id, KINDS.index(entity.kind), entity.type, entity.name,
            [[n.text, _NAME_KINDS.index(n.kind), n.language] if n.language else [n.text, _NAME_KINDS.index(n.kind)]
             for n in entity.aliases],
            [[n.text, n.language] for n in entity.native], entity.country,
            [[r.title, r.start, r.end] if (r.start, r.end) != (None, None) else r.title for r in entity.roles],
            entity.active_from, entity.active_to, entity.born, entity.died, round(entity.popularity, 3),
            list(entity.sources),
        ]
    )  # fmt: skip


def decode(record: bytes) -> Entity:
    """The record that ``encode`` made."""
    (id_, kind, type_, name, aliases, native, country, roles, start, end, born, died, popularity, sources) = (
        orjson.loads(record)
    )
    return Entity(
        id_,
        KINDS[kind],
        type_,
        name,
        tuple(Name(a[0], _NAME_KINDS[a[1]], a[2] if len(a) > 2 else "") for a in aliases),
        tuple(Name(text, NameKind.NATIVE, language) for text, language in native),
        country,
        tuple(Role(r) if isinstance(r, str) else Role(*r) for r in roles),
        start,
        end,
        born,
        died,
        popularity,
        tuple(sources),
    )


def name_hash(key: str) -> int:
    """40 bits of a canonical form, the first of them its bucket: once in a million lookups a form is taken for one of a
    million others."""
    return int.from_bytes(blake2b(key.encode(), digest_size=HASH_BYTES + BUCKET_BITS // 8).digest(), "big")


def pack_probability(probability: float) -> int:
    """A probability in ``PROBABILITY_BITS`` bits, in quarters of a halving."""
    if probability <= 0:
        return (1 << PROBABILITY_BITS) - 1
    return min((1 << PROBABILITY_BITS) - 1, max(0, round(-4 * math.log2(min(1.0, probability)))))


def unpack_probability(packed: int) -> float:
    """What ``pack_probability`` kept, within 9 %."""
    return float(2.0 ** (-packed / 4))


@dataclass(frozen=True, slots=True)
class Mangled:
    """A form that a machine may have made of the name of the entity in ``row``."""

    row: int
    probability: float
    damage: str


class Layer:
    """One knowledge base on disk, mapped into memory; every method may be called from any thread.

    The rows of a layer number its entities. ``CandidateFinder`` works on rows and reads an entity only when it is
    going to be returned.

    Raises:
        ResourceError: The folder has no manifest, another format, or a file that is missing or damaged.
    """

    def __init__(self, folder: Path, *, verify: bool = True) -> None:
        self.folder = folder
        self.manifest = read_manifest(folder)
        data = folder / str(self.manifest["data"])
        if verify:
            _check_files(folder, data, self.manifest["files"])
        try:
            arrays = {name: np.load(data / f"{name}.npy", mmap_mode="r").view(np.ndarray) for name in _ARRAYS}
            self._ids = marisa_trie.Trie().mmap(str(data / "ids.marisa"))
            self._names = marisa_trie.Trie().mmap(str(data / "names.marisa"))
            self._dictionary = zstandard.ZstdCompressionDict((data / "entities.dict").read_bytes())
            with (data / "entities.zst").open("rb") as file:
                self._blocks: mmap.mmap | bytes = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            self.tokens: list[str] = _lines(data / "tokens.txt")
            self.token_lengths: UInts = np.fromiter(map(len, self.tokens), np.uint16, len(self.tokens))
            self._suffixes = {s: i for i, s in enumerate(_lines(data / "suffixes.txt"))}
            self._sounds = {s: i for i, s in enumerate(_lines(data / "sounds.txt"))}
            self.synonyms: dict[str, dict[str, float]] = orjson.loads((data / "synonyms.json").read_bytes())
        except (OSError, ValueError, RuntimeError, zstandard.ZstdError) as exc:
            raise ResourceError(f"{data}: a file of the knowledge base cannot be read ({exc}); build it again") from exc
        self._block_ends: UInts = arrays["block_ends"]
        self._id_rows: UInts = arrays["id_rows"]
        self.kinds: UInts = arrays["kinds"]
        self.popularity: UInts = arrays["popularity"]  # 0 to 255
        self.countries: UInts = arrays["countries"]
        self._name_rows: UInts = arrays["name_rows"]
        self._name_more: UInts = arrays["name_more"]
        self._token_starts: UInts = arrays["token_starts"]
        self._token_names: UInts = arrays["token_names"]
        self._groups = {
            "suffix": (self._suffixes, arrays["suffix_starts"], arrays["suffix_tokens"]),
            "sound": (self._sounds, arrays["sound_starts"], arrays["sound_tokens"]),
        }
        self._mangled_starts: UInts = arrays["mangled_starts"]
        self._mangled_hashes: UInts = arrays["mangled_hashes"]
        self._mangled_values: UInts = arrays["mangled_values"]
        self.damages: list[str] = list(self.manifest["damages"])
        self.country_codes: dict[str, int] = {c: i for i, c in enumerate(self.manifest["countries"])}
        self.removed: frozenset[str] = frozenset(self.manifest["removed"])
        self._local = threading.local()
        self._entity = lru_cache(maxsize=_CACHED_ENTITIES)(self._read)

    def __len__(self) -> int:
        return len(self.kinds)

    @property
    def version(self) -> str:
        """``name@`` and the first digits of the checksum of all that is in the base."""
        return f"{self.manifest['name']}@{self.manifest['version']}"

    def ids(self) -> Iterator[str]:
        """Every id, in no order that means anything."""
        return iter(self._ids)

    def row_of(self, entity_id: str) -> int | None:
        """The row of an id, or ``None``."""
        key = self._ids.get(entity_id)
        return None if key is None else int(self._id_rows[key])

    def entity(self, row: int) -> Entity:
        """The record in a row; recent ones are kept."""
        return self._entity(row)

    def _read(self, row: int) -> Entity:
        return decode(self._block(row // BLOCK)[row % BLOCK])

    def _block(self, block: int) -> list[bytes]:
        decompressor = getattr(self._local, "decompressor", None)
        if decompressor is None:  # one a thread: a decompressor must not be used by two at once
            decompressor = self._local.decompressor = zstandard.ZstdDecompressor(dict_data=self._dictionary)
        start = int(self._block_ends[block - 1]) if block else 0
        data: bytes = decompressor.decompress(self._blocks[start : int(self._block_ends[block])])
        return data.split(b"\n")

    def entities(self) -> Iterator[Entity]:
        """Every record, in row order."""
        for block in range(len(self._block_ends)):
            yield from map(decode, self._block(block))

    def name_id(self, key: str) -> int | None:
        """The number of a canonical form, or ``None``."""
        found: int | None = self._names.get(key)
        return found

    def name_text(self, name: int) -> str:
        """The canonical form with that number."""
        text: str = self._names.restore_key(name)
        return text

    def name_rows(self, name: int) -> list[int]:
        """The rows of the entities that bear a name, the best known first."""
        value = int(self._name_rows[name])
        if not value & int(MANY):
            return [value]
        at = value & ~int(MANY)
        count = int(self._name_more[at])
        return [int(row) for row in self._name_more[at + 1 : at + 1 + count]]

    def first_rows(self, names: UInts) -> UInts:
        """For each name the best known entity that bears it."""
        rows = self._name_rows[names]
        many = rows >= MANY
        if many.any():
            rows = rows.copy()
            rows[many] = self._name_more[(rows[many] & ~MANY) + 1]
        return rows

    def names_with_prefix(self, prefix: str, limit: int) -> list[int]:
        """Numbers of at most ``limit`` canonical forms that begin so."""
        return [self._names[key] for key in islice(self._names.iterkeys(prefix), limit)]

    def token_id(self, token: str) -> int | None:
        """The number of a Latin word, or ``None``."""
        at = bisect_left(self.tokens, token)
        return at if at < len(self.tokens) and self.tokens[at] == token else None

    def token_frequency(self, token: int) -> int:
        """In how many names a word stands."""
        return int(self._token_starts[token + 1]) - int(self._token_starts[token])

    def token_names(self, token: int, limit: int | None = None) -> UInts:
        """Numbers of the names that a word stands in, those of the best known entities first."""
        start, end = int(self._token_starts[token]), int(self._token_starts[token + 1])
        return self._token_names[start : end if limit is None else min(end, start + limit)]

    def names_people(self, word: str) -> bool:
        """Whether a Latin word stands in somebody's name."""
        token = self.token_id(word)
        return token is not None and bool((self.kinds[self.first_rows(self.token_names(token))] == PERSON_CODE).any())

    def token_popularity(self) -> UInts:
        """By word, how well known the best known entity is in whose name it stands, 0 to 255."""
        firsts: UInts = self._token_names[np.asarray(self._token_starts[:-1])]
        best: UInts = self.popularity[self.first_rows(firsts)]
        return best

    def tokens_with_prefix(self, prefix: str) -> range:
        """Numbers of the words that begin so."""
        return range(bisect_left(self.tokens, prefix), bisect_left(self.tokens, prefix + "\U0010ffff"))

    def tokens_with(self, group: Literal["suffix", "sound"], key: str) -> UInts:
        """Numbers of the words that end in these three letters, or have this sound code."""
        index, starts, members = self._groups[group]
        at = index.get(key)
        found: UInts = members[:0] if at is None else members[int(starts[at]) : int(starts[at + 1])]
        return found

    def mangled(self, key: str) -> list[Mangled]:
        """The entities that a mangled form may come from, the likeliest first."""
        if not len(self._mangled_hashes):
            return []
        code = name_hash(key)
        bucket, rest = code >> 8 * HASH_BYTES, np.frombuffer(code.to_bytes(8, "big")[-HASH_BYTES:], np.uint8)
        start, end = int(self._mangled_starts[bucket]), int(self._mangled_starts[bucket + 1])
        same = start + np.flatnonzero((self._mangled_hashes[start:end] == rest).all(axis=1))
        found = []
        for value in self._mangled_values[same].tolist():
            damage = value & ((1 << DAMAGE_BITS) - 1)
            packed = (value >> DAMAGE_BITS) & ((1 << PROBABILITY_BITS) - 1)
            row = value >> (DAMAGE_BITS + PROBABILITY_BITS)
            found.append(Mangled(row, unpack_probability(packed), self.damages[damage]))
        return sorted(found, key=lambda m: (-m.probability, m.row))


def read_manifest(folder: Path) -> dict[str, Any]:
    """What ``kb.json`` says.

    Raises:
        ResourceError: There is none, or it is of another format.
    """
    path = folder / MANIFEST
    try:
        manifest = orjson.loads(path.read_bytes())
    except OSError as exc:
        raise ResourceError(f"{path}: no knowledge base here; build one with `mt-repair kb build`") from exc
    except orjson.JSONDecodeError as exc:
        raise ResourceError(f"{path}: not JSON ({exc}); build the base again") from exc
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise ResourceError(f"{path}: not a knowledge base of format {FORMAT}; build it again")
    return manifest


def _check_files(folder: Path, data: Path, files: dict[str, dict[str, Any]]) -> None:
    for name, facts in files.items():
        path = data / name
        try:
            with path.open("rb") as file:
                actual = file_digest(file, "sha256").hexdigest()
        except OSError as exc:
            raise ResourceError(f"{path}: missing from the knowledge base; build it again") from exc
        if actual != facts["sha256"]:
            raise ResourceError(f"{path}: checksum differs from {folder / MANIFEST}; build the base again")


def _lines(path: Path) -> list[str]:
    text = path.read_text("utf-8")
    return text.split("\n") if text else []


class EntityStore:
    """Entities of a base and of the overlays stacked over it; immutable, for any number of threads.

    An overlay's record replaces the base's record of the same id, and an overlay can remove ids.

    Args:
        layers: The topmost first.
        without: Ids to be taken as unknown.
    """

    def __init__(self, layers: Sequence[Layer], without: Collection[str] = ()) -> None:
        self.layers = tuple(layers)
        self._without = frozenset(without)
        # Rows of each layer that one above replaces, or that are left out.
        self.hidden: tuple[frozenset[int], ...] = _hidden(self.layers, self._without)

    @classmethod
    def open(cls, folder: Path, overlays: Sequence[Path] = (), *, verify: bool = True) -> EntityStore:
        """Open a base; later overlays lie over earlier ones.

        Args:
            folder: As ``mt-repair kb build`` writes it.
            overlays: Folders of the same form.
            verify: Compare every file with its checksum.

        Raises:
            ResourceError: A folder holds no whole knowledge base.
        """
        layers = []
        for place in (*reversed(overlays), folder):
            layers.append(_open_layer(place, verify))
        return cls(layers)

    @property
    def version(self) -> str:
        """The versions of all layers, the base first, joined by ``+``."""
        return "+".join(layer.version for layer in reversed(self.layers))

    def __len__(self) -> int:
        return sum(len(layer) - len(hidden) for layer, hidden in zip(self.layers, self.hidden, strict=True))

    def __iter__(self) -> Iterator[Entity]:
        """Every entity."""
        for layer, hidden in zip(self.layers, self.hidden, strict=True):
            for row, entity in enumerate(layer.entities()):
                if row not in hidden:
                    yield entity

    def get(self, entity_id: str) -> Entity | None:
        """The entity with that id, or ``None``."""
        if entity_id in self._without:
            return None
        for layer in self.layers:
            row = layer.row_of(entity_id)
            if row is not None:
                return layer.entity(row)
            if entity_id in layer.removed:
                return None
        return None

    def word_frequency(self, word: str) -> int:
        """In how many names a word in canonical form stands."""
        tokens = ((layer, layer.token_id(word)) for layer in self.layers)
        return sum(layer.token_frequency(token) for layer, token in tokens if token is not None)

    def names_people(self, word: str) -> bool:
        """Whether a word in canonical form stands in somebody's name."""
        return any(layer.names_people(word) for layer in self.layers)

    def by_name(self, text: str) -> list[Entity]:
        """Who is called exactly that, case, diacritics, hyphens, punctuation and a possessive ending aside.

        The most literal reading first, then the best known.
        """
        found: dict[str, Entity] = {}
        for key in query_keys(text):
            same: list[Entity] = []
            for layer, hidden in zip(self.layers, self.hidden, strict=True):
                name = layer.name_id(key)
                if name is not None:
                    same += [layer.entity(row) for row in layer.name_rows(name) if row not in hidden]
            for entity in sorted(same, key=lambda e: (-e.popularity, e.id)):
                found.setdefault(entity.id, entity)
        return list(found.values())

    @cached_property
    def paired_places(self) -> tuple[tuple[str, str], ...]:
        """What stands before and behind *and* in names of places, in canonical form: ``("trinidad", "tobago")``."""
        found: set[tuple[str, str]] = set()
        for layer in self.layers:
            token = layer.token_id("and")
            if token is None:
                continue
            names = layer.token_names(token)
            places = names[layer.kinds[layer.first_rows(names)] == PLACE_CODE]
            for name in places.tolist():
                before, _, behind = layer.name_text(name).partition(" and ")
                if before and behind:
                    found.add((before, behind.removeprefix("the ")))
        return tuple(sorted(found))

    def search(self, query: str, limit: int = 10, kind: EntityKind | None = None) -> list[Entity]:
        """Entities for what somebody types: exact names, then names that begin so, then names with all the words.

        The last word may be unfinished. Spelling is not corrected; ``CandidateFinder`` does that.
        """
        key = normalise(query)
        if not key or limit <= 0:
            return []
        found: dict[str, Entity] = {}
        entity = self.get(query.strip())
        if entity is not None:
            found[entity.id] = entity
        for entity in self.by_name(query):
            found.setdefault(entity.id, entity)
        if len(found) < limit:
            ranked: list[tuple[int, int, int, int]] = []
            for i, (layer, hidden) in enumerate(zip(self.layers, self.hidden, strict=True)):
                for name in layer.names_with_prefix(key, _SCANNED_KEYS):
                    ranked += [(0, -int(layer.popularity[r]), i, r) for r in layer.name_rows(name) if r not in hidden]
                for name in _names_with_words(layer, key.split(" ")):
                    ranked += [(1, -int(layer.popularity[r]), i, r) for r in layer.name_rows(name) if r not in hidden]
            for _, _, i, row in sorted(ranked):
                if kind is not None and self.layers[i].kinds[row] != KINDS.index(kind):
                    continue
                entity = self.layers[i].entity(row)
                found.setdefault(entity.id, entity)
                if len(found) >= 2 * limit:
                    break
        return [e for e in found.values() if kind is None or e.kind is kind][:limit]


def _names_with_words(layer: Layer, words: Sequence[str]) -> list[int]:
    """Names in which every word stands, the last one as the beginning of a word."""
    names: set[int] | None = None
    for word in words[:-1]:
        token = layer.token_id(word)
        if token is None:
            return []
        with_word = set(layer.token_names(token).tolist())
        names = with_word if names is None else names & with_word
    begun: set[int] = set()
    for token in layer.tokens_with_prefix(words[-1])[:_SCANNED_KEYS]:
        begun.update(layer.token_names(token, _SCANNED_KEYS).tolist())
        if names is None and len(begun) > _SCANNED_KEYS:
            break
    return sorted(begun if names is None else names & begun)


def _hidden(layers: Sequence[Layer], without: Collection[str]) -> tuple[frozenset[int], ...]:
    hidden: list[frozenset[int]] = []
    above = set(without)
    for i, layer in enumerate(layers):
        rows = (layer.row_of(entity_id) for entity_id in above)
        hidden.append(frozenset(row for row in rows if row is not None))
        if i + 1 < len(layers):
            above.update(layer.ids(), layer.removed)
    return tuple(hidden)


_OPEN_ATTEMPTS = 5


def _open_layer(folder: Path, verify: bool) -> Layer:
    """Open one folder, trying again where a new version took the place of the one being opened."""
    for attempt in range(_OPEN_ATTEMPTS):
        version = read_manifest(folder)["version"]
        try:
            return Layer(folder, verify=verify)
        except ResourceError:
            if attempt == _OPEN_ATTEMPTS - 1 or read_manifest(folder)["version"] == version:
                raise
    raise AssertionError("unreachable")


class StoreHandle:
    """The store in use, replaced when the folder holds a new version; readers are never made to wait.

    A request takes ``current`` once and keeps it to its end, so that it sees one version throughout; the old version
    stays mapped until the last request lets go of it.
    """

    def __init__(self, folder: Path, overlays: Sequence[Path] = (), *, verify: bool = True) -> None:
        self._folder, self._overlays, self._verify = folder, tuple(overlays), verify
        self._lock = threading.Lock()
        self._stamp = self._stamps()
        self._store = EntityStore.open(folder, overlays, verify=verify)
        self.last_error: ResourceError | None = None  # why the newest version on disk is not in use

    @property
    def current(self) -> EntityStore:
        """The newest store that could be opened."""
        return self._store

    def refresh(self) -> bool:
        """Look at the manifests and open what is new; ``True`` if ``current`` changed.

        A version that cannot be opened leaves the old one in use and its error in ``last_error``. Where another
        thread is at it already this returns at once.
        """
        if not self._lock.acquire(blocking=False):
            return False
        try:
            stamp = self._stamps()
            if stamp == self._stamp:
                return False
            self._stamp = stamp
            try:
                store = EntityStore.open(self._folder, self._overlays, verify=self._verify)
            except ResourceError as exc:
                self.last_error = exc
                return False
            self.last_error = None
            changed = store.version != self._store.version
            self._store = store
            return changed
        finally:
            self._lock.release()

    def _stamps(self) -> tuple[tuple[int, int, int] | None, ...]:
        stamps: list[tuple[int, int, int] | None] = []
        for folder in (self._folder, *self._overlays):
            try:
                facts = (folder / MANIFEST).stat()
                stamps.append((facts.st_ino, facts.st_mtime_ns, facts.st_size))
            except OSError:
                stamps.append(None)
        return tuple(stamps)
