from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import jsonschema
import pyarrow as pa
import pytest

from app.core.errors import InputError, ResourceError
from app.core.types import RepairOptions
from app.corpus.batch import BatchRepairer
from app.corpus.manifest import Identity, Job
from app.corpus.outcome import FailOn
from app.corpus.report import build_report, compare, read_baseline, write_report
from app.corpus.run import Result, Spec
from app.corpus.surfaces import ANNOTATIONS, to_github, to_gitlab, to_junit, to_sarif
from app.corpus.tally import SAMPLES, Place, Tally
from app.formats.base import Wanted
from tests.corpus.building import build

# From the npm package @microsoft/jest-sarif 1.0.0-beta.0 (MIT), white space removed.
SCHEMA = json.loads((Path(__file__).parent / "data/sarif-2.1.0-rtm.5.json").read_text())
TEXTS = ["He goed home.\nShe goed too, <b>50% & more</b>: a, b.", "Fine.", "RAISE"]


def make_result(texts: list[str], *, in_file: bool = True) -> Result:
    _, outcomes = BatchRepairer(build())(pa.RecordBatch.from_pydict({"text": texts}))
    tally = Tally()
    for i, outcome in enumerate(outcomes):
        place = Place("docs/a b.txt", i + 1, 10 * i + 1, texts[i] if in_file else None)
        tally.add(outcome, place, low_below=0.5, most_findings=5000)
    tally.keep_worst(5000)
    spec = Spec(("docs",), None, Job(Wanted(), RepairOptions()), build)
    identity = Identity("0.1.0", "words@1", "ab" * 32, "2026-11")
    result = Result(spec, tally=tally, identity=identity, files=1, names=["docs/a b.txt"], wall_s=2.0)
    result.quarantined = [{"file": "docs/c.txt", "unit": None, "reason": "docs/c.txt: gone", "tries": 1}]
    return result


@pytest.mark.parametrize("in_file", [True, False])
@pytest.mark.parametrize("texts", [TEXTS, ["Fine."]])
def test_sarif_is_valid(texts: list[str], in_file: bool) -> None:
    log = json.loads(json.dumps(to_sarif(make_result(texts, in_file=in_file))))
    jsonschema.validators.validator_for(SCHEMA)(SCHEMA).validate(log)
    (run,) = log["runs"]
    assert run["invocations"][0]["executionSuccessful"] is False


def test_a_sarif_result_stands_at_its_place_and_can_be_applied() -> None:
    result = to_sarif(make_result(TEXTS))["runs"][0]["results"][0]
    place = result["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "docs/a%20b.txt"
    assert result["fixes"][0]["artifactChanges"][0]["replacements"][0]["insertedContent"] == {"text": "went"}
    lines = TEXTS[0].split("\n")
    region = place["region"]
    assert lines[region["startLine"] - 1][region["startColumn"] - 1 : region["endColumn"] - 1] == "goed"


def test_a_place_inside_a_row_is_not_claimed() -> None:
    result = to_sarif(make_result(TEXTS, in_file=False))["runs"][0]["results"][0]
    assert "startColumn" not in result["locations"][0]["physicalLocation"]["region"]
    assert "fixes" not in result


def test_fingerprints_survive_moved_lines() -> None:
    first = make_result(TEXTS)
    moved = make_result(TEXTS)
    moved.tally.findings = [replace(f, line=f.line + 7, end_line=f.end_line + 7) for f in moved.tally.findings]
    prints = [[r["partialFingerprints"] for r in to_sarif(one)["runs"][0]["results"]] for one in (first, moved)]
    assert prints[0] == prints[1]
    assert len({p["mtRepair/v1"] for p in prints[0]}) == 2


def test_annotations_are_capped_escaped_and_point_to_the_rest() -> None:
    result = make_result(["He goed home, 50% late.\nThen:"] * (ANNOTATIONS + 5))
    lines = to_github(result, "report/")
    assert lines[0] == "::error title=mt-repair,file=docs/c.txt::docs/c.txt: given up: gone"
    warnings = [line for line in lines if line.startswith(("::warning ", "::notice file"))]
    assert len(warnings) == ANNOTATIONS
    assert warnings[0].startswith("::warning file=docs/a b.txt,line=1,col=4,endLine=1,endColumn=8,title=MTR_MODEL")
    assert lines[-1] == "::notice title=mt-repair::5 more edits: report/"
    assert all("\n" not in line for line in lines)


def test_gitlab_tells_equal_findings_apart() -> None:
    entries = to_gitlab(make_result(["He goed home."] * 3))
    assert len({entry["fingerprint"] for entry in entries}) == 3
    assert set(entries[0]) == {"description", "check_name", "fingerprint", "severity", "location"}
    assert entries[0]["location"] == {"path": "docs/a b.txt", "lines": {"begin": 1}}


def test_junit_has_a_case_a_file_and_no_forbidden_character() -> None:
    result = make_result(["He goed \x07home."])
    root = ET.fromstring(to_junit(result))
    suite = root[0]
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("2", "1", "1")
    assert "MTR_MODEL_GRAMMAR" in (suite[0][0].text or "")


def test_the_report_counts_what_was_done() -> None:
    report = build_report(make_result(TEXTS), FailOn.NONE)
    assert report["exit_code"] == 3
    assert report["rows"] == {"done": 3, "changed": 1, "without_text": 0, "failed": 1, "repeated": 0}
    assert report["edits"]["by_kind"] == {"grammar": 2}
    assert sum(report["edits"]["confidence_histogram"]) == 2
    assert report["versions"]["model_sha256"] == "ab" * 32
    assert report["problems"] == ["docs/a b.txt, line 21: the repair failed: ValueError"]


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.data: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.data.append(data)


def test_the_page_shows_deletions_before_insertions_and_escapes_the_text(tmp_path: Path) -> None:
    report = build_report(make_result(TEXTS), FailOn.NONE)
    report["comparison"] = compare(report, report)
    write_report(report, str(tmp_path))
    page = (tmp_path / "report.html").read_text()
    assert "<del>goed</del><ins>went</ins>" in page
    assert "&lt;b&gt;50% &amp; more" in page
    tags = Tags()
    tags.feed(page)
    assert "script" not in tags.tags
    assert "b" not in tags.tags
    assert json.loads((tmp_path / "report.json").read_text())["sentences"] == report["sentences"]
    assert "| grammar | 2 |" in (tmp_path / "report.md").read_text()


def test_a_sample_in_markdown_keeps_its_blanks(tmp_path: Path) -> None:
    report = build_report(make_result(TEXTS), FailOn.NONE)
    edits = [{"start": 3, "end": 7, "text": ""}, {"start": 12, "end": 12, "text": " so\n"}]
    report["samples"] = [report["samples"][0] | {"text": "The the end | is here.", "edits": edits}]
    write_report(report, str(tmp_path))
    expected = "| The<del> the</del> end <ins> so </ins>\\| is here. |"
    assert expected in (tmp_path / "report.md").read_text()


def test_a_report_fits_a_narrow_screen(tmp_path: Path) -> None:
    browser = pytest.importorskip("app.evaluation.browser", reason="playwright is not installed")
    try:
        browser.find_chromium()
    except ResourceError as exc:
        pytest.skip(str(exc))
    result = make_result(TEXTS)
    result.tally.glossary_applied["a-rather-long-entry-of-a-glossary"] = 1
    write_report(build_report(result, FailOn.NONE), str(tmp_path))
    with browser.running_browser() as chromium:
        page = chromium.new_page(viewport={"width": 360, "height": 740})
        page.goto((tmp_path / "report.html").as_uri())
        assert page.evaluate("document.documentElement.scrollWidth") == 360


def test_a_sentence_that_comes_again_is_sampled_once_with_its_count() -> None:
    whole = make_result([f"He goed to house {i % 60}." for i in range(180)]).tally
    assert len(whole.samples) == SAMPLES
    assert {sample["count"] for sample in whole.samples} == {3}
    assert len({sample["text"] for sample in whole.samples}) == SAMPLES
    parts = [make_result([f"He goed to house {i % 60}." for i in range(first, 180, 4)]).tally for first in range(4)]
    merged = Tally()
    for part in parts:
        merged.merge(part)
    assert [(s["key"], s["count"]) for s in merged.samples] == [(s["key"], s["count"]) for s in whole.samples]


def test_a_baseline_is_an_earlier_report(tmp_path: Path) -> None:
    report = build_report(make_result(TEXTS), FailOn.NONE)
    write_report(report, str(tmp_path))
    earlier = read_baseline(tmp_path / "report.json")
    later = build_report(make_result(["Fine."] * 3), FailOn.NONE, earlier)
    assert later["comparison"]["changed_share"] == [report["sentences"]["changed_share"], 0.0]
    (tmp_path / "other.json").write_text("[]")
    for name in ("nowhere.json", "other.json"):
        with pytest.raises(InputError):
            read_baseline(tmp_path / name)


def test_tallies_add_up_in_any_order() -> None:
    parts = [make_result([text] * 3).tally for text in TEXTS]

    def merged(order: list[Tally]) -> dict[str, Any]:
        total = Tally()
        for part in order:
            total.merge(Tally.from_json(json.loads(json.dumps(part.to_json()))), most_findings=5000)
        return total.to_json() | {"problems": []}

    assert merged(parts) == merged(parts[::-1])
    assert merged(parts)["rows"] == 9


def test_the_least_sure_findings_are_kept_and_seldom_sorted(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [f"She {'very ' * (i % 5)}goed {i}." for i in range(100)]
    _, outcomes = BatchRepairer(build())(pa.RecordBatch.from_pydict({"text": texts}))
    tally, all_of_them = Tally(), Tally()
    cuts: list[int] = []
    keep = Tally.keep_worst

    def keep_worst(self: Tally, most: int) -> None:
        cuts.append(most)
        keep(self, most)

    monkeypatch.setattr(Tally, "keep_worst", keep_worst)
    for i, outcome in enumerate(outcomes):
        tally.add(outcome, Place("a.txt", i + 1, i + 1), most_findings=10)
        all_of_them.add(outcome, Place("a.txt", i + 1, i + 1), most_findings=1000)
        assert len(tally.findings) <= 20
    tally.keep_worst(10)
    assert tally.findings == sorted(all_of_them.findings)[:10]
    assert len(cuts) <= 10
