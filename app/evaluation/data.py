"""The sets that the product is measured on, read from the data folder; the same rows in the same order every time."""

from __future__ import annotations

import hashlib
import lzma
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import IO, Any

import orjson

from app.core.errors import InputError
from app.evaluation.splits import is_held_out_row, is_held_out_text

CLEAN_SENTENCES = 2000
_CLEAN_SENTENCES_PER_DOCUMENT = 12  # so that 2,000 sentences come from some 170 documents and not from one book
_SENTENCE_END = re.compile(r"[.!?][\"')\]]*(?=\s|$)")


class Measure(StrEnum):
    """What can be measured on a set."""

    TRANSLATION = "translation"  # TER, chrF, BLEU against a reference, and precision of edits
    GLEU = "gleu"  # several references, tokenised as published
    CORRECTION = "correction"  # edits against annotators' edits
    HARM = "harm"  # clean text: every change is harm


@dataclass(frozen=True, slots=True)
class Example:
    """One text and what people made of it.

    Attributes:
        refs: At least one, but for clean text, where there is none.
        group: What scores are broken down by: the source language, or the file.
        tokens: Published tokens of the text and of each reference, space-separated, where GLEU needs them.
    """

    id: str
    text: str
    refs: tuple[str, ...] = ()
    group: str = "all"
    tokens: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class EvaluationSet:
    """A named set with the checksum of the bytes it was read from."""

    name: str
    measure: Measure
    examples: tuple[Example, ...]
    sha256: str

    def thin(self, limit: int | None) -> EvaluationSet:
        """At most ``limit`` examples, evenly spaced, for a quick look."""
        if limit is None or limit >= len(self.examples):
            return self
        step = len(self.examples) / limit
        chosen = tuple(self.examples[int(i * step)] for i in range(limit))
        return EvaluationSet(f"{self.name}[{limit}]", self.measure, chosen, self.sha256)


TUNING_SETS = ("pe-dev", "wmt-held-out", "jfleg-dev", "cweb-dev", "clean", "clean-curly")
FINAL_SETS = ("pe-test20",)
_FILES = {
    "pe-dev": ("mt/pe-dev.jsonl.xz", Measure.TRANSLATION),
    "pe-test20": ("mt/pe-test20.jsonl.xz", Measure.TRANSLATION),
    "wmt-held-out": ("mt/wmt-train.jsonl.xz", Measure.TRANSLATION),
    "jfleg-dev": ("gec/jfleg-dev.jsonl.xz", Measure.GLEU),
    "cweb-dev": ("gec/cweb-dev.jsonl.xz", Measure.CORRECTION),
}


def load_set(name: str, data: Path, *, final: bool = False) -> EvaluationSet:
    """Read one of ``TUNING_SETS``, or one of ``FINAL_SETS`` when ``final`` says that no choice hangs on it any more.

    Raises:
        InputError: No such set, its file is missing, or a final set without ``final``.
    """
    if name in ("clean", "clean-curly"):
        return clean_set(data / "text", curly=name == "clean-curly")
    if name not in _FILES:
        raise InputError(f"no set named {name}; there are {', '.join(TUNING_SETS + FINAL_SETS)}")
    relative, measure = _FILES[name]
    return load_file(data / relative, final=final, name=name, measure=measure, held_out_only=name == "wmt-held-out")


def load_file(
    path: Path,
    *,
    final: bool = False,
    name: str | None = None,
    measure: Measure | None = None,
    held_out_only: bool = False,
) -> EvaluationSet:
    """Read any file of the same form: JSON lines, plain or ``.xz``.

    A row has ``mt`` and ``ref``, or ``source`` and ``refs``.

    Args:
        path: The file. A final set is refused unless ``final``, by whatever path it is reached.
        final: No choice hangs on the result any more.
        name: As reported; the file's name by default.
        measure: What to measure; by default TRANSLATION for ``mt`` rows, GLEU where the rows hold tokens, else
            CORRECTION.
        held_out_only: Keep only rows that training must not see.

    Raises:
        InputError: The file is missing, or a line is not such a row.
    """
    if not final and any(path.name.startswith(f) for f in FINAL_SETS):
        raise InputError(f"{path.name} is kept for final figures; pass --final once no choice hangs on it")
    if not path.is_file():
        raise InputError(f"{path} is missing; pass the folder of the evaluation data with --data")
    examples: list[Example] = []
    with open_text(path) as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                row = orjson.loads(line)
                if not held_out_only or is_held_out_row(row):
                    examples.append(_example(row, f"{path.name}/{number}"))
            except (orjson.JSONDecodeError, KeyError, TypeError, ValueError) as exc:
                raise InputError(f"{path.name} line {number}: not a row with `mt`, `ref` or `source`, `refs`") from exc
    if measure is None:
        measure = _guess_measure(examples, path)
    return EvaluationSet(name or path.name.split(".", 1)[0], measure, tuple(examples), file_sha256(path))


def clean_set(folder: Path, *, curly: bool = False, sentences: int = CLEAN_SENTENCES) -> EvaluationSet:
    """Whole paragraphs of held-out documents, about ``sentences`` sentences, spread evenly over files and documents.

    Args:
        folder: With files of one paragraph a line and a blank line between documents, ``.txt`` or ``.txt.xz``.
        curly: Set quotation marks and apostrophes as typographers do; the files have straight ones only.
        sentences: Counted by a simple rule that does not depend on the product, so that the set stays the same when
            the product's segmentation changes.

    Raises:
        InputError: The folder holds no such files.
    """
    paths = sorted([*folder.glob("*.txt"), *folder.glob("*.txt.xz")])
    if not paths:
        raise InputError(f"{folder} holds no .txt or .txt.xz; pass the folder of the evaluation data with --data")
    digest = hashlib.sha256()
    queues: list[list[Example]] = []
    for path in paths:
        digest.update(file_sha256(path).encode())
        queues.append([
            Example(f"{path.name.split('.', 1)[0]}/{index}", text, group=path.name.split(".", 1)[0])
            for index, paragraphs in read_documents(path)
            if is_held_out_text(path.name, index)
            if (text := _opening(paragraphs))
        ])  # fmt: skip
    chosen: list[Example] = []
    count = 0
    for turn in range(max(map(len, queues))):
        for queue in queues:
            if turn < len(queue) and count < sentences:
                chosen.append(queue[turn])
                count += count_sentences(queue[turn].text)
    if curly:
        chosen = [Example(e.id, curl_quotes(e.text), group=e.group) for e in chosen]
    return EvaluationSet("clean-curly" if curly else "clean", Measure.HARM, tuple(chosen), digest.hexdigest())


def read_documents(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Documents of a text file with their index from 0, each a list of paragraphs."""
    index, paragraphs = 0, list[str]()
    with open_text(path) as lines:
        for line in lines:
            if line.strip():
                paragraphs.append(line.rstrip("\r\n"))
            elif paragraphs:
                yield index, paragraphs
                index, paragraphs = index + 1, []
    if paragraphs:
        yield index, paragraphs


def read_rows(path: Path) -> Iterator[dict[str, Any]]:
    """Rows of a file of JSON lines, plain or ``.xz``."""
    with open_text(path) as lines:
        for line in lines:
            yield orjson.loads(line)


def count_sentences(text: str) -> int:
    """Sentences by final punctuation before white space: rough, but the same for ever."""
    return max(1, len(_SENTENCE_END.findall(text)))


def curl_quotes(text: str) -> str:
    """Straight quotation marks and apostrophes as typographers set them, by what stands before each."""
    text = re.sub(r"(?<![^\s(\[—–])\"|(?<=(?<![^\s(\[—–])')\"", "“", text).replace('"', "”")
    return re.sub(r"(?<![^\s(\[—–“])'(?!\d0s|tis|twas)", "‘", text).replace("'", "’")


def open_text(path: Path) -> IO[str]:
    """A text file, unpacked on the way if its name ends in ``.xz``."""
    if path.suffix == ".xz":
        return lzma.open(path, "rt", encoding="utf-8", newline="\n")
    return path.open(encoding="utf-8", newline="\n")


def file_sha256(path: Path) -> str:
    """Checksum of the file as it lies on disk."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _example(row: Mapping[str, object], fallback_id: str) -> Example:
    text = row["mt"] if "mt" in row else row["source"]
    refs = [row["ref"]] if "ref" in row else row["refs"]
    if not isinstance(text, str) or not isinstance(refs, list) or not refs or not all(isinstance(r, str) for r in refs):
        raise ValueError("wrong type")
    tokens: tuple[str, ...] = ()
    if isinstance(row.get("source_tok"), str) and isinstance(row.get("refs_tok"), list):
        tokens = (str(row["source_tok"]), *map(str, _items(row["refs_tok"])))
    group = row.get("lang") or str(row.get("set", "all")).split("/")[0]
    return Example(str(row.get("id", fallback_id)), text, tuple(refs), str(group), tokens)


def _items(value: object) -> Iterable[object]:
    return value if isinstance(value, list) else ()


def _guess_measure(examples: Sequence[Example], path: Path) -> Measure:
    if not examples:
        raise InputError(f"{path.name} holds no rows")
    if all(e.tokens for e in examples):
        return Measure.GLEU
    return Measure.CORRECTION if len(examples[0].refs) > 1 else Measure.TRANSLATION


def _opening(paragraphs: Sequence[str]) -> str:
    kept: list[str] = []
    for paragraph in paragraphs:
        if sum(map(count_sentences, kept)) + count_sentences(paragraph) > _CLEAN_SENTENCES_PER_DOCUMENT:
            break
        kept.append(paragraph)
    return "\n".join(kept)
