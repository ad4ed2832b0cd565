"""Write the table of settings in docs/operations.md from app/settings.py, between its two markers."""

from __future__ import annotations

import sys
from enum import Enum
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from app.settings import Settings

PAGE = Path(__file__).resolve().parent.parent / "docs" / "operations.md"
START, END = "<!-- settings -->\n", "<!-- end of settings -->\n"


def settings_table() -> str:
    """Every setting with its variable, default and meaning, in Markdown."""
    rows = ["| variable | default | meaning |", "|---|---|---|"]
    for name, field in Settings.model_fields.items():
        default = field.default
        if isinstance(default, Enum):
            default = default.value
        elif isinstance(default, Path):
            default = default.relative_to(PAGE.parent.parent)
        shown = f"`{default}`" if default not in ("", None) else "none"
        rows.append(f"| `MT_REPAIR_{name.upper()}` | {shown} | {field.description} |")
    return "\n".join(rows) + "\n"


def with_settings(page: str) -> str:
    """The page with a fresh table.

    Raises:
        ValueError: A marker is missing.
    """
    head, _, rest = page.partition(START)
    _, found, tail = rest.partition(END)
    if not found:
        raise ValueError(f"no {START.strip()} … {END.strip()} in the page; put the markers back")
    return f"{head}{START}{settings_table()}{END}{tail}"


def main() -> None:
    """Rewrite the page where it differs."""
    page = PAGE.read_text(encoding="utf-8")
    if (fresh := with_settings(page)) != page:
        PAGE.write_text(fresh, encoding="utf-8")


if __name__ == "__main__":
    main()
