"""What a run did, for programs and people: JSON, Markdown, HTML."""

from __future__ import annotations

import math
import os
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jinja2
import orjson

from app.core.errors import InputError
from app.core.types import Status
from app.corpus.outcome import FailOn
from app.corpus.run import Result, describe_failure
from app.corpus.tally import Tally, changed_share, share
from app.formats.storage import join, write_whole

SCHEMA = 1
_TOP_ENTITIES = 20
_LISTED = 100


def build_report(result: Result, fail_on: FailOn, baseline: dict[str, Any] | None = None) -> dict[str, Any]:
    """The report as plain values.

    Args:
        result: What the run came to.
        fail_on: The caller's mark, for the exit code.
        baseline: An earlier report to compare with.
    """
    tally = result.tally
    identity = asdict(result.identity) if result.identity else {}
    report: dict[str, Any] = {
        "schema": SCHEMA,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "exit_code": int(result.exit_code(fail_on)),
        "gate": result.gate,
        "interrupted": result.interrupted,
        "versions": {**identity, "options_sha256": result.options_sha256},
        "input": {
            "files": result.files,
            "bytes": result.bytes_in,
            "rows": result.rows_planned,
            "units": result.units,
            "units_done": result.units_done,
            "units_resumed": result.units_resumed,
        },
        "outputs": result.outputs[:_LISTED],
        **_counts(tally),
        "harm": _harm(result.control),
        "speed": _speed(result),
        "samples": tally.samples,
        "problems": tally.problems[:_LISTED],
        "quarantined": result.quarantined,
    }
    if baseline is not None:
        report["comparison"] = compare(report, baseline)
    return report


def _counts(tally: Tally) -> dict[str, Any]:
    refused = Counter(tally.refused)
    return {
        "rows": {
            "done": tally.rows,
            "changed": tally.rows_changed,
            "without_text": tally.rows_empty,
            "failed": tally.rows_failed,
            "repeated": tally.rows_repeated,
        },
        "sentences": {
            "total": tally.segments,
            "by_status": {str(s): tally.status[s] for s in Status},
            "changed_share": changed_share(tally),
            "abstained_share": {r: share(n, tally.segments) for r, n in tally.reasons.most_common()},
            "low_confidence": tally.low,
        },
        "edits": {
            "total": tally.edits,
            "by_kind": dict(tally.kinds.most_common()),
            "by_origin": dict(tally.origins.most_common()),
            "by_rule": dict(tally.rules.most_common()),
            "refused": dict(refused.most_common()),
            "protected_leaks": tally.leaks,
            "confidence_histogram": tally.confidence,
        },
        "entities": [
            {"id": key.partition(" ")[0], "name": key.partition(" ")[2], "edits": n}
            for key, n in tally.entities.most_common(_TOP_ENTITIES)
        ],
        "glossary": {
            "applied": dict(tally.glossary_applied.most_common()),
            "missed": dict(tally.glossary_missed.most_common()),
            "reasons": dict(tally.glossary_reasons.most_common()),
        },
    }


def _harm(control: Tally | None) -> dict[str, Any] | None:
    if control is None:
        return None
    return {"sentences": control.segments, "changed_share": changed_share(control), "edits": control.edits}


def _speed(result: Result) -> dict[str, Any]:
    return {
        "workers": result.spec.workers,
        "wall_s": round(result.wall_s, 3),
        "worker_s": round(result.worker_s, 3),
        "sentences_per_s": round(result.wall_segments / result.wall_s, 2) if result.wall_s else 0.0,
        "chars_per_s": round(result.wall_bytes / result.wall_s, 1) if result.wall_s else 0.0,
        "sentences_per_core_s": round(result.tally.segments / result.worker_s, 2) if result.worker_s else 0.0,
        "repeated_rows_share": share(result.tally.rows_repeated, result.tally.rows),
        "remembered_sentences_share": share(result.cache_remembered, result.cache_asked),
        "peak_rss_bytes_per_worker": result.peak_rss_bytes,
    }


def compare(report: dict[str, Any], baseline: dict[str, Any]) -> dict[str, Any]:
    """What is different from an earlier report."""
    before, now = baseline["sentences"], report["sentences"]
    kinds = sorted(set(report["edits"]["by_kind"]) | set(baseline["edits"]["by_kind"]))
    return {
        "created": baseline["created"],
        "changed_share": [before["changed_share"], now["changed_share"]],
        "edits_per_1000_sentences": {
            kind: [
                round(1000 * share(one["edits"]["by_kind"].get(kind, 0), one["sentences"]["total"]), 3)
                for one in (baseline, report)
            ]
            for kind in kinds
        },
        "sentences_per_core_s": [one["speed"]["sentences_per_core_s"] for one in (baseline, report)],
        "versions_changed": {
            name: [baseline["versions"].get(name), value]
            for name, value in report["versions"].items()
            if baseline["versions"].get(name) != value
        },
    }


def read_baseline(path: Path) -> dict[str, Any]:
    """An earlier ``report.json``.

    Raises:
        InputError: There is none, or it is no such report.
    """
    try:
        report: dict[str, Any] = orjson.loads(path.read_bytes())
        if report["schema"] == SCHEMA and isinstance(report["sentences"]["changed_share"], float):
            return report
    except FileNotFoundError as exc:
        raise InputError(f"{path}: no earlier report; leave --baseline out in the first run") from exc
    except (orjson.JSONDecodeError, KeyError, TypeError) as exc:
        raise InputError(f"{path} is no report.json of this product") from exc
    raise InputError(f"{path}: a report of another version; leave --baseline out once")


def write_report(report: dict[str, Any], folder: str) -> None:
    """Write ``report.json``, ``report.md`` and ``report.html`` into a folder."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=lambda name: name is not None and name.endswith(".html"),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "relative": relative,
        "percent": _percent,
        "count": _count,
        "cell": _cell,
        "run": _run,
        "failure": describe_failure,
    }
    environment.globals |= {"pieces": sample_pieces, "ceil": math.ceil, "most": max}
    files = {
        "report.json": orjson.dumps(report, option=orjson.OPT_INDENT_2),
        "report.md": environment.get_template("report.md").render(report=report).encode(),
        "report.html": environment.get_template("report.html").render(report=report).encode(),
    }
    for name, data in files.items():
        with write_whole(join(folder, name)) as file:
            file.write(data)


def sample_pieces(sample: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """A changed sentence as ``(kept | deleted | inserted, text)``, of each edit the deletion first."""
    at = 0
    text: str = sample["text"]
    for edit in sample["edits"]:
        yield from _piece("kept", text[at : edit["start"]])
        yield from _piece("deleted", text[edit["start"] : edit["end"]])
        yield from _piece("inserted", edit["text"])
        at = edit["end"]
    yield from _piece("kept", text[at:])


def _piece(kind: str, text: str) -> Sequence[tuple[str, str]]:
    return [(kind, text)] if text else []


def _percent(value: float) -> str:
    return "< 0.01 %" if 0 < value < 0.00005 else f"{100 * value:.2f} %"


def _count(value: float) -> str:
    return f"{value:,.0f}" if value == int(value) else f"{value:,.2f}"


def _run(value: object) -> str:
    """A piece of text that is safe in a cell of a Markdown table, with a blank where it begins or ends with one."""
    escaped = str(value).replace("\\", "\\\\").replace("|", "\\|").replace("`", "\\`").replace("<", "&lt;")
    return re.sub(r"\s+", " ", escaped)


def _cell(value: object) -> str:
    """Text that is safe in a cell of a Markdown table."""
    return _run(value).strip()


def relative(path: str) -> str:
    """A local path as seen from here, as code hosts want it; a URL as it is."""
    if "://" in path:
        return path
    near = os.path.relpath(path)
    return path if near.startswith("..") else near.replace(os.sep, "/")
