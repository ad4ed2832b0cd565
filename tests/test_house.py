"""The house: imports point downwards, and what is light stays light."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

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
    "app.wiring": CORE | {"app.settings", "app.names", "app.formats", "app.seq2seq"},
    "app.api": CORE | {"app.api", "app.settings", "app.telemetry", "app.wiring", "app.names", "app.web"},
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


@pytest.mark.parametrize("part", ["app.core.repairer", "app.core.diff_forms", "app.settings", "app.wiring"])
def test_the_core_needs_neither_the_service_nor_a_network(part: str) -> None:
    program = (
        f"import sys, {part};"
        "print([m for m in ('torch', 'transformers', 'fastapi', 'ctranslate2', 'typer') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_importing_reads_no_setting() -> None:
    program = "import os; os.environ['MT_REPAIR_THREADS'] = 'many'; import app.wiring, app.cli.main, app.api.main"
    subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
