"""How likely a text is as English: a causal language model on CTranslate2, int8, without torch.

It has read a thousand times more than the repair network, so it tells an edit that makes a sentence read well from one
that does not; what to ask it about is the network's to find.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import ctranslate2
from tokenizers import Tokenizer

from app.core.errors import GenerationError, ResourceError

FORMAT = 1
_MOST_THREADS = 4
MANIFEST, TOKENIZER = "lm.json", "tokenizer.json"
FILES = ("model.bin", "config.json", "vocabulary.json", TOKENIZER)  # what the checksum in the manifest is of


class LanguageModel:
    """Reads texts from left to right.

    Args:
        folder: As written by ``mt-repair lm build``.
        device: ``cpu`` or ``cuda``.
        compute_type: In CTranslate2's words.
        threads: Texts that are read at the same time, each by one; 0 means as many as there are cores, at most four.

    Raises:
        ResourceError: A file is missing, damaged or of another version.
    """

    def __init__(self, folder: Path, *, device: str = "cpu", compute_type: str = "int8", threads: int = 0) -> None:
        remedy = "run mt-repair lm build again, or set MT_REPAIR_LM_DIR"
        try:
            manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_bytes())
        except (OSError, ValueError) as exc:
            raise ResourceError(f"no language model in {folder} ({MANIFEST}); {remedy}") from exc
        if manifest.get("format") != FORMAT:
            raise ResourceError(
                f"{folder} holds format {manifest.get('format')}, this program reads {FORMAT}; {remedy}"
            )
        try:
            self.name, self.source_sha256 = str(manifest["name"]), str(manifest["source_sha256"])
            self._start = str(manifest["start"])
            if checksum((folder / name).read_bytes() for name in FILES) != manifest["sha256"]:
                raise ValueError("the files are not those of the manifest")
            self._tokenizer = Tokenizer.from_file(str(folder / TOKENIZER))
            # By its path: of files that it gets in memory CTranslate2 keeps a copy.
            self._generator = ctranslate2.Generator(
                str(folder), device=device, compute_type=compute_type, intra_threads=1,
                inter_threads=threads or min(_MOST_THREADS, os.cpu_count() or 1),
            )  # fmt: skip
        except (OSError, ValueError, KeyError, RuntimeError) as exc:
            raise ResourceError(f"the language model in {folder} is damaged; {remedy}") from exc

    def log_probs(self, texts: Sequence[str]) -> list[float]:
        """The natural logarithm of the probability of each text, read from its first piece on; 0 for an empty one.

        Each is read by itself: rounding depends on what shares a batch, and an answer must not.

        Raises:
            GenerationError: The model failed.
        """
        cut = [[self._start, *encoding.tokens] for encoding in self._tokenizer.encode_batch(list(texts))]
        try:
            scored = self._generator.score_batch(cut, max_batch_size=1)
        except (ValueError, RuntimeError) as exc:
            raise GenerationError("the language model failed on a batch") from exc
        return [float(sum(result.log_probs)) for result in scored]


def checksum(contents: Any) -> str:
    """The checksum of files in the order of ``FILES``."""
    digest = hashlib.sha256()
    for content in contents:
        digest.update(content)
    return digest.hexdigest()
