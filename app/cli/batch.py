"""Sub-commands on corpora: ``run`` and ``check``."""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli.terminal import say, say_error
from app.core.errors import InputError
from app.core.rule_ids import ids_to_disable
from app.core.types import FurnitureMode, GlossaryEntry, Mode, ProtectOptions, RepairOptions, Scope
from app.corpus.outcome import ExitCode, FailOn
from app.corpus.scratch import scratch_folder

if TYPE_CHECKING:
    from app.core.repairer import Repairer
    from app.corpus.manifest import Job
    from app.corpus.run import Result, Spec, Watcher

STREAM = "-"
_INPUT, _OUTPUT, _REPAIR = "Input", "Output", "What is repaired"
_SCALE, _CI = "Long runs", "CI: reports, gates and exit code"


class InputFormat(StrEnum):
    """The format of the input."""

    AUTO = "auto"
    JSONL = "jsonl"
    PARQUET = "parquet"
    CSV = "csv"
    CSV_SEMICOLON = "csv-semicolon"
    TSV = "tsv"
    TXT = "txt"
    MD = "md"
    HTML = "html"
    WARC = "warc"


class OutputFormat(StrEnum):
    """The format of the output."""

    SAME = "same"
    JSONL = "jsonl"
    PARQUET = "parquet"


class Furniture(StrEnum):
    """What to do with page furniture."""

    AUTO = "auto"
    KEEP = "keep"
    FLAG = "flag"
    REMOVE = "remove"


Inputs = Annotated[
    list[str],
    typer.Argument(
        metavar="INPUT…", help="Files, folders, patterns or URLs (s3://…); .gz and .zst too; - reads standard input."
    ),
]
Field = Annotated[str, typer.Option(help="Column or member with the text.", rich_help_panel=_INPUT)]
Format = Annotated[InputFormat, typer.Option("--format", help="By suffix, or this one.", rich_help_panel=_INPUT)]
Extractor = Annotated[
    str,
    typer.Option(help="Takes the text out of a web page: trafilatura, or module:function.", rich_help_panel=_INPUT),
]
MaxChars = Annotated[int, typer.Option(min=1, help="Longer texts are left alone.", rich_help_panel=_INPUT)]
ModeOption = Annotated[Mode, typer.Option(help="How far a repair may go.", rich_help_panel=_REPAIR)]
MinConfidence = Annotated[
    float | None,
    typer.Option(min=0, max=1, help="Least confidence of an edit; the mode's own by default.", rich_help_panel=_REPAIR),
]
ScopeOption = Annotated[
    list[Scope] | None, typer.Option(help="Repair only these; may be repeated.", rich_help_panel=_REPAIR)
]
ProtectQuotes = Annotated[
    bool, typer.Option("--protect-quotes", help="Leave direct quotations alone.", rich_help_panel=_REPAIR)
]
Pattern = Annotated[
    list[str] | None,
    typer.Option(help="Leave what matches alone (RE2 syntax); may be repeated.", rich_help_panel=_REPAIR),
]
Glossary = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Terms that must be used.", rich_help_panel=_REPAIR)
]
FurnitureOption = Annotated[
    Furniture,
    typer.Option(help="Share lines and the like; auto removes them from web archives.", rich_help_panel=_REPAIR),
]
Disable = Annotated[
    list[str] | None,
    typer.Option(metavar="RULE", help="Rule to switch off; may be repeated.", rich_help_panel=_REPAIR),
]
Workers = Annotated[int, typer.Option(min=0, help="Processes; 0 takes all cores.", rich_help_panel=_SCALE)]
UnitMb = Annotated[float, typer.Option(min=0.001, help="Content of one unit of work, in MB.", rich_help_panel=_SCALE)]
MaxTries = Annotated[int, typer.Option(min=1, help="Tries before a unit is given up.", rich_help_panel=_SCALE)]
StallS = Annotated[
    float, typer.Option(min=1, help="A worker silent for so many seconds is replaced.", rich_help_panel=_SCALE)
]
Report = Annotated[
    str | None, typer.Option(metavar="DIR", help="Write report.json, .md and .html here.", rich_help_panel=_CI)
]
FailOnOption = Annotated[FailOn, typer.Option(help="Least finding that ends with exit code 1.", rich_help_panel=_CI)]
NoExit = Annotated[bool, typer.Option("--no-exit", help="End with 0 where it would be 1.", rich_help_panel=_CI)]
Low = Annotated[
    float, typer.Option(min=0, max=1, help="A sentence less sure than this is doubtful.", rich_help_panel=_CI)
]
Sarif = Annotated[Path | None, typer.Option(metavar="FILE", help="Findings as SARIF 2.1.0.", rich_help_panel=_CI)]
Gitlab = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Findings as GitLab code quality.", rich_help_panel=_CI)
]
Junit = Annotated[Path | None, typer.Option(metavar="FILE", help="Findings as JUnit XML.", rich_help_panel=_CI)]
Github = Annotated[
    bool, typer.Option("--github", help="Annotate lines in GitHub Actions, and its summary.", rich_help_panel=_CI)
]
Baseline = Annotated[
    Path | None, typer.Option(metavar="REPORT.JSON", help="An earlier report to compare with.", rich_help_panel=_CI)
]
MaxDrift = Annotated[
    float | None,
    typer.Option(min=1, help="Most changes, as a multiple of the baseline's share; else exit 4.", rich_help_panel=_CI),
]
MaxChanged = Annotated[
    float | None,
    typer.Option(min=0, max=1, help="Most sentences changed, as a share; else exit 4.", rich_help_panel=_CI),
]
Control = Annotated[
    list[str] | None,
    typer.Option(metavar="INPUT", help="Text that needs no repair, to measure harm on.", rich_help_panel=_CI),
]
MaxHarm = Annotated[
    float | None,
    typer.Option(min=0, max=1, help="Most control sentences changed, as a share; else exit 4.", rich_help_panel=_CI),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress, no summary; only what was given up.")]


def run(
    inputs: Inputs,
    output: Annotated[
        str | None,
        typer.Option(
            "--output",
            "-o",
            metavar="DIR|FILE|-",
            help="Folder, file or - for standard output.",
            rich_help_panel=_OUTPUT,
        ),
    ] = None,
    to: Annotated[
        OutputFormat, typer.Option(help="Format of the output.", rich_help_panel=_OUTPUT)
    ] = OutputFormat.SAME,
    in_place_field: Annotated[
        bool,
        typer.Option("--in-place-field", help="Replace the field; add no columns.", rich_help_panel=_OUTPUT),
    ] = False,
    write_back: Annotated[
        bool, typer.Option("--write-back", help="Write each file in its own place.", rich_help_panel=_OUTPUT)
    ] = False,
    hashes: Annotated[
        bool,
        typer.Option("--hashes", help="Add hashes that find equal and nearly equal rows.", rich_help_panel=_OUTPUT),
    ] = False,
    conversions_only: Annotated[
        bool,
        typer.Option(
            "--conversions-only", help="Of a web archive, leave the original records out.", rich_help_panel=_OUTPUT
        ),
    ] = False,
    field: Field = "text",
    format: Format = InputFormat.AUTO,
    extractor: Extractor = "trafilatura",
    max_chars: MaxChars = 1_000_000,
    mode: ModeOption = Mode.MINIMAL,
    min_confidence: MinConfidence = None,
    scope: ScopeOption = None,
    protect_quotes: ProtectQuotes = False,
    pattern: Pattern = None,
    glossary: Glossary = None,
    furniture: FurnitureOption = Furniture.AUTO,
    disable: Disable = None,
    workers: Workers = 0,
    unit_mb: UnitMb = 1.0,
    shard: Annotated[
        str, typer.Option(metavar="I/N", help="Do part I of N, from 0/N on.", rich_help_panel=_SCALE)
    ] = "0/1",
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on where an earlier run broke off.", rich_help_panel=_SCALE)
    ] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Forget an earlier run.", rich_help_panel=_SCALE)
    ] = False,
    plan_only: Annotated[
        bool, typer.Option("--plan-only", help="Write the manifest for the shards, and stop.", rich_help_panel=_SCALE)
    ] = False,
    max_tries: MaxTries = 3,
    stall_s: StallS = 600.0,
    grace_s: Annotated[
        float, typer.Option(min=0, help="Seconds for units under way after SIGTERM.", rich_help_panel=_SCALE)
    ] = 30.0,
    report: Report = None,
    fail_on: FailOnOption = FailOn.NONE,
    no_exit: NoExit = False,
    low: Low = 0.5,
    sarif: Sarif = None,
    gitlab: Gitlab = None,
    junit: Junit = None,
    github: Github = False,
    baseline: Baseline = None,
    max_drift: MaxDrift = None,
    max_changed: MaxChanged = None,
    control: Control = None,
    max_harm: MaxHarm = None,
    quiet: Quiet = False,
) -> None:
    """Repair a corpus: any number of files, on all cores, and again with --resume after whatever happened.

    Rows keep their columns and order; repaired text, status, confidence, edits, model and reason are added.

    Exit codes: 0 done; 1 findings (--fail-on); 2 wrong usage or a failure; 3 finished, but some units or rows could not
    be repaired; 4 a quality gate failed; 130 interrupted, --resume goes on.

    A folder of any of the formats: mt-repair run corpus/ -o clean/ --report report/

    JSON Lines to Parquet: mt-repair run pages/ --field body --to parquet -o clean/ --report report/

    What it would change, first: mt-repair check pages/ --field body
    """
    if write_back == (output is not None):
        raise typer.BadParameter("say where the output goes: either --output or --write-back")
    _check_gates(max_harm, control, max_drift, baseline)
    surfaces = _Surfaces(report, sarif, gitlab, junit, github, quiet)
    options = _options(mode, min_confidence, scope, protect_quotes, pattern, glossary, furniture, disable)
    job = _job(options, field, extractor, max_chars, unit_mb, low, surfaces, furniture)
    job = _with_output(job, to, in_place_field, conversions_only, hashes)
    with scratch_folder() as scratch:
        spec = _spec(inputs, output, job, format, workers, max_tries, stall_s, scratch)
        spec = _replace(
            spec,
            shard=_shard(shard),
            resume=resume,
            overwrite=overwrite,
            write_back=write_back,
            grace_s=grace_s,
            plan_only=plan_only,
            control=tuple(control or ()),
        )
        _carry_out(spec, surfaces, fail_on, no_exit, baseline, max_drift, max_changed, max_harm)


def check(
    inputs: Inputs,
    field: Field = "text",
    format: Format = InputFormat.AUTO,
    extractor: Extractor = "trafilatura",
    max_chars: MaxChars = 1_000_000,
    mode: ModeOption = Mode.MINIMAL,
    min_confidence: MinConfidence = None,
    scope: ScopeOption = None,
    protect_quotes: ProtectQuotes = False,
    pattern: Pattern = None,
    glossary: Glossary = None,
    furniture: FurnitureOption = Furniture.AUTO,
    disable: Disable = None,
    workers: Workers = 0,
    unit_mb: UnitMb = 1.0,
    max_tries: MaxTries = 3,
    stall_s: StallS = 600.0,
    report: Report = None,
    fail_on: FailOnOption = FailOn.CHANGE,
    no_exit: NoExit = False,
    low: Low = 0.5,
    sarif: Sarif = None,
    gitlab: Gitlab = None,
    junit: Junit = None,
    github: Github = False,
    baseline: Baseline = None,
    max_drift: MaxDrift = None,
    max_changed: MaxChanged = None,
    control: Control = None,
    max_harm: MaxHarm = None,
    quiet: Quiet = False,
) -> None:
    """Say what a repair would change, and change nothing.

    Prints a line for each edit, FILE:LINE:COLUMN; of very many, the least sure. Exit codes as of run, 1 for an edit.
    """
    _check_gates(max_harm, control, max_drift, baseline)
    surfaces = _Surfaces(report, sarif, gitlab, junit, github, quiet, lines=True)
    options = _options(mode, min_confidence, scope, protect_quotes, pattern, glossary, furniture, disable)
    job = _job(options, field, extractor, max_chars, unit_mb, low, surfaces, furniture)
    with scratch_folder() as scratch:
        spec = _spec(inputs, None, job, format, workers, max_tries, stall_s, scratch)
        spec = _replace(spec, control=tuple(control or ()))
        _carry_out(spec, surfaces, fail_on, no_exit, baseline, max_drift, max_changed, max_harm)


def register(cli: typer.Typer) -> None:
    """Add the sub-commands."""
    cli.command("run")(run)
    cli.command("check")(check)


class _Surfaces:
    """Where findings are shown."""

    def __init__(
        self,
        report: str | None,
        sarif: Path | None,
        gitlab: Path | None,
        junit: Path | None,
        github: bool,
        quiet: bool,
        *,
        lines: bool = False,
    ) -> None:
        self.report, self.sarif, self.gitlab, self.junit = report, sarif, gitlab, junit
        self.github, self.quiet, self.lines = github, quiet, lines

    @property
    def most_findings(self) -> int:
        """How many findings have to be kept."""
        from app.corpus.surfaces import ANNOTATIONS, SARIF_RESULTS

        if self.sarif or self.gitlab or self.junit:
            return SARIF_RESULTS
        return ANNOTATIONS * 4 if self.github or self.lines else 0

    def show(self, result: Result, fail_on: FailOn, baseline: dict[str, Any] | None) -> None:
        """Write and print whatever was asked for."""
        import orjson

        from app.corpus.report import build_report, relative, write_report
        from app.corpus.surfaces import ANNOTATIONS, message, to_github, to_gitlab, to_junit, to_sarif

        report = build_report(result, fail_on, baseline)
        if self.report:
            write_report(report, self.report)
        for path, content in (
            (self.sarif, lambda: orjson.dumps(to_sarif(result), option=orjson.OPT_INDENT_2)),
            (self.gitlab, lambda: orjson.dumps(to_gitlab(result), option=orjson.OPT_INDENT_2)),
            (self.junit, lambda: to_junit(result)),
        ):
            if path is not None:
                _write(path, content)
        if self.lines and not self.github:
            for finding in sorted(result.tally.findings[: ANNOTATIONS * 4], key=lambda f: (f.file, f.line, f.column)):
                place = f"{relative(finding.file)}:{finding.line}:{finding.column}"
                print(f"{place}: {finding.rule} {message(finding)} ({finding.confidence:.2f})")
        if self.github:
            for line in to_github(result, self.report or "run again with --report DIR"):
                print(line)
            self._summarise(report)
        if not self.quiet:
            say(summary(report))
            if result.spec.output not in (None, STREAM) and result.outputs:
                say(f"written: {result.spec.output}")
            if self.report:
                say(f"report: {self.report.rstrip('/')}/report.html")

    def _summarise(self, report: dict[str, Any]) -> None:
        """Add the Markdown report to the summary of a GitHub job."""
        target = os.environ.get("GITHUB_STEP_SUMMARY")
        if not target:
            return
        import tempfile

        from app.corpus.report import write_report

        with tempfile.TemporaryDirectory() as folder:
            write_report(report, folder)
            text = (Path(folder) / "report.md").read_text()
        with open(target, "a", encoding="utf-8") as file:
            file.write(text)


def summary(report: dict[str, Any]) -> str:
    """What a run came to, in one line."""
    s, rows = report["sentences"], report["rows"]
    failed = f", {rows['failed']:,} rows not repaired" if rows["failed"] else ""
    gone = f", {len(report['quarantined']):,} units given up" if report["quarantined"] else ""
    return (
        f"{rows['changed']:,} of {rows['done']:,} rows changed, {report['edits']['total']:,} edits in "
        f"{s['total']:,} sentences{failed}{gone}; {report['speed']['sentences_per_s']:,} sentences/s"
    )


def _write(path: Path, content: Callable[[], bytes]) -> None:
    from app.formats.storage import write_whole

    with write_whole(str(path.absolute())) as file:
        file.write(content())


def _check_gates(
    max_harm: float | None, control: list[str] | None, max_drift: float | None, baseline: Path | None
) -> None:
    """Refuse a gate without what it measures against."""
    if (max_harm is None) != (not control):
        raise typer.BadParameter("--max-harm and --control go together")
    if max_drift is not None and baseline is None:
        raise typer.BadParameter("--max-drift needs a --baseline")


def _options(
    mode: Mode,
    min_confidence: float | None,
    scope: list[Scope] | None,
    protect_quotes: bool,
    pattern: list[str] | None,
    glossary: Path | None,
    furniture: Furniture,
    disable: list[str] | None,
) -> RepairOptions:
    return RepairOptions(
        mode=mode,
        min_confidence=min_confidence,
        scope=frozenset(scope) if scope else frozenset(Scope),
        protect=ProtectOptions(quotes=protect_quotes, patterns=tuple(pattern or ())),
        glossary=_read_glossary(glossary) if glossary else (),
        furniture=FurnitureMode.FLAG if furniture is Furniture.AUTO else FurnitureMode(furniture.value),
        disabled_rules=ids_to_disable(disable or ()),
    )


def _read_glossary(path: Path) -> tuple[GlossaryEntry, ...]:
    from app.names.glossary import read_glossary

    return tuple(read_glossary(path))


def _job(
    options: RepairOptions,
    field: str,
    extractor: str,
    max_chars: int,
    unit_mb: float,
    low: float,
    surfaces: _Surfaces,
    furniture: Furniture,
) -> Job:
    _need_extra()
    from app.corpus.manifest import Job
    from app.formats.base import Wanted

    return Job(
        Wanted(field=field, extractor=extractor),
        options,
        unit_bytes=int(unit_mb * 1_000_000),
        max_chars=max_chars,
        low_below=low,
        most_findings=surfaces.most_findings,
        furniture_by_format=furniture is Furniture.AUTO,
    )


def _with_output(job: Job, to: OutputFormat, in_place: bool, conversions_only: bool, hashes: bool) -> Job:
    wanted = _replace(job.wanted, in_place=in_place, keep_originals=not conversions_only, hashes=hashes)
    changed: Job = _replace(job, wanted=wanted, output_format=to.value)
    return changed


def _replace(value: Any, **changes: Any) -> Any:
    import dataclasses

    return dataclasses.replace(value, **changes)


def _spec(
    inputs: list[str],
    output: str | None,
    job: Job,
    format: InputFormat,
    workers: int,
    max_tries: int,
    stall_s: float,
    scratch: Path,
) -> Spec:
    from app.corpus.run import Spec

    return Spec(
        inputs=tuple(inputs),
        output=output,
        job=job,
        build=_builder(scratch / "proposals.sqlite"),
        format=format.value,
        workers=workers or len(os.sched_getaffinity(0)),
        max_tries=max_tries,
        stall_s=stall_s,
    )


def _builder(cache: Path) -> Callable[[], Repairer]:
    """What each worker builds: one thread each is fastest, and what the network proposed is shared between them."""
    from app.settings import Settings
    from app.wiring import build_repairer

    settings = Settings()
    if settings.threads == 0:
        settings = settings.model_copy(update={"threads": 1})
    return functools.partial(build_repairer, settings, shared_cache=cache)


def _need_extra() -> None:
    try:
        import pyarrow  # noqa: F401
    except ImportError as exc:
        raise InputError(f"{exc.name} is missing; corpora need: pip install 'mt-repair[corpus]'") from exc


def _shard(text: str) -> tuple[int, int]:
    index, _, shards = text.partition("/")
    if not (index.isdecimal() and shards.isdecimal() and int(index) < int(shards)):
        raise typer.BadParameter(f"--shard {text}: give it as I/N with I from 0 to N-1, such as 0/8")
    return int(index), int(shards)


def _carry_out(
    spec: Spec,
    surfaces: _Surfaces,
    fail_on: FailOn,
    no_exit: bool,
    baseline: Path | None,
    max_drift: float | None,
    max_changed: float | None,
    max_harm: float | None,
) -> None:
    from app.corpus.gate import Gate
    from app.corpus.report import read_baseline
    from app.corpus.run import run, run_stream

    earlier = read_baseline(baseline) if baseline is not None else None
    changed = earlier["sentences"]["changed_share"] if earlier is not None else None
    spec = _replace(spec, gate=Gate(max_harm, max_changed, changed, max_drift))
    with _watcher(surfaces.quiet) as watcher:
        if STREAM in spec.inputs:
            if len(spec.inputs) > 1 or spec.output not in (None, STREAM) or spec.write_back:
                raise typer.BadParameter("standard input goes to standard output alone")
            if spec.shard != (0, 1) or spec.plan_only or spec.resume:
                raise typer.BadParameter("standard input is read once: --shard, --plan-only and --resume need files")
            result = run_stream(spec, sys.stdin.buffer, sys.stdout.buffer, watcher)
        elif spec.output == STREAM:
            raise typer.BadParameter("standard output takes standard input alone; give --output a file or folder")
        else:
            result = run(spec, watcher)
    if spec.plan_only:
        say(f"{result.files:,} files, {result.units:,} units, {result.rows_planned:,} rows")
        return
    surfaces.show(result, fail_on, earlier)
    if result.gate is not None:
        say_error(f"{result.gate}; stopped with exit code 4")
    for line in result.tally.problems[:10]:
        say_error(line)
    if result.interrupted:
        say_error(f"interrupted; {result.way_on}")
    code = result.exit_code(fail_on)
    if code is ExitCode.FINDINGS and no_exit:
        code = ExitCode.DONE
    if code is not ExitCode.DONE:
        raise typer.Exit(int(code))


@contextmanager
def _watcher(quiet: bool) -> Iterator[Watcher]:
    """A progress bar on a terminal; in CI and in pipes only lines that matter; of a quiet run what was given up."""
    if quiet:
        yield _Warnings()
    elif sys.stderr.isatty() and not os.environ.get("CI"):
        from app.cli.progress import Bar

        with Bar() as bar:
            yield bar
    else:
        yield _Lines()


class _Lines:
    """Only what a log should keep."""

    def begin(self, what: str, total: int) -> None:
        """Nothing: a log has no use for it."""

    def advance(self, done: int, sentences: int) -> None:
        """Nothing: a log has no use for it."""

    def note(self, line: str) -> None:
        """Something was skipped, or goes another way than it was ordered."""
        say_error(line)

    def warn(self, line: str) -> None:
        """Something was given up."""
        say_error(line)


class _Warnings(_Lines):
    """Only what explains the exit code."""

    def note(self, line: str) -> None:
        """Nothing: a quiet run tells nothing else."""
