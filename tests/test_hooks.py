"""The hooks of .pre-commit-hooks.yaml, tried with pre-commit on a repository made for it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("pre_commit", reason="needs the extra 'hooks'")

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENT = os.environ | {
    "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    "MT_REPAIR_GENERATOR": "echo",
    "GIT_AUTHOR_NAME": "A", "GIT_AUTHOR_EMAIL": "a@example.org",
    "GIT_COMMITTER_NAME": "A", "GIT_COMMITTER_EMAIL": "a@example.org",
    "GIT_CONFIG_GLOBAL": os.devnull,
}  # fmt: skip


def do(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    environment = ENVIRONMENT | {"PRE_COMMIT_HOME": str(folder.parent / "pre-commit")}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def make_repository(folder: Path) -> str:
    """Commit what lies in the folder; the commit."""
    for command in (["git", "init", "--quiet"], ["git", "add", "--all"], ["git", "commit", "--quiet", "-m", "first"]):
        done = do(folder, *command)
        assert done.returncode == 0, done.stderr
    return do(folder, "git", "rev-parse", "HEAD").stdout.strip()


@pytest.fixture
def texts(tmp_path: Path) -> Path:
    """A repository of texts that uses both hooks, from a repository that offers them."""
    hooks, texts = tmp_path / "hooks", tmp_path / "texts"
    hooks.mkdir()
    texts.mkdir()
    shutil.copy(ROOT / ".pre-commit-hooks.yaml", hooks)
    revision = make_repository(hooks)
    (texts / "bad.md").write_text("# News\n\nThe the minister has spoken .\n")
    (texts / "good.txt").write_text("The minister has spoken.\n")
    (texts / "code.py").write_text("# The the minister has spoken .\n")
    (texts / ".pre-commit-config.yaml").write_text(
        f"repos:\n- repo: {hooks}\n  rev: {revision}\n  hooks:\n  - id: mt-repair-check\n  - id: mt-repair-fix\n"
    )
    make_repository(texts)
    return texts


def test_the_check_names_the_place_and_changes_nothing(texts: Path) -> None:
    done = do(texts, "pre-commit", "run", "mt-repair-check", "--all-files")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "bad.md:3:" in done.stdout
    assert "good.txt" not in done.stdout
    assert "code.py" not in done.stdout
    assert do(texts, "git", "status", "--porcelain").stdout == ""


def test_the_fix_mends_the_file_and_passes_the_next_time(texts: Path) -> None:
    first = do(texts, "pre-commit", "run", "mt-repair-fix", "--all-files")
    assert first.returncode == 1, first.stdout + first.stderr
    assert (texts / "bad.md").read_text() == "# News\n\nThe minister has spoken.\n"
    assert do(texts, "git", "status", "--porcelain").stdout == " M bad.md\n"
    again = do(texts, "pre-commit", "run", "--all-files")
    assert again.returncode == 0, again.stdout + again.stderr
    assert again.stdout.count("Passed") == 2
