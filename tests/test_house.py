"""The house: imports point downwards, and what is light stays light."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic.fields import FieldInfo

from app.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
CORE = {"app.core", "app"}
# What a part may import of the others, wherever in the file. Front doors meet at the wiring and the settings.
ALLOWED: dict[str, set[str]] = {
    "app.core": CORE,
    "app.settings": set(),
    "app.telemetry": CORE,
    "app.names": CORE | {"app.names"},
    "app.formats": CORE | {"app.formats"},
    "app.seq2seq": CORE | {"app.seq2seq"},
    "app.store": CORE | {"app.store", "app.settings"},
    "app.serving": CORE | {"app.serving"},
    "app.tracing": CORE | {"app.serving"},
    "app.wiring": CORE | {"app.settings", "app.tracing", "app.names", "app.formats", "app.seq2seq", "app.serving"},
    "app.web": CORE
    | {"app.web", "app.api", "app.store", "app.formats", "app.settings", "app.telemetry", "app.serving"},
    "app.api": CORE
    | {"app.api", "app.settings", "app.telemetry", "app.tracing", "app.wiring", "app.names", "app.serving"}
    | {"app.store", "app.web", "app.formats"},
}


def part_of(module: str) -> str:
    return ".".join(module.split(".")[:2])


def imports_of(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"app.{a.name}" for a in node.names) if node.module == "app" else (node.module,)


@pytest.mark.parametrize("part", ALLOWED)
def test_imports_point_downwards(part: str) -> None:
    place = ROOT / part.replace(".", "/")
    paths = list(place.rglob("*.py")) if place.is_dir() else [place.with_suffix(".py")]
    assert paths
    wrong = {
        f"{path.relative_to(ROOT)} imports {module}"
        for path in paths
        for module in imports_of(path)
        if module.partition(".")[0] == "app" and module != "app.__version__" and part_of(module) not in ALLOWED[part]
    }
    assert not wrong


MODULES = sorted(
    str(path.relative_to(ROOT).with_suffix("")).replace("/", ".").removesuffix(".__init__")
    for path in (ROOT / "app").rglob("*.py")
    if "migrations" not in path.parts  # run by Alembic, in a context of its own
)
HEAVY = (
    "torch",
    "transformers",
    "tensorflow",
    "jax",
    "ctranslate2",
    "fastapi",
    "starlette",
    "typer",
    "pydantic_settings",
)


def run(program: str, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env=os.environ | environment,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_core_imports_nothing_of_the_product_outside_it() -> None:
    core = [module for module in MODULES if part_of(module) == "app.core"]
    assert len(core) > 10
    program = (
        f"import sys, importlib; [importlib.import_module(m) for m in {core!r}];"
        f"print([m for m in {HEAVY!r} if m in sys.modules],"
        "[m for m in sys.modules if m.startswith('app.') and not m.startswith('app.core')])"
    )
    assert run(program) == "[] []\n"


def test_every_part_of_the_product_has_its_place() -> None:
    parts = {part_of(module) for module in MODULES} - {"app", "app.core"}
    front_doors = {"app.api", "app.web", "app.cli", "app.corpus", "app.adapters", "app.evaluation"}
    for part in parts - front_doors - set(ALLOWED):
        raise AssertionError(f"say in ALLOWED what {part} may import")


@pytest.mark.parametrize("part", ["app.core.repairer", "app.core.diff_forms", "app.settings", "app.wiring"])
def test_the_core_needs_neither_the_service_nor_a_network(part: str) -> None:
    heavy = ("torch", "transformers", "fastapi", "ctranslate2", "typer")
    assert run(f"import sys, {part}; print([m for m in {heavy!r} if m in sys.modules])") == "[]\n"


# What the extra for corpora brings; the service does without.
CORPUS_ONLY = ("pyarrow", "fsspec", "trafilatura", "warcio")


def test_the_service_takes_files_with_markup_without_the_extra_for_corpora() -> None:
    program = (
        f"import sys; sys.modules.update(dict.fromkeys({CORPUS_ONLY!r}))\n"  # None: there is no such module
        "from app.api.job_files import read_file, write_file\n"
        "for kind, text in (('text/html', '<p>a</p>'), ('text/markdown', 'a *b*')):\n"
        "    file = read_file(kind, text.encode())\n"
        "    print(file.source.strip(), write_file(file, (), None)[1].decode())"
    )
    assert run(program) == "a <p>a</p>\na b a *b*\n"


# What watches what importing a module does: settings that no one could read, and the doors to models and the network.
WATCH = """
import os, socket, sys, threading
opened = []
def hook(event, args):
    if event == "open" and isinstance(args[0], str) and os.path.abspath(args[0]).startswith({models!r}):
        opened.append(args[0])
    if event in ("socket.connect", "subprocess.Popen"):
        opened.append(event)
sys.addaudithook(hook)
import importlib, importlib.util
for module in {modules!r}:
    try:
        importlib.import_module(module)
    except ModuleNotFoundError as exc:  # of an extra that is not installed
        if exc.name.startswith("app"):
            raise
print(opened, [t.name for t in threading.enumerate() if not t.daemon and t is not threading.main_thread()])
"""


def test_importing_any_module_reads_no_setting_and_starts_nothing() -> None:
    wrong = {f"MT_REPAIR_{name.upper()}": "\u0001 no value" for name in Settings.model_fields}
    # third parties may warn; what counts here is what our modules do
    program = "import warnings; warnings.simplefilter('ignore')\n" + WATCH.format(
        modules=MODULES, models=f"{ROOT}/models/"
    )
    assert run(program, **wrong) == "[] []\n"


@pytest.mark.parametrize(("name", "field"), Settings.model_fields.items(), ids=Settings.model_fields)
def test_every_setting_says_what_it_is_for(name: str, field: FieldInfo) -> None:
    assert field.description
    assert field.description.endswith(".")
    if name.endswith(("_s", "_ms")):
        assert "second" in field.description
