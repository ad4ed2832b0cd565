"""Measure the language model: what rounding to int8 does to its judgements, and what a sentence costs.

    python -m scripts.bench_lm [models/lm-en] [--data ../shared/data] [--count 100]

Judgements are those it is asked for: how many times likelier a sentence is with an edit than without, as a natural
logarithm, of machine translations that one edit turns into their reference. The same weights in float32, in the same
run, are what int8 is compared with. Figures go to standard output as JSON.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Sequence
from pathlib import Path

from app.core.diff import diff
from app.evaluation.data import load_set
from app.seq2seq.language_model import LanguageModel


def pairs(data: Path, count: int) -> list[tuple[str, str]]:
    """The first machine translations of pe-dev that a single edit turns into their reference, each with that."""
    examples = load_set("pe-dev", data).examples
    return [(e.text, e.refs[0]) for e in examples if len(diff(e.text, e.refs[0])) == 1][:count]


def judged(model: LanguageModel, edits: Sequence[tuple[str, str]]) -> tuple[list[float], float]:
    """The judgement of each edit, and seconds of processor time a sentence."""
    model.log_probs(edits[0])  # the first call prepares memory
    started = time.process_time()
    log_probs = model.log_probs([text for edit in edits for text in edit])
    cost_s = (time.process_time() - started) / len(log_probs)
    return [after - before for before, after in zip(log_probs[::2], log_probs[1::2], strict=True)], cost_s


def main() -> None:
    """Print the figures of one model."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", default=Path("models/lm-en"))
    parser.add_argument("--data", type=Path, default=Path("../shared/data"), help="Folder with mt/pe-dev.jsonl.xz.")
    parser.add_argument("--count", type=int, default=100, help="Edits that are judged.")
    options = parser.parse_args()
    edits = pairs(options.data, options.count)
    exact, exact_s = judged(LanguageModel(options.folder, compute_type="float32", threads=1), edits)
    rounded, rounded_s = judged(LanguageModel(options.folder, threads=1), edits)
    error = [a - b for a, b in zip(rounded, exact, strict=True)]
    figures = {
        "edits": len(edits),
        "judgement": {"mean": statistics.mean(exact), "sd": statistics.stdev(exact)},
        "int8_minus_float32": {"mean": statistics.mean(error), "sd": statistics.stdev(error)},
        "same_sign": statistics.mean((a > 0) == (b > 0) for a, b in zip(rounded, exact, strict=True)),
        "sentence_ms": {"int8": 1e3 * rounded_s, "float32": 1e3 * exact_s},
    }
    print(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
