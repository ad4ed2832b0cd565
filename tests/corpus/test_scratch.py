from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from app.corpus.scratch import scratch_folder

_OWNER = """\
import sys
from app.corpus.scratch import scratch_folder

with scratch_folder() as folder:
    (folder / "part").write_text("text")
    print(folder, flush=True)
    sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)  # where it looked before
    return tmp_path


@contextmanager
def owner() -> Iterator[tuple[subprocess.Popen[str], Path]]:
    """A process that has such a folder, and the folder."""
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", _OWNER], stdin=pipe, stdout=pipe, text=True) as process:
        assert process.stdout is not None
        yield process, Path(process.stdout.readline().strip())


def test_a_folder_is_gone_with_its_block(temporary: Path) -> None:
    with scratch_folder() as folder, scratch_folder() as other:
        (folder / "part").write_text("text")
        assert sorted(temporary.iterdir()) == sorted([folder, other])
    assert list(temporary.iterdir()) == []


def test_that_of_a_process_that_was_killed_goes_with_the_next_and_no_other_does(temporary: Path) -> None:
    kept = [temporary / name for name in ("mt-repair-notes", "mt-repair-notes.scratch", "other.scratch")]
    for folder in kept:
        folder.mkdir()
        (folder / "part").touch()
    with owner() as (killed, stale), owner() as (_, alive):
        killed.kill()
        killed.wait()
        assert (stale / "part").exists()
        with scratch_folder() as mine:
            assert sorted(temporary.iterdir()) == sorted([*kept, alive, mine])
            assert (alive / "part").read_text() == "text"
    assert sorted(temporary.iterdir()) == sorted(kept)
