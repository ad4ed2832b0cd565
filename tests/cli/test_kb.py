"""``kb``: a base from the user's own data, all of it or nothing, and a look into it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from app.cli.kb import Kind, SourceFormat
from app.names.readers import Format
from app.names.store import EntityKind, EntityStore
from tests.cli.conftest import Run

ROWS = [
    {"id": "Q1", "type": "person", "name": "Ingeborg Tallgren", "country": "NO", "roles": ["minister of harbours"]},
    {"id": "O1", "type": "agency", "name": "Bridge Inspection Board", "country": "NO"},
]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "names.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in ROWS), "utf-8")
    return path


@pytest.fixture
def kb(run: Run, tmp_path: Path, source: Path) -> Path:
    assert run("kb", "build", tmp_path / "kb", source).exit_code == 0
    return tmp_path / "kb"


def test_a_base_is_built_and_looked_into(run: Run, kb: Path) -> None:
    found = run("kb", "search", "--kb", kb, "ingeb")
    assert found.stdout == "Q1\tperson\tIngeborg Tallgren\tNO\tminister of harbours\n"
    assert json.loads(run("kb", "search", "--kb", kb, "--json", "bridge").stdout)[0]["id"] == "O1"
    assert json.loads(run("kb", "get", "--kb", kb, "Q1").stdout)["roles"] == [{"title": "minister of harbours"}]
    info = json.loads(run("kb", "info", "--kb", kb).stdout)
    assert info["entities"] == 2
    assert info["version"] == info["layers"][0]["version"]


def test_the_base_of_the_settings_is_the_default(run: Run, kb: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MT_REPAIR_NAMES_DIR", str(kb))
    assert run("kb", "get", "Q1").exit_code == 0


def test_a_search_can_keep_to_a_kind(run: Run, kb: Path) -> None:
    assert run("kb", "search", "--kb", kb, "--kind", "place", "bridge").stdout == ""


def test_what_is_not_there_is_said_so(run: Run, kb: Path, tmp_path: Path) -> None:
    result = run("kb", "get", "--kb", kb, "Q404")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "Q404: no entity has this id" in result.stderr
    assert "no knowledge base here" in run("kb", "info", "--kb", tmp_path / "absent").stderr


def test_a_broken_row_builds_nothing_unless_it_may_be_skipped(run: Run, kb: Path, tmp_path: Path) -> None:
    version = EntityStore.open(kb).version
    broken = tmp_path / "broken.jsonl"
    broken.write_text('{"id": "Q2", "type": "person", "name": "Ann Berg"}\n{"id": "Q3"\n', "utf-8")
    refused = run("kb", "build", kb, broken)
    assert refused.exit_code == 2
    assert f"{broken}:2: not JSON" in refused.stderr
    assert "nothing was built" in refused.stderr
    assert EntityStore.open(kb).version == version
    skipped = run("kb", "build", kb, broken, "--on-error", "skip")
    assert skipped.exit_code == 0
    assert "1 entities, 0 removals, 1 rows left out" in skipped.stderr
    assert [e.id for e in EntityStore.open(kb)] == ["Q2"]


def test_a_source_that_is_not_what_its_suffix_says_is_named(run: Run, tmp_path: Path) -> None:
    source = tmp_path / "a.csv.gz"
    source.write_text("id,name,type\n")
    refused = run("kb", "build", tmp_path / "kb", source)
    assert refused.exit_code == 2
    assert "a.csv.gz:1: no header that can be read (Not a gzipped file" in refused.stderr


def test_many_broken_rows_are_counted_not_all_printed(run: Run, tmp_path: Path) -> None:
    broken = tmp_path / "broken.jsonl"
    broken.write_text("{\n" * 70, "utf-8")
    result = run("kb", "build", tmp_path / "kb", broken)
    assert len(result.stderr.splitlines()) == 52
    assert "and 20 more" in result.stderr
    assert not (tmp_path / "kb").exists()


def test_an_overlay_adds_and_removes(run: Run, kb: Path, tmp_path: Path) -> None:
    ours = tmp_path / "ours.csv"
    ours.write_text("id,type,name,removed\nO1,,,true\nX1,company,Tallgren Shipping,\n", "utf-8")
    assert run("kb", "build", tmp_path / "overlay", ours, "--name", "ours").exit_code == 0
    lines = run("kb", "search", "--kb", kb, "--overlay", tmp_path / "overlay", "tallgren").stdout.splitlines()
    assert {line.split("\t")[0] for line in lines} == {"Q1", "X1"}
    assert run("kb", "get", "--kb", kb, "--overlay", tmp_path / "overlay", "O1").exit_code == 2


def test_a_dump_is_filtered_by_class_and_sitelinks(run: Run, tmp_path: Path) -> None:
    def item(q: str, cls: str, links: int) -> str:
        claim = {"mainsnak": {"snaktype": "value", "datavalue": {"value": {"id": cls}}}, "rank": "normal"}
        sites = {f"w{i}": {"title": q} for i in range(links)}
        label = {"en": {"value": f"Name of {q}"}}
        return json.dumps({"type": "item", "id": q, "labels": label, "claims": {"P31": [claim]}, "sitelinks": sites})

    dump = tmp_path / "dump.json"
    dump.write_text("[\n" + ",\n".join([item("Q1", "Q5", 9), item("Q2", "Q5", 2), item("Q3", "Q777", 9)]) + "\n]\n")
    assert run("kb", "build", tmp_path / "kb", dump, "--min-sitelinks", 3).exit_code == 0
    assert {e.id for e in EntityStore.open(tmp_path / "kb")} == {"Q1"}
    chosen = ("--class", "Q777=place:lighthouse", "--only-classes")
    assert run("kb", "build", tmp_path / "kb", dump, *chosen).exit_code == 0
    assert [(e.id, e.kind, e.type) for e in EntityStore.open(tmp_path / "kb")] == [
        ("Q3", EntityKind.PLACE, "lighthouse")
    ]


@pytest.mark.parametrize("given", ["Q5", "Q5=planet", "X5=person", "Q=person"])
def test_a_class_that_cannot_be_read_is_named(run: Run, tmp_path: Path, source: Path, given: str) -> None:
    result = run("kb", "build", tmp_path / "kb", source, "--class", given)
    assert result.exit_code == 2
    assert f"--class {given}: write it as" in result.stderr


def test_sources_without_a_row_build_nothing(run: Run, tmp_path: Path) -> None:
    empty = tmp_path / "empty.jsonl"
    empty.write_text("")
    assert "nothing was built" in run("kb", "build", tmp_path / "kb", empty).stderr


def test_a_folder_of_other_files_takes_no_base(run: Run, source: Path, tmp_path: Path) -> None:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    (corpus / "a.txt").write_text("A line.\n")
    result = run("kb", "build", corpus, source)
    assert result.exit_code == 2
    assert "holds other files and no knowledge base" in result.stderr
    assert [p.name for p in corpus.iterdir()] == ["a.txt"]
    assert "holds other files" in run("kb", "build", tmp_path, source).stderr  # the source itself stands there
    assert source.is_file()


def test_a_first_build_that_was_cut_off_can_be_made_again(run: Run, source: Path, tmp_path: Path) -> None:
    (tmp_path / "kb" / ".building-x").mkdir(parents=True)
    (tmp_path / "kb" / "0123456789ab").mkdir()  # its data, without the manifest
    assert run("kb", "build", tmp_path / "kb", source).exit_code == 0


def test_the_choices_of_the_command_are_those_of_the_base() -> None:
    assert [k.value for k in Kind] == [k.value for k in EntityKind]
    assert [f.value for f in SourceFormat] == [f.value for f in Format]
