"""A corpus to measure runs on: real text, clean and machine-translated, with copies and site lines as on the web."""

from __future__ import annotations

import gzip
import itertools
import lzma
import random
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from app.core.errors import InputError
from app.core.segment import SentenceSegmenter
from app.evaluation.data import read_rows

MANIFEST = "corpus.json"
_GROUP_BYTES = 16_000_000  # of text in one row group of a Parquet file
_BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
_POPULARITY = 3  # a copy is of document ``n * r ** 3``: a few are copied very often, most seldom
_SCHEMA = pa.schema(
    [
        ("id", pa.int64()),
        ("url", pa.string()),
        ("text", pa.string()),
        ("fetched", pa.timestamp("ms", "UTC")),
        ("score", pa.float32()),
    ]
)

_Row = tuple[dict[str, Any], bytes]


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a corpus is made of.

    Args:
        large_mb: Content of one large ``.jsonl.gz`` file, in MB; 0 makes none.
        file_mb: Content of each smaller file, in MB.
        jsonl_files: Number of smaller ``.jsonl.gz`` files.
        parquet_files: Number of Parquet files.
        garbled: Share of new documents that are machine translation.
        unique: Share of sentences that come for the first time; the others are copies of whole documents, and the lines
            that a site puts under each of its pages.
        site_lines: Lines that each page of a site ends with; 0 makes every document stand for itself.
        sites: Number of sites.
        lines: Lines of text, each a paragraph or a translated sentence, in one document.
        seed: Of everything that chance decides.
    """

    large_mb: float = 1050.0
    file_mb: float = 30.0
    jsonl_files: int = 4
    parquet_files: int = 4
    garbled: float = 0.25
    unique: float = 0.006
    site_lines: int = 3
    sites: int = 200
    lines: int = 8
    seed: int = 1


@dataclass(slots=True)
class Made:
    """What came out: of all files together, and of each."""

    recipe: Recipe
    rows: int = 0
    sentences: int = 0
    unique_sentences: int = 0
    garbled_rows: int = 0
    copied_rows: int = 0
    content_bytes: int = 0
    stored_bytes: int = 0
    files: list[dict[str, Any]] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """Plain values, with the shares."""
        shares = {
            "unique_share": round(self.unique_sentences / max(1, self.sentences), 5),
            "garbled_share": round(self.garbled_rows / max(1, self.rows), 4),
            "copied_share": round(self.copied_rows / max(1, self.rows), 4),
        }
        return asdict(self) | shares


@dataclass(frozen=True, slots=True)
class _Body:
    """The text of a document before its site's lines, and the sentences in all of it."""

    text: str
    site: int
    sentences: int
    is_garbled: bool


def read_pools(data: Path, lines: int) -> tuple[list[str], list[str]]:
    """Clean texts and machine translations, in documents of so many lines.

    Args:
        data: Folder with ``text/*.txt.xz`` and ``mt/*-train.jsonl.xz``.
        lines: Of one document.

    Raises:
        InputError: One of the two is not there.
    """
    clean = list(itertools.chain.from_iterable(_texts(p, lines) for p in sorted((data / "text").glob("*.txt.xz"))))
    garbled = list(
        itertools.chain.from_iterable(_translations(p, lines) for p in sorted((data / "mt").glob("*-train.jsonl.xz")))
    )
    if not clean or not garbled:
        raise InputError(f"{data} holds no text/*.txt.xz or no mt/*-train.jsonl.xz; name the right folder with --data")
    return clean, garbled


def _texts(path: Path, lines: int) -> Iterator[str]:
    with lzma.open(path, "rt", encoding="utf-8") as file:
        kept = (line.strip() for line in file if line.strip())
        while taken := list(itertools.islice(kept, lines)):
            yield "\n".join(taken)


def _translations(path: Path, lines: int) -> Iterator[str]:
    """Neighbouring rows are one sentence by several systems, so they are dealt out to different documents."""
    found = list(dict.fromkeys(row["mt"] for row in read_rows(path)))
    step = max(1, len(found) // lines)
    for at in range(step):
        yield "\n".join(found[at::step][:lines])


class Web:
    """An endless series of pages in which the share of new sentences is kept to what the recipe says.

    Args:
        clean: Clean texts.
        garbled: Machine translations.
        recipe: The mixture.
    """

    def __init__(self, clean: Sequence[str], garbled: Sequence[str], recipe: Recipe) -> None:
        self._recipe, self._chance = recipe, random.Random(recipe.seed)
        self._pools = {False: list(clean), True: list(garbled)}
        for pool in self._pools.values():
            self._chance.shuffle(pool)
        self._segmenter = SentenceSegmenter()
        self._seen: set[str] = set()
        self._bodies: list[_Body] = []
        self._footers = self._make_footers() if recipe.site_lines else []
        self.sentences = self.unique_sentences = 0

    def _make_footers(self) -> list[str]:
        """Each site takes its lines from the end of the pools, which the documents then do without."""
        lines = [line for body in self._pools[False][-self._recipe.sites :] for line in body.split("\n")]
        del self._pools[False][-self._recipe.sites :]
        return ["\n".join(self._chance.choices(lines, k=self._recipe.site_lines)) for _ in range(self._recipe.sites)]

    def pages(self) -> Iterator[tuple[str, str, bool, bool]]:
        """Text, address, whether it is machine translation, whether it is a copy."""
        for number in itertools.count():
            is_new = not self._bodies or self.unique_sentences <= self._recipe.unique * self.sentences
            body = self._new() if is_new else self._copy()
            self.sentences += body.sentences
            url = f"https://site{body.site:03d}.example/{number}"
            yield body.text, url, body.is_garbled, not is_new

    def _new(self) -> _Body:
        is_garbled = self._chance.random() < self._recipe.garbled
        pool = self._pools[is_garbled] or self._pools[not is_garbled]
        if not pool:
            raise InputError("there is not so much text: ask for a smaller corpus, or a smaller share of new sentences")
        is_garbled = is_garbled if self._pools[is_garbled] else not is_garbled
        site = self._chance.randrange(self._recipe.sites)
        text = "\n".join([pool.pop(), *([self._footers[site]] if self._footers else [])])
        segments = self._segmenter.segment(text)
        for segment in segments:
            sentence = segment.text.strip()
            if sentence not in self._seen:
                self._seen.add(sentence)
                self.unique_sentences += 1
        body = _Body(text, site, len(segments), is_garbled)
        self._bodies.append(body)
        return body

    def _copy(self) -> _Body:
        at = int(len(self._bodies) * self._chance.random() ** _POPULARITY)
        return replace(self._bodies[at], site=self._chance.randrange(self._recipe.sites))


def write_corpus(folder: Path, clean: Sequence[str], garbled: Sequence[str], recipe: Recipe) -> Made:
    """Write the files of a corpus: ``large.jsonl.gz``, ``pages-NNN.jsonl.gz``, ``tables/pages-NNN.parquet``.

    Raises:
        InputError: There is not enough text for so many new sentences.
    """
    (folder / "tables").mkdir(parents=True, exist_ok=True)
    web, made = Web(clean, garbled, recipe), Made(recipe)
    rows = _rows(web, made, random.Random(recipe.seed + 1))
    sizes = [("large.jsonl.gz", recipe.large_mb)] if recipe.large_mb else []
    sizes += [(f"pages-{i:03d}.jsonl.gz", recipe.file_mb) for i in range(recipe.jsonl_files)]
    sizes += [(f"tables/pages-{i:03d}.parquet", recipe.file_mb) for i in range(recipe.parquet_files)]
    for name, mb in sizes:
        path, before = folder / name, (made.rows, made.content_bytes, web.sentences)
        partial = path.with_name(path.name + ".tmp")
        write = _write_parquet if path.suffix == ".parquet" else _write_jsonl
        write(partial, _up_to(rows, made, int(mb * 1_000_000)))
        partial.replace(path)
        made.sentences, made.unique_sentences = web.sentences, web.unique_sentences
        made.stored_bytes += path.stat().st_size
        made.files.append(
            {
                "name": name,
                "rows": made.rows - before[0],
                "content_bytes": made.content_bytes - before[1],
                "sentences": web.sentences - before[2],
                "stored_bytes": path.stat().st_size,
            }
        )
    return made


def _rows(web: Web, made: Made, chance: random.Random) -> Iterator[_Row]:
    """Rows, and each as a line of JSON."""
    for text, url, is_garbled, is_copy in web.pages():
        number = made.rows
        fetched = _BEGIN + timedelta(seconds=7 * number)
        row = {"id": number, "url": url, "text": text, "fetched": fetched, "score": round(chance.random(), 3)}
        line = orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE | orjson.OPT_UTC_Z)
        made.rows += 1
        made.content_bytes += len(line)
        made.garbled_rows += is_garbled
        made.copied_rows += is_copy
        yield row, line


def _up_to(rows: Iterator[_Row], made: Made, size: int) -> Iterator[_Row]:
    end = made.content_bytes + size
    while made.content_bytes < end:
        yield next(rows)


def _write_jsonl(path: Path, rows: Iterator[_Row]) -> None:
    with path.open("wb") as file, gzip.GzipFile("", "wb", 3, file, mtime=0) as stream:
        for _, line in rows:
            stream.write(line)


def _write_parquet(path: Path, rows: Iterator[_Row]) -> None:
    with pq.ParquetWriter(path, _SCHEMA, compression="zstd") as writer:
        group: list[dict[str, Any]] = []
        size = 0
        for row, _ in rows:
            group.append(row)
            size += len(row["text"])
            if size >= _GROUP_BYTES:
                writer.write_table(pa.Table.from_pylist(group, _SCHEMA))
                group, size = [], 0
        if group:
            writer.write_table(pa.Table.from_pylist(group, _SCHEMA))
