"""The editors' page in a browser: how soon it shows, how smoothly it scrolls, what it takes; and pictures of it."""

from __future__ import annotations

import os
import shutil
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

import psutil
from playwright.sync_api import Browser, Page, sync_playwright

from app.core.errors import ResourceError

WAIT_S: Final = 1800  # longest wait for the last sentence of a document
_PARAGRAPH: Final = 5  # sentences
_SCROLL: Final = """([frames, pixels]) => new Promise((done) => {
  const pane = document.getElementById("text");
  const times = [];
  let last = 0;
  const step = (now) => {
    if (last) times.push(now - last);
    last = now;
    pane.scrollTop += pixels;
    if (times.length < frames) requestAnimationFrame(step); else done(times);
  };
  pane.scrollTop = 0;
  requestAnimationFrame(step);
})"""
_KEY: Final = """async (key) => {
  const from = performance.now();
  document.activeElement.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
  await new Promise((drawn) => requestAnimationFrame(() => setTimeout(drawn)));
  return performance.now() - from;
}"""


def find_chromium() -> str:
    """The browser of the system.

    Raises:
        ResourceError: There is none.
    """
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if found := shutil.which(name):
            return found
    raise ResourceError("Chromium is not installed; on Debian: apt-get install chromium")


@contextmanager
def running_browser() -> Iterator[Browser]:
    """Chromium without a window, until the block is left."""
    arguments = ["--no-sandbox"] if os.getuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=["--disable-gpu", *arguments])
        try:
            yield browser
        finally:
            browser.close()


def bring(page: Page, text: str, keep_days: str = "7") -> None:
    """Paste a text and press Repair."""
    page.goto("/")
    page.select_option("#keep", keep_days)
    page.fill("#text", text)
    page.click("button[type=submit]")


def wait_until_repaired(page: Page) -> None:
    """Return when the last sentence is there."""
    page.wait_for_selector("body[data-ready]", timeout=WAIT_S * 1000)


def long_text(sentences: Sequence[str], words: int) -> str:
    """Paragraphs of at least so many words in all, from sentences in their order, again from the first if need be."""
    lines: list[str] = []
    count = at = 0
    while count < words and sentences:
        part = [sentences[(at + i) % len(sentences)] for i in range(_PARAGRAPH)]
        at += _PARAGRAPH
        lines.append(" ".join(part))
        count += sum(len(sentence.split()) for sentence in part)
    return "\n\n".join(lines) + "\n"


def measure_page(page: Page, text: str, *, frames: int = 300, keys: int = 20) -> dict[str, float]:
    """What an editor meets with a text: seconds, milliseconds and megabytes, as the names say.

    Args:
        page: Of a running service; nothing is open on it.
        text: Brought as a saved document.
        frames: Drawn while scrolling from the top.
        keys: Presses of the key for the next change.
    """
    figures: dict[str, float] = {"words": len(text.split()), "characters": len(text)}

    def first_and_last(name: str, act: Callable[[], object]) -> None:
        started = time.perf_counter()
        act()
        page.wait_for_selector("#text .sentence", timeout=WAIT_S * 1000)
        figures[f"{name}_first_s"] = round(time.perf_counter() - started, 2)
        wait_until_repaired(page)
        figures[f"{name}_last_s"] = round(time.perf_counter() - started, 2)

    page.set_default_timeout(WAIT_S * 1000)
    page.goto("/")
    page.select_option("#keep", "7")
    page.fill("#text", text)
    first_and_last("repair", lambda: page.click("button[type=submit]"))
    figures["sentences"] = page.locator("#text .sentence").count()
    figures["changes"] = page.evaluate("document.getElementById('count').textContent.match(/\\d+/)[0]|0")
    first_and_last("reload", page.reload)
    figures |= _memory(page)
    figures |= _spread("frame", page.evaluate(_SCROLL, [frames, 240]))
    page.focus("#queue .card.current")
    figures |= _spread("key", [page.evaluate(_KEY, "j") for _ in range(keys)])
    page.click("#bulk summary")
    started = time.perf_counter()
    page.click("#accept-above")
    page.wait_for_selector("body[data-pending='0']", timeout=WAIT_S * 1000)
    figures["accept_many_s"] = round(time.perf_counter() - started, 2)
    return figures


def _memory(page: Page) -> dict[str, float]:
    session = page.context.new_cdp_session(page)
    session.send("HeapProfiler.collectGarbage")
    session.send("Performance.enable")
    found: dict[str, Any] = {m["name"]: m["value"] for m in session.send("Performance.getMetrics")["metrics"]}
    resident = [
        one.memory_info().rss for one in psutil.Process().children(recursive=True) if "--type=renderer" in one.cmdline()
    ]
    return {
        "script_mb": round(found["JSHeapUsedSize"] / 1e6, 1),
        "nodes": found["Nodes"],
        "tab_resident_mb": round(max(resident, default=0) / 1e6),
    }


def _spread(name: str, times_ms: Sequence[float]) -> dict[str, float]:
    ordered = sorted(times_ms)
    return {
        f"{name}_median_ms": round(statistics.median(ordered), 1),
        f"{name}_p95_ms": round(ordered[int(0.95 * (len(ordered) - 1))], 1),
        f"{name}_most_ms": round(ordered[-1], 1),
    }
