"""Send what nobody would write through everything that reads text or files, and see that nothing crashes.

Run ``python scripts/fuzz.py --help``. Each target keeps its laws or raises the one error that it documents; anything
else is shown, as small as hypothesis can make it, and the exit code is 1. Writes JSON with the inputs tried.
"""

from __future__ import annotations

import io
import random
import sys
import tempfile
import time
import traceback
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from warcio.warcwriter import WARCWriter

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from app.core.diff import Change, OffsetMap, apply_edits, diff
from app.core.errors import InputError
from app.core.offsets import OffsetTable, OffsetUnit
from app.core.segment import SentenceSegmenter
from app.core.types import Span
from app.evaluation.provenance import provenance
from app.evaluation.report import write_whole
from app.formats.base import Wanted
from app.formats.docx import Revisions, read_docx, track_changes, write_docx
from app.formats.html import Html
from app.formats.markdown import Markdown
from app.formats.storage import Location, Opener
from app.formats.warc import Warc
from app.seq2seq.codec import Mark, decoder_prompt, encoder_input, read_answer, word_edits
from app.seq2seq.tokenizer import Tokenizer

_ROOT = Path(__file__).resolve().parent.parent
_MOST_SHOWN = 2000
_EXAMPLES = 200  # of one run of hypothesis; there are as many runs as the time allows
_AT = datetime(2026, 1, 1, tzinfo=UTC)
# Pieces that parsers of prose and mark-up stumble over, between any characters at all.
_PIECES = st.sampled_from(
    [
        "Mr. ",
        "e.g. ",
        "U.S. ",
        "? ",
        "!\n\n",
        "\r\n",
        "…",
        "“",
        "”",
        "'",
        "3.5 ",
        "1 May",
        "<b>",
        "</b>",
        "<!--",
        "&amp;",
        "&#x",
        "**",
        "[a](b)",
        "```",
        "| - |\n",
        "\u200d",
        "\u0301",
        "🏳️‍🌈",
        "\u202e",
        "𝔘",
        "e\u0301",
        "\ufeff",
        "\x85",
        "\u2028",
    ]
)
TEXT = st.lists(st.one_of(_PIECES, st.text(max_size=12), st.sampled_from(["the ", "He ", "went. "])), max_size=40).map(
    "".join
)


@dataclass(frozen=True, slots=True)
class Target:
    """One reader: what it is given, and what has to hold of it; ``InputError`` is a good answer."""

    name: str
    inputs: st.SearchStrategy[Any]
    check: Callable[[Any], None]


def _segmenter(text: str) -> None:
    found = SentenceSegmenter().segment(text)
    at = 0
    for segment in found:
        assert segment.span.of(text) == segment.text
        assert segment.span.start >= at
        assert not text[at : segment.span.start].strip()
        at = segment.span.end
    assert not text[at:].strip()


def _diff(pair: tuple[str, str]) -> None:
    source, target = pair
    changes = diff(source, target)
    assert apply_edits(source, changes) == target
    offsets = OffsetMap.of(source, changes)
    for at in range(0, len(source) + 1, max(1, len(source) // 7)):
        place = offsets.to_patched(Span(at, at))
        assert place is None or 0 <= place.start <= place.end <= len(target)


def _offsets(given_: tuple[str, OffsetUnit, list[int]]) -> None:
    text, unit, places = given_
    table = OffsetTable(text, unit)
    for at in range(len(text) + 1):
        assert table.from_unit(table.to_unit(at)) == at
    for place in places:
        try:
            at = table.from_unit(place)
        except ValueError:  # within a character, or outside of the text
            continue
        assert table.to_unit(at) == place


def _codec(tokenizer: Tokenizer) -> Callable[[tuple[str, str, list[int]]], None]:
    def check(given_: tuple[str, str, list[int]]) -> None:
        source, target = tokenizer.words(given_[0]), tokenizer.words(given_[1])
        ids, firsts = encoder_input(source.pieces, tokenizer)
        assert len(firsts) == len(source) + 1
        assert all(0 <= piece < len(tokenizer) for piece in ids)
        for edit in word_edits(source, target):
            assert decoder_prompt(source.pieces, edit.mark, tokenizer)
        answer = [number % len(tokenizer) for number in given_[2]]
        for first in range(0, len(source) + 1, max(1, len(source) // 5)):
            for last in (first, min(first + 2, len(source))):
                change = read_answer(source, Mark(first, last), answer, tokenizer)
                assert change is None or 0 <= change.start <= change.end <= len(source.text)

    return check


def _markup(text: str) -> None:
    for form in (Html(), Markdown()):
        prose = form.prose(text)
        assert len(prose.places) == 2 * len(prose.text)


def _docx(data: bytes) -> None:
    text = read_docx(data).text
    changed = text.replace("the", "a", 1) + "!"
    track_changes(data, diff(text, changed), Revisions("fuzz", _AT))


def _warc(given_: tuple[bytes, str]) -> None:
    data, suffix = given_
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"a{suffix}"
        path.write_bytes(data)
        form, wanted = Warc(), Wanted()
        plan = form.plan(Location(str(path), path.name), wanted, 1 << 14)
        for unit in plan.units:
            with Opener() as opener:
                for _ in form.read(plan, unit, wanted, opener):
                    pass


def _spoil(data: bytes, rng: random.Random) -> bytes:
    """The same bytes with some changed, taken out, doubled or cut off."""
    spoilt = bytearray(data)
    for _ in range(rng.randint(0, 8)):
        if not spoilt:
            break
        at = rng.randrange(len(spoilt))
        match rng.randrange(5):
            case 0:
                spoilt[at] = rng.randrange(256)
            case 1:
                del spoilt[at : at + rng.randint(1, 40)]
            case 2:
                spoilt[at:at] = spoilt[at : at + rng.randint(1, 200)]
            case 3:
                spoilt[at:at] = rng.randbytes(rng.randint(1, 20))
            case 4 if rng.random() < 0.3:
                del spoilt[at:]
    return bytes(spoilt)


def _documents() -> st.SearchStrategy[bytes]:
    """Word documents, spoilt from outside and, more often, within."""
    whole = write_docx(
        "The minister left.\n\nHe said that the talks failed .", (Change(Span(4, 12), "envoy"),), Revisions("x", _AT)
    )

    def spoil(number: int) -> bytes:
        rng = random.Random(number)
        if rng.random() < 0.3:
            return _spoil(whole, rng)
        out = io.BytesIO()
        with zipfile.ZipFile(io.BytesIO(whole)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
            for name in old.namelist():
                if rng.random() > 0.05:
                    new.writestr(name, _spoil(old.read(name), rng) if rng.random() < 0.6 else old.read(name))
        return out.getvalue()

    return st.integers(0, 2**48).map(spoil)


def _archives() -> st.SearchStrategy[tuple[bytes, str]]:
    """Archives of pages and of text, compressed or not, spoilt."""
    wholes: dict[str, bytes] = {}
    for suffix in (".warc", ".warc.gz"):
        out = io.BytesIO()
        writer = WARCWriter(out, gzip=suffix.endswith("gz"))
        writer.write_record(writer.create_warcinfo_record("a", {"software": "fuzz"}))
        page = b"HTTP/1.0 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>He goed to the harbour town.</p>"
        for kind, block, more in (
            ("response", page, {}),
            ("conversion", b"He goed home.\n", {"warc_content_type": "text/plain"}),
        ):
            writer.write_record(
                writer.create_warc_record(
                    "http://example.org/", kind, payload=io.BytesIO(block), length=len(block), **more
                )
            )
        wholes[suffix] = out.getvalue()

    def spoil(number: int) -> tuple[bytes, str]:
        rng = random.Random(number)
        suffix = rng.choice(list(wholes))
        return _spoil(wholes[suffix], rng), suffix

    return st.integers(0, 2**48).map(spoil)


def targets(model_dir: Path) -> list[Target]:
    """All that is fuzzed."""
    tokenizer = Tokenizer(model_dir / "tokenizer.model")
    places = st.lists(st.integers(-3, 400), max_size=20)
    answers = st.lists(st.integers(0, 1 << 20), max_size=30)
    return [
        Target("segmenter", TEXT, _segmenter),
        Target("diff", st.tuples(TEXT, TEXT), _diff),
        Target("offsets", st.tuples(TEXT, st.sampled_from(OffsetUnit), places), _offsets),
        Target("codec", st.tuples(TEXT, TEXT, answers), _codec(tokenizer)),
        Target("markup", TEXT, _markup),
        Target("docx", _documents(), _docx),
        Target("warc", _archives(), _warc),
    ]


@dataclass(slots=True)
class Found:
    """What came of one target."""

    name: str
    tried: int = 0
    refused: int = 0
    seconds: float = 0.0
    crash: str = ""
    broken_by: str = ""


def fuzz(target: Target, seconds: float, first_seed: int) -> Found:
    """Try inputs until the time is over or one of them breaks something."""
    found, started, run = Found(target.name), time.monotonic(), first_seed

    def check(value: Any) -> None:
        found.tried += 1
        try:
            target.check(value)
        except InputError:
            found.refused += 1
        except Exception:
            found.broken_by = repr(value)[:_MOST_SHOWN]  # of the last one, which is the smallest
            raise

    while not found.crash and time.monotonic() - started < seconds:
        trying = settings(
            max_examples=_EXAMPLES, database=None, deadline=None, suppress_health_check=list(HealthCheck),
            phases=[Phase.generate, Phase.shrink],
        )(seed(run)(given(target.inputs)(check)))  # fmt: skip
        try:
            trying()
        except Exception:
            found.crash = traceback.format_exc()
        run += 1
    found.seconds = round(time.monotonic() - started, 1)
    return found


def main(
    seconds: Annotated[float, typer.Option(min=0.1, max=36000, help="Time for each target.")] = 60.0,
    only: Annotated[str, typer.Option(help="Targets, with commas; all by default.")] = "",
    model_dir: Annotated[Path, typer.Option(help="Folder of the shipped network.")] = _ROOT / "models" / "repair-en",
    first_seed: Annotated[int, typer.Option("--seed", help="Of the first run.")] = 1,
    out: Annotated[Path, typer.Option(help="Where the figures go.")] = _ROOT / "build" / "fuzz.json",
) -> None:
    """Fuzz the readers."""
    wanted = {name for name in only.split(",") if name}
    results = [fuzz(t, seconds, first_seed) for t in targets(model_dir) if not wanted or t.name in wanted]
    rows = [
        {
            "target": r.name,
            "tried": r.tried,
            "refused": r.refused,
            "seconds": r.seconds,
            "crash": r.crash,
            "broken_by": r.broken_by,
        }
        for r in results
    ]
    report = {**provenance(), "arguments": {"seconds": seconds, "seed": first_seed}, "targets": rows}
    write_whole(out, orjson.dumps(report, option=orjson.OPT_INDENT_2))
    typer.echo("| target | inputs tried | refused | seconds | crashes |\n|---|---|---|---|---|")
    for r in results:
        typer.echo(f"| {r.name} | {r.tried} | {r.refused} | {r.seconds} | {int(bool(r.crash))} |")
        if r.crash:
            typer.echo(f"{r.crash}\nbroken by: {r.broken_by}", err=True)
    if any(r.crash for r in results):
        raise typer.Exit(1)


if __name__ == "__main__":
    typer.run(main)
