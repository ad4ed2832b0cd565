from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.settings import Settings
from tests.web.serving import Process

pytest.importorskip("playwright", reason="playwright is not installed")
from app.evaluation.browser import long_text, measure_page, running_browser

CHROMIUM = any(map(shutil.which, ("chromium", "chromium-browser", "google-chrome")))


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Process]:
    running = Process(Settings(database_url=f"sqlite:///{tmp_path}/documents.sqlite3"))
    yield running
    running.kill()


def test_a_long_text_has_the_words_wanted_and_its_sentences_in_order() -> None:
    text = long_text(["One two.", "Three four five.", "Six."], 20)
    assert len(text.split()) >= 20
    assert text.startswith("One two. Three four five. Six. One two. Three four five.\n\nSix.")


@pytest.mark.skipif(not CHROMIUM, reason="Chromium is not installed")
def test_every_figure_of_the_page_is_measured(service: Process) -> None:
    text = long_text(["He has went to a apple.", "All is well there."], 2500)
    with running_browser() as browser:
        page = browser.new_page(base_url=service.url, viewport={"width": 1280, "height": 800})
        figures = measure_page(page, text, frames=20, keys=3)
        left = page.inner_text("#count")
    assert figures["sentences"] == text.count(".")
    assert figures["changes"] == text.count("has went") + text.count("a apple")
    assert 0 < figures["repair_first_s"] <= figures["repair_last_s"]
    assert 0 < figures["reload_first_s"] <= figures["reload_last_s"]
    assert figures["nodes"] > figures["sentences"]
    for name in ("script_mb", "tab_resident_mb", "frame_median_ms", "key_median_ms", "accept_many_s"):
        assert figures[name] > 0, name
    assert left.startswith(f"{figures['changes']:.0f} open")  # the generator's confidence is below the bound of "many"
