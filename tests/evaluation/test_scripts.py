"""The two mains, run over small files with a fake product."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import orjson
import pytest
import typer

from app.evaluation import speed
from tests.evaluation.fakes import ReplacingRepairer

ROOT = Path(__file__).resolve().parent.parent.parent


def load_script(name: str, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script as a module, its product replaced."""
    wiring = ModuleType("app.wiring")
    wiring.build_repairer = lambda settings: ReplacingRepairer({"go": "goes"})  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "app.wiring", wiring)
    spec = importlib.util.spec_from_file_location(f"script_{name}", ROOT / "scripts" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setattr(sys, "path", [*sys.path])
    spec.loader.exec_module(module)
    return module


def write_pairs(path: Path) -> Path:
    rows = [
        {"id": str(i), "mt": f"He go to room {i}.", "ref": f"He goes to room {i}.", "lang": "et"} for i in range(60)
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"".join(orjson.dumps(r) + b"\n" for r in rows))
    return path


def test_evaluate_prints_and_stores_what_it_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    script = load_script("evaluate", monkeypatch)
    pairs, out, rows = write_pairs(tmp_path / "pairs.jsonl"), tmp_path / "out" / "r.json", tmp_path / "rows.jsonl"
    script.main(data=tmp_path, file=[pairs], limit=10, out=out, rows=rows)
    stored = orjson.loads(out.read_bytes())
    (result,) = stored["results"]
    assert result["set"] == "pairs[10]"
    assert result["edit_precision"] == 1.0
    assert result["groups"][-1]["scores"]["ter"]["delta"] < 0
    assert {"packages", "revision", "machine", "settings", "options", "bootstrap", "signatures"} <= set(stored)
    printed = capsys.readouterr().out
    assert "do nothing" in printed
    assert "violations (must be 0)" in printed
    lines = [orjson.loads(line) for line in rows.read_bytes().splitlines()]
    assert len(lines) == 10
    assert lines[0]["edits"][0] | {"confidence": 0} == {
        "original": "go", "text": "goes", "kind": "grammar", "origin": "model", "rule": "MTR_X", "confidence": 0,
        "verdict": "right",
    }  # fmt: skip
    assert [p.name for p in out.parent.iterdir() if p.is_file()] == ["r.json"]


def test_a_final_set_needs_the_flag_and_leaves_no_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = load_script("evaluate", monkeypatch)
    final = write_pairs(tmp_path / "pe-test20.jsonl")
    out, rows = tmp_path / "r.json", tmp_path / "rows.jsonl"
    with pytest.raises(typer.BadParameter, match="--final"):
        script.main(data=tmp_path, file=[final], out=out, rows=rows)
    monkeypatch.setattr(script, "FINAL_SETS", ("pe-test20",))
    monkeypatch.setattr(
        script, "load_set", lambda name, data, final: script.load_file(data / f"{name}.jsonl", final=final)
    )
    script.main(data=tmp_path, sets=[], final=True, out=out, rows=rows)
    assert orjson.loads(out.read_bytes())["results"][0]["edit_count"] == 60
    assert rows.read_bytes() == b""


def test_a_missing_set_names_the_option(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(typer.BadParameter, match="--data"):
        load_script("evaluate", monkeypatch).main(data=tmp_path, sets=["pe-dev"], out=tmp_path / "r.json")


def test_bench_reports_every_contender_and_the_service(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    script = load_script("bench", monkeypatch)
    pairs = write_pairs(tmp_path / "mt" / "pe-dev.jsonl")
    pairs.rename(tmp_path / "mt" / "pairs.jsonl")
    monkeypatch.setattr(script, "load_set", lambda name, data: script_load(tmp_path / "mt" / "pairs.jsonl"))
    monkeypatch.setattr(speed, "harper", lambda: speed.Contender("other", speed.void))
    monkeypatch.setattr(
        speed, "repair_network", lambda folder, batch, prune=True: speed.Contender(f"plain {batch} {prune}", speed.void)
    )
    latency = speed.Latency(3, 0.01, 0.02)
    figures = speed.ServiceFigures(1.5, latency, latency, 2**20, 2**21)
    monkeypatch.setattr(speed, "measure_service", lambda *args: figures)
    script.main(data=tmp_path, count=20, rounds=2, out=tmp_path / "bench.json")
    stored = orjson.loads((tmp_path / "bench.json").read_bytes())
    whole = "mt-repair, whole product"
    names = [
        f"{whole}, a page at a time",
        f"{whole}, many pages at once",
        "other",
        "plain 32 True",
        "plain 1 True",
        "plain 1 False",
    ]
    assert [t["name"] for t in stored["throughput"]] == names
    assert stored["settings"]["cache_sentences"] == 0
    assert stored["service"]["ready_s"] == 1.5
    text = (tmp_path / "bench.md").read_text()
    assert text.strip() == capsys.readouterr().out.strip()
    assert "20 machine translations" in text
    assert "1.50 s" in text


def script_load(path: Path) -> object:
    from app.evaluation.data import load_file

    return load_file(path)
