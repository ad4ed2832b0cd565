"""``repair`` and ``diff``: text in, corrected text out, and the file system left tidy."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from app.cli.documents import describe, write_atomically
from app.core.diff import Change
from app.core.errors import InputError
from app.core.types import Span
from tests.cli.conftest import Run

GARBLED = "The the minister has spoken to the the press about the plan.\r\nIt costs 3.5 million , he said.\n"
SOUND = "The minister has spoken to the press about the plan.\r\nIt costs 3.5 million, he said.\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "article.txt"
    path.write_bytes(GARBLED.encode())
    return path


def test_the_corrected_text_alone_goes_to_standard_output(run: Run, file: Path) -> None:
    result = run("repair", file)
    assert (result.exit_code, result.stdout_bytes, result.stderr) == (0, SOUND.encode(), "")
    assert file.read_bytes() == GARBLED.encode()


def test_standard_input_is_a_file_like_any_other(run: Run) -> None:
    assert run("repair", "-", text=GARBLED.encode()).stdout_bytes == SOUND.encode()


def test_the_diff_stays_out_of_a_text_on_standard_output(run: Run, file: Path) -> None:
    result = run("repair", file, "--diff", "inline")
    assert result.stdout_bytes == SOUND.encode()
    assert "million[- -], he" in result.stderr
    assert "3 edits in 2 of 2 sentences" in result.stderr


def test_with_an_output_file_standard_output_holds_the_diff(run: Run, file: Path, tmp_path: Path) -> None:
    result = run("repair", file, "--diff", "unified", "--output", tmp_path / "out.txt")
    assert (tmp_path / "out.txt").read_bytes() == SOUND.encode()
    assert result.stdout.startswith(f"--- {file}\n+++ {file}\n@@ -1,2 +1,2 @@\n")


def test_a_diff_as_a_page_is_a_whole_page(run: Run, file: Path, tmp_path: Path) -> None:
    page = run("repair", file, "--diff", "html", "-o", tmp_path / "out.txt").stdout
    assert page.startswith("<!doctype html>")
    assert "<del> </del>" in page
    assert page.rstrip().endswith("</html>")


def test_each_edit_in_a_line_says_where_what_and_why(run: Run, file: Path, tmp_path: Path) -> None:
    lines = run("repair", file, "--diff", "edits", "-o", tmp_path / "out.txt").stdout.splitlines()
    assert len(lines) == 3
    assert lines[2].startswith("2:21: ' ' -> '' MTR_SPACE_BEFORE_PUNCTUATION")


def test_in_place_replaces_the_file_and_keeps_its_permissions(run: Run, file: Path) -> None:
    file.chmod(0o640)
    assert run("repair", "--in-place", file).stdout == ""
    assert file.read_bytes() == SOUND.encode()
    assert file.stat().st_mode & 0o777 == 0o640
    assert [p.name for p in file.parent.iterdir()] == [file.name]


def test_in_place_through_a_link_changes_the_target_and_keeps_the_link(run: Run, file: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.txt"
    link.symlink_to(file)
    run("repair", "--in-place", link)
    assert link.is_symlink()
    assert file.read_bytes() == SOUND.encode()


def test_a_pipe_is_written_into_and_stays_one(run: Run, file: Path, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    end = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        assert run("repair", file, "-o", pipe).exit_code == 0
        assert os.read(end, 10_000) == SOUND.encode()
    finally:
        os.close(end)
    assert pipe.is_fifo()


def test_standard_output_can_be_named_as_a_device(file: Path) -> None:
    command = [sys.executable, "-m", "app.cli.main", "repair", str(file), "-o", "/dev/stdout"]
    environment = {**os.environ, "MT_REPAIR_GENERATOR": "echo"}
    assert subprocess.run(command, capture_output=True, env=environment, check=True).stdout == SOUND.encode()


def test_a_write_that_fails_leaves_the_old_file_and_no_other(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(InputError, match="No space left"):
        write_atomically(file, "new")
    assert file.read_bytes() == GARBLED.encode()
    assert [p.name for p in file.parent.iterdir()] == [file.name]


def test_json_is_the_answer_of_the_service(run: Run, file: Path) -> None:
    answer = json.loads(run("repair", file, "--json").stdout)
    assert answer["text"] == SOUND
    assert answer["status"] == "repaired"
    assert {e["rule"] for e in answer["edits"]} == {"MTR_REPEATED_WORD", "MTR_SPACE_BEFORE_PUNCTUATION"}
    assert answer["model"]["name"] == "echo"
    text = GARBLED
    for edit in reversed(answer["edits"]):
        assert text[edit["start"] : edit["end"]] == edit["original"]
        text = text[: edit["start"]] + edit["replacement"] + text[edit["end"] :]
    assert text == SOUND


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--scope", "punctuation"], GARBLED.replace("million ,", "million,")),
        (["--disable", "MTR_REPEATED_WORD"], GARBLED.replace("million ,", "million,")),
        (["--mode", "names_only"], GARBLED),
        (["--mode", "detect_only"], GARBLED),
        (["--min-confidence", "1"], GARBLED),
        (["--pattern", "(?i)the the"], GARBLED.replace("million ,", "million,")),
    ],
)
def test_options_reach_the_engine(run: Run, file: Path, options: list[str], expected: str) -> None:
    assert run("repair", file, *options).stdout_bytes.decode() == expected


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("MTR_REPEATED_WORDS", "there is no rule MTR_REPEATED_WORDS, did you mean MTR_REPEATED_WORD"),
        ("loop", "there is no rule loop, did you mean MTR_LOOP"),
        ("QQQQQQQQQ", "there is no rule QQQQQQQQQ; `mt-repair rules` lists them"),
    ],
)
def test_a_rule_that_there_is_not_is_named_with_those_like_it(run: Run, file: Path, rule: str, said: str) -> None:
    result = run("repair", file, "--disable", "MTR_LOOP", "--disable", rule)
    assert (result.exit_code, result.stdout) == (2, "")
    assert said in result.stderr


def test_a_glossary_is_applied(run: Run, file: Path, tmp_path: Path) -> None:
    terms = tmp_path / "terms.csv"
    terms.write_text("source,target\nminister,Secretary\n")
    assert run("repair", file, "--glossary", terms).stdout.startswith("The Secretary has")


def test_quotations_are_left_alone_when_asked(run: Run) -> None:
    text = 'He said: "We have have seen the the plan and we like it."\n'
    assert run("repair", "-", text=text).stdout != text
    assert run("repair", "-", "--protect-quotes", text=text).stdout == text


def test_furniture_is_removed_when_asked(run: Run) -> None:
    text = "The minister has spoken to the press.\n\nShare this on Facebook\n"
    assert run("repair", "-", text=text).stdout == text
    assert "Facebook" not in run("repair", "-", "--furniture", "remove", text=text).stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["repair", "missing.txt"], "missing.txt cannot be read: No such file or directory; give a text file"),
        (["repair", "latin.txt"], "latin.txt is not UTF-8 (line 2, byte 7); convert it first, such as: iconv -f"),
        (["repair", "wide.txt"], "wide.txt is not UTF-8 but UTF-16; convert it first, such as: iconv -f UTF-16"),
        (["repair", "a.docx"], "a.docx is no text but a ZIP archive, such as a Word document; save it as plain text"),
        (["repair", "a.bin"], "a.bin is no text: there are NUL bytes in it"),
        (["repair", "ok.txt", "-o", "no/such/folder/x"], "cannot be written: No such file or directory"),
        (["repair", "ok.txt", "--pattern", "("], "pattern"),
    ],
)
def test_an_error_is_one_line_with_the_remedy(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "latin.txt").write_bytes("caf\ncaf\xe9".encode("latin-1"))
    (tmp_path / "wide.txt").write_bytes("Café.".encode("utf-16"))
    with zipfile.ZipFile(tmp_path / "a.docx", "w") as archive:
        archive.writestr("word/document.xml", "é" * 100)
    (tmp_path / "a.bin").write_bytes(b"\0\xff")
    (tmp_path / "ok.txt").write_text("Fine.\n")
    result = run(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("mt-repair: ")
    assert said in result.stderr
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ["repair"],
        ["repair", "-", "--mode", "wild"],
        ["repair", "-", "--min-confidence", "2"],
        ["repair", "-", "--in-place"],
        ["repair", "-", "--json", "--diff", "inline"],
        ["diff", "-", "-"],
        ["mend"],
    ],
)
def test_wrong_usage_is_exit_code_2(run: Run, arguments: list[str]) -> None:
    assert run(*arguments, text="Fine.\n").exit_code == 2


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ("inline", "He [-go-]{+goes+} home.\n"),
        ("unified", "@@ -1 +1 @@\n-He go home.\n+He goes home.\n"),
        ("edits", "1:4: 'go' -> 'goes'\n"),
    ],
)
def test_two_files_are_compared(run: Run, tmp_path: Path, form: str, expected: str) -> None:
    (tmp_path / "a").write_text("He go home.\n")
    (tmp_path / "b").write_text("He goes home.\n")
    result = run("diff", tmp_path / "a", tmp_path / "b", "--diff", form)
    assert result.exit_code == 0
    assert result.stdout.endswith(expected)


def test_lines_and_columns_count_from_one() -> None:
    assert describe(Change(Span(5, 6), "x"), "ab\ncdef") == "2:3: 'e' -> 'x'"
