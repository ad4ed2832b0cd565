"""Take the pictures of the editors' page in docs/screenshots, of the shipped example and the service as it is shipped.

Run ``python scripts/screenshots.py``, then look at every one of them.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
from playwright.sync_api import Browser, Page

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from app.evaluation.browser import bring, running_browser, wait_until_repaired
from app.evaluation.load import running_service

_ROOT = Path(__file__).resolve().parent.parent
_WIDE, _PHONE = (1120, 720), (360, 740)


def main(
    out: Annotated[Path, typer.Option(help="Folder of the pictures.")] = _ROOT / "docs" / "screenshots",
) -> None:
    """Go through the page as an editor does, and take a picture of each state."""
    text = (_ROOT / "examples/garbled-article.txt").read_text(encoding="utf-8")
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        database = {"MT_REPAIR_DATABASE_URL": f"sqlite:///{folder}/documents.sqlite3"}
        with running_service(database) as service, running_browser() as browser:

            def take(name: str, scheme: str, size: tuple[int, int], act: Callable[[Page], None]) -> None:
                _take(browser, service.url, out / f"{name}-{scheme}.png", scheme, size, act)

            for scheme in ("light", "dark"):
                take("start", scheme, _WIDE, _start)
                take("inline", scheme, _WIDE, lambda page: _open(page, text))
                take("side-by-side", scheme, _WIDE, lambda page: _side(page, text))
            take("clean", "light", _WIDE, lambda page: _view(page, text, "clean"))
            take("keys", "light", _WIDE, lambda page: _keys(page, text))
            take("by-hand", "light", _WIDE, lambda page: _by_hand(page, text))
            take("phone-top", "dark", _PHONE, lambda page: _open(page, text))
            take("phone", "dark", _PHONE, lambda page: _phone(page, text))
            take("all-decided", "light", _WIDE, lambda page: _decide_all(page, text))
            take("saved", "light", _WIDE, _saved)
            take("remembered", "light", _WIDE, lambda page: _visit(page, "/dismissals"))
            take("statistics", "light", _WIDE, lambda page: _visit(page, "/stats"))


def _take(
    browser: Browser, url: str, path: Path, scheme: str, size: tuple[int, int], act: Callable[[Page], None]
) -> None:
    context = browser.new_context(
        base_url=url, viewport={"width": size[0], "height": size[1]}, reduced_motion="reduce",
        color_scheme="dark" if scheme == "dark" else "light",
    )  # fmt: skip
    page = context.new_page()
    act(page)
    page.wait_for_load_state("networkidle")
    page.screenshot(path=path)
    context.close()


def _visit(page: Page, path: str) -> None:
    page.goto(path)


def _start(page: Page) -> None:
    page.goto("/")


def _saved(page: Page) -> None:
    page.goto("/")
    page.locator("#saved").evaluate("heading => heading.scrollIntoView()")


def _open(page: Page, text: str) -> None:
    """Open the saved article; the first time, bring it."""
    page.goto("/")
    saved = page.locator("table.list a")
    if saved.count():
        saved.first.click()
    else:
        bring(page, text)
    wait_until_repaired(page)


def _view(page: Page, text: str, view: str) -> None:
    _open(page, text)
    page.click(f"button[data-view={view}]")


def _side(page: Page, text: str) -> None:
    _view(page, text, "side")


def _keys(page: Page, text: str) -> None:
    _open(page, text)
    page.keyboard.press("?")


def _by_hand(page: Page, text: str) -> None:
    _open(page, text)
    page.keyboard.press("e")


def _phone(page: Page, text: str) -> None:
    _open(page, text)
    page.keyboard.press("j")
    page.keyboard.press("j")


def _decide_all(page: Page, text: str) -> None:
    """Reject one with its reason, dismiss one, accept the rest."""
    _open(page, text)
    page.keyboard.press("r")
    page.click(".why button:has-text('taste')")
    page.keyboard.press("d")
    page.click(".ask button:has-text('in this project')")
    page.click("#bulk summary")
    page.fill("#above", "0")
    page.click("#accept-above")
    page.wait_for_selector("body[data-pending='0']")
    page.click("button[data-show=decided]")


if __name__ == "__main__":
    typer.run(main)
