"""The page in a real browser: Debian's Chromium, driven by Playwright, with the keyboard alone where it can be."""

from __future__ import annotations

import os
import re
import shutil
import time
from collections.abc import Callable, Iterator
from importlib import resources
from pathlib import Path

import pytest

from app.formats.docx import resolve_revisions
from app.settings import Settings
from tests.web.serving import ROOT, Process

pytest.importorskip("playwright", reason="playwright is not installed")
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect, sync_playwright

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")

EXAMPLE = (ROOT / "examples/garbled-article.txt").read_text(encoding="utf-8")
SHORT = "He has went to the the market.\n\nShe bought a apple there. All is well.\n"
HOSTILE = (
    "He has went <script>window.hit=1</script><img src=x onerror=window.hit=1> \"onmouseover='window.hit=1' {{7*7}}."
)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    folder = tmp_path_factory.mktemp("service")
    running = Process(Settings(database_url=f"sqlite:///{folder}/documents.sqlite3"))
    yield running
    running.kill()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    arguments = ["--no-sandbox"] if os.getuid() == 0 else []
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=["--disable-gpu", *arguments])
        yield running
        running.close()


@pytest.fixture
def context(browser: Browser, service: Process) -> Iterator[BrowserContext]:
    made = browser.new_context(base_url=service.url, viewport={"width": 1280, "height": 800}, bypass_csp=False)
    made.set_default_timeout(60_000)
    yield made
    made.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """A page on which nothing may go wrong: no error of a script, no breach of the content policy."""
    opened = context.new_page()
    wrong: list[str] = []
    opened.on("pageerror", lambda error: wrong.append(str(error)))
    opened.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
    opened.on("dialog", lambda dialog: wrong.append(dialog.message))
    yield opened
    assert not wrong


@pytest.fixture
def rough(context: BrowserContext) -> Iterator[Page]:
    """A page that may lose its server: nothing that its script does not catch may come of that."""
    opened = context.new_page()
    wrong: list[str] = []
    opened.on("pageerror", lambda error: wrong.append(str(error)))
    opened.on("dialog", lambda dialog: dialog.accept())
    yield opened
    opened.close()
    assert not wrong


def bring(page: Page, text: str, keep: str = "7") -> None:
    """Paste a text and wait until it is repaired."""
    page.goto("/")
    page.select_option("#keep", keep)
    page.fill("#text", text)
    page.click("button[type=submit]")
    ready(page)


def ready(page: Page) -> None:
    page.wait_for_selector("body[data-ready=done]")


def saved(page: Page) -> None:
    """Wait until the server has acknowledged everything."""
    page.wait_for_selector("body[data-pending='0']")


def until(page: Page, holds: str) -> None:
    """Wait, frame by frame, until an expression is true; the page's content policy forbids Playwright's own way."""
    for _ in range(1000):
        if page.evaluate(f"() => new Promise((done) => requestAnimationFrame(() => done({holds})))"):
            return
    raise AssertionError(f"never: {holds}")


def open_count(page: Page) -> int:
    found = re.match(r"(\d+) open", page.inner_text("#count"))
    assert found
    return int(found[1])


def focused(page: Page) -> str:
    return str(page.evaluate("document.activeElement.id"))


def tab_to(page: Page, selector: str) -> None:
    """Press Tab until an element has the focus."""
    for _ in range(60):
        if page.evaluate("s => document.activeElement.matches(s)", selector):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"no way to {selector} by Tab")


def test_an_editor_works_through_the_example_with_the_keyboard_alone(page: Page, tmp_path: Path) -> None:
    page.goto("/")
    tab_to(page, "#text")
    page.keyboard.insert_text(EXAMPLE)
    tab_to(page, "#keep")
    page.keyboard.press("ArrowDown")
    tab_to(page, "button[type=submit]")
    page.keyboard.press("Enter")
    ready(page)
    total = open_count(page)
    assert total >= 5

    assert focused(page).startswith("c-")  # the worst change has the focus at once
    first = focused(page)
    page.keyboard.press("j")
    second = focused(page)
    assert second != first
    page.keyboard.press("k")
    assert focused(page) == first
    page.keyboard.press("a")
    after = open_count(page)
    assert after < total  # one, or the group that it belongs to
    expect(page.locator("#live")).to_contain_text(f"{after} left")
    third = focused(page)
    assert third not in ("", first)
    rejected = page.locator(f"#{third} h3").text_content()
    assert rejected
    page.keyboard.press("r")
    page.keyboard.press("w")
    page.keyboard.press("Enter")  # wrong name
    page.keyboard.press("e")
    assert focused(page) == "hand"
    page.keyboard.press("Control+a")
    page.keyboard.insert_text("jar of words")  # a, r and j are letters here
    page.keyboard.press("Control+Enter")
    page.keyboard.press("Control+Shift+Enter")
    saved(page)
    left = open_count(page)
    assert left <= total - 4
    page.keyboard.press("u")
    saved(page)
    assert open_count(page) > left
    page.keyboard.press("Control+y")
    saved(page)
    assert open_count(page) == left

    page.reload()
    ready(page)
    assert open_count(page) == left
    expect(page.locator("#text")).to_contain_text("jar of words")
    page.click("button[data-show=decided]")
    expect(page.locator("#queue")).to_contain_text("Rejected by")
    expect(page.locator("#queue")).to_contain_text(rejected)

    page.focus("#export summary")
    page.keyboard.press("Enter")
    tab_to(page, "a[data-form=docx]")
    with page.expect_download() as waiting:
        page.keyboard.press("Enter")
    waiting.value.save_as(tmp_path / "out.docx")
    data = (tmp_path / "out.docx").read_bytes()
    assert "\n".join(resolve_revisions(data, accept=False)) == EXAMPLE
    corrected = "\n".join(resolve_revisions(data, accept=True))
    assert "jar of words" in corrected
    with page.expect_download() as waiting:
        page.click("a[data-form=text]")
    assert Path(waiting.value.path()).read_text(encoding="utf-8") == corrected


def test_an_unsaved_document_survives_a_reload_and_can_be_saved(page: Page) -> None:
    bring(page, SHORT, keep="0")
    page.keyboard.press("a")
    saved(page)
    left = open_count(page)
    page.reload()
    ready(page)
    assert open_count(page) == left
    page.click("#save-now")
    page.wait_for_selector("#unsaved", state="detached")
    ready(page)
    assert open_count(page) == left


def test_keys_are_not_taken_from_someone_who_types_and_can_be_changed_and_switched_off(page: Page) -> None:
    bring(page, SHORT)
    total = open_count(page)
    page.click("#more summary")
    page.fill("#editor", "")
    page.focus("#editor")
    page.keyboard.type("Anna Krag")
    page.keyboard.press("Tab")
    saved(page)
    assert open_count(page) == total
    page.keyboard.press("Escape")
    page.focus("#queue .card.current")
    page.keyboard.press("?")
    expect(page.locator("#help")).to_be_visible()
    page.click("button[aria-label^='Key for Accept and go on']")
    page.keyboard.press("x")
    page.keyboard.press("Escape")
    page.focus("#queue .card.current")
    page.keyboard.press("a")
    assert open_count(page) == total
    page.keyboard.press("x")
    saved(page)
    assert open_count(page) < total
    left = open_count(page)
    page.keyboard.press("Alt+h")
    page.uncheck("#keys-on")
    page.keyboard.press("Escape")
    page.focus("#queue .card.current")
    page.keyboard.press("x")
    assert open_count(page) == left
    page.keyboard.press("Control+z")  # chords stay
    saved(page)
    assert open_count(page) == total


def test_a_key_may_need_shift_and_tab_leaves_it_as_it_is(page: Page) -> None:
    bring(page, SHORT)
    total = open_count(page)
    page.keyboard.press("?")
    accept, reject = "button[aria-label^='Key for Accept and go on']", "button[aria-label^='Key for Reject and go on']"
    page.click(accept)
    page.keyboard.press("Shift+X")
    expect(page.locator(accept)).to_have_text("X")
    page.click(reject)
    expect(page.locator(reject)).to_have_text("Press a key")
    page.keyboard.press("Tab")
    expect(page.locator(reject)).to_have_text("r")
    page.keyboard.press("y")
    expect(page.locator(reject)).to_have_text("r")
    page.keyboard.press("Escape")
    page.focus("#queue .card.current")
    page.keyboard.press("Shift+X")
    saved(page)
    assert open_count(page) < total


def test_another_editors_decision_appears_and_a_conflict_is_shown(page: Page, browser: Browser) -> None:
    bring(page, SHORT)
    other = browser.new_context(base_url=page.url.rsplit("/documents", 1)[0]).new_page()
    other.goto(page.url)
    ready(other)
    target = focused(page).removeprefix("c-")
    page.evaluate(
        "Object.defineProperty(document, 'hidden', { get: () => true, configurable: true })"
    )  # it learns nothing for now
    other.focus(f"#c-{target}")
    other.keyboard.press("a")
    saved(other)
    page.keyboard.press("r")
    expect(page.locator("#conflicts .conflict")).to_contain_text("accepted")
    page.evaluate("Object.defineProperty(document, 'hidden', { get: () => false, configurable: true })")
    page.click("text=Take mine")
    saved(page)
    other.click("button[data-show=decided]")
    expect(other.locator("#queue")).to_contain_text("Rejected by", timeout=20_000)
    other.context.close()


def test_a_conflict_on_a_group_is_one_and_is_taken_as_one(page: Page, browser: Browser) -> None:
    bring(page, "He said “ we go ” today.")
    other = browser.new_context(base_url=page.url.rsplit("/documents", 1)[0]).new_page()
    other.goto(page.url)
    ready(other)
    page.evaluate("Object.defineProperty(document, 'hidden', { get: () => true, configurable: true })")
    other.keyboard.press("a")
    saved(other)
    page.keyboard.press("r")
    saved(page)
    notice = page.locator("#conflicts .conflict")
    expect(notice).to_have_count(1)
    expect(notice).to_contain_text(
        "accepted: between “ and we, ␣ to nothing; between go and ”, ␣ to nothing. You wanted: rejected."
    )
    page.evaluate("Object.defineProperty(document, 'hidden', { get: () => false, configurable: true })")
    page.click("text=Take mine")
    saved(page)
    expect(notice).to_have_count(0)
    page.click("button[data-show=decided]")
    expect(page.locator("#queue .verdict")).to_have_text([re.compile("Rejected by")] * 2)
    other.context.close()


def test_what_another_editor_does_leaves_the_focus_where_it_is(page: Page, browser: Browser) -> None:
    bring(page, SHORT)
    mine = focused(page)
    page.focus(f"#{mine} button[data-act=never]")
    other = browser.new_context(base_url=page.url.rsplit("/documents", 1)[0]).new_page()
    other.goto(page.url)
    ready(other)
    other.keyboard.press("j")
    assert focused(other) != mine
    decided = focused(other).removeprefix("c-")
    other.keyboard.press("a")
    saved(other)
    other.context.close()
    expect(page.locator(f"#c-{decided}")).to_have_count(0, timeout=20_000)  # the queue is drawn anew
    assert page.evaluate("document.activeElement.dataset.act") == "never"
    assert page.evaluate("document.activeElement.closest('.card').id") == mine


def test_the_same_editor_in_two_windows_sees_what_both_decide(page: Page, context: BrowserContext) -> None:
    bring(page, SHORT)
    other = context.new_page()
    other.goto(page.url)
    ready(other)
    other.keyboard.press("a")
    saved(other)
    left = open_count(other)
    page.bring_to_front()
    expect(page.locator("#count")).to_contain_text(f"{left} open", timeout=20_000)
    expect(page.locator("#queue .item")).to_have_count(other.locator("#queue .item").count())


def test_a_page_whose_stream_was_refused_asks_again(page: Page, context: BrowserContext) -> None:
    bring(page, SHORT)
    other = context.new_page()  # where an error may be in the console
    refused: list[Route] = []

    def refuse(route: Route) -> None:
        refused.append(route)
        route.fulfill(status=503, json={})

    def still_repairing(route: Route) -> None:
        answer = route.fetch()
        stage = {} if refused else {"stage": "repairing"}
        route.fulfill(response=answer, json={**answer.json(), **stage})

    other.route("**/events?*", refuse)
    other.route("**/rows?*", still_repairing)
    other.goto(page.url)
    ready(other)
    assert len(refused) == 1
    assert open_count(other) == open_count(page)


def test_what_cannot_be_done_without_the_server_is_said(rough: Page) -> None:
    bring(rough, SHORT)
    rough.route(re.compile("/(delete|history|editor)$"), lambda route: route.abort())
    saving = rough.locator("#saving")

    def do(selector: str) -> None:
        rough.evaluate("document.getElementById('more').open = true")
        rough.click(selector)

    do("#delete")
    expect(saving).to_have_text("Not deleted: The server cannot be reached just now.")
    expect(saving).to_have_class("error")
    expect(rough.locator("#more .sheet")).to_be_hidden()  # it would cover what is said
    do("#history-open")
    expect(saving).to_have_text("The history is not there: The server cannot be reached just now.")
    do("#editor")
    rough.keyboard.type("Anna")
    rough.keyboard.press("Tab")
    expect(saving).to_have_text("The name is not noted: The server cannot be reached just now.")
    expect(rough.locator("#live")).to_have_text("The name is not noted: The server cannot be reached just now.")
    rough.unroute_all()
    do("#delete")
    rough.wait_for_url("**/")


def test_what_is_refused_is_said_once_and_breaks_nothing(rough: Page) -> None:
    bring(rough, SHORT)
    rough.keyboard.press("a")
    saved(rough)
    rough.route(
        re.compile("/(undo|save|dismissals|repair)$"), lambda route: route.fulfill(status=422, json={"detail": "No."})
    )
    saving = rough.locator("#saving")
    rough.click("#undo")
    expect(saving).to_have_text("No.")
    rough.click("[data-act=never]")
    rough.locator(".ask button").first.click()
    expect(saving).to_have_text("No.")
    rough.evaluate("document.getElementById('more').open = true")
    rough.click("#save")
    expect(saving).to_have_text("Not saved: No.")


def test_what_is_remembered_is_not_taken_back_without_the_server(rough: Page) -> None:
    bring(rough, SHORT)
    rough.keyboard.press("d")
    rough.locator(".ask button").first.click()
    saved(rough)
    rough.goto("/dismissals")
    rough.route("**/reverse", lambda route: route.abort())
    button = rough.locator("#dismissed + table button").first
    button.click()
    expect(rough.locator("#error")).to_have_text("Not taken back: The server cannot be reached just now.")
    expect(button).to_be_enabled()
    rough.unroute_all()
    button.click()
    expect(rough.locator("#error")).to_be_hidden()


def test_a_document_that_was_deleted_in_another_window_is_said_to_be_gone(rough: Page, page: Page) -> None:
    bring(page, SHORT)
    rough.goto(page.url)
    ready(rough)
    asked: list[str] = []
    rough.on("response", lambda response: asked.append(response.url) if "/changes" in response.url else None)
    token = str(page.get_attribute("meta[name=csrf-token]", "content"))
    page.close()  # it would find nothing at its next look, and say so
    rough.bring_to_front()
    assert rough.request.post(f"{rough.url}/delete", data={}, headers={"x-csrf-token": token}).ok
    expect(rough.locator("#gone")).to_be_visible(timeout=20_000)
    expect(rough.locator("#live")).to_have_text("This document is not there any more.")
    before = len(asked)
    rough.wait_for_timeout(5000)  # longer than from one look to the next
    assert len(asked) == before


def test_a_decision_that_came_too_soon_for_its_key_is_sent_again_when_the_key_may(rough: Page) -> None:
    bring(rough, SHORT)
    total = open_count(rough)
    sent: list[float] = []

    def refuse_once(route: Route) -> None:
        sent.append(time.monotonic())
        if len(sent) > 1:
            route.continue_()
        else:
            route.fulfill(status=429, headers={"retry-after": "6"}, json={"detail": "Too often."})

    rough.route("**/decisions", refuse_once)
    rough.keyboard.press("a")
    expect(rough.locator("#saving")).to_have_text("Not saved yet, trying again in 6 seconds…")
    saved(rough)
    assert open_count(rough) == total - 1
    expect(rough.locator("#saving")).to_have_text("Saved")
    assert len(sent) == 2
    assert sent[1] - sent[0] >= 5.9


def test_looking_for_what_others_did_leaves_a_key_room_for_decisions(rough: Page) -> None:
    bring(rough, SHORT)
    looks: list[str] = []

    def answer(route: Route) -> None:
        looks.append(route.request.url)
        route.fulfill(headers={"ratelimit": '"default";r=5;t=50'}, json={"version": 0, "standings": []})

    rough.clock.install()
    rough.route("**/changes?*", answer)
    rough.reload()
    ready(rough)
    with rough.expect_response("**/changes?*"):
        rough.clock.run_for(5_000)
    rough.wait_for_timeout(500)  # until the page has read it
    rough.clock.run_for(18_000)  # less than twice 50 s / 5
    rough.wait_for_timeout(500)
    assert len(looks) == 1
    with rough.expect_response("**/changes?*"):
        rough.clock.run_for(3_000)


def test_a_page_that_came_too_soon_for_its_key_is_loaded_when_the_key_may(rough: Page) -> None:
    bring(rough, SHORT)
    refused: list[Route] = []

    def refuse_once(route: Route) -> None:
        if refused:
            route.continue_()
        else:
            refused.append(route)
            route.fulfill(status=429, headers={"retry-after": "1"}, json={"detail": "Too often."})

    rough.route("**/rows?*", refuse_once)
    rough.reload()
    expect(rough.locator("#saving")).to_have_text("Too often.")
    ready(rough)
    expect(rough.locator("#saving")).to_be_empty()


def test_what_is_asked_about_a_decision_goes_with_the_next_one(page: Page) -> None:
    bring(page, SHORT)
    total = open_count(page)
    aside = page.locator("#aside")
    for keys in (["u"], ["A"], ["e", "Control+Enter"]):
        page.keyboard.press("r")
        expect(aside).to_contain_text("Rejected. Why?")
        for key in keys:
            page.keyboard.press(key)
        saved(page)
        expect(aside).to_be_empty()
        while open_count(page) < total:
            page.keyboard.press("u")
            saved(page)


NAMED = "He has went to the the market with Olav Sholtz , chancellor of Germany."


def hold_back(page: Page, path: str, act: Callable[[], object]) -> list[Route]:
    """Do something, and keep what it asks of the server until that is let go on."""
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route(path, hold)
    with page.expect_request(path):
        act()
    until(page, "true")  # the request is said before its route is
    assert held
    return held


def test_after_redo_the_next_open_change_is_current_and_keys_mean_it(page: Page) -> None:
    bring(page, NAMED)
    first = focused(page)
    page.keyboard.press("a")
    saved(page)
    second, left = focused(page), open_count(page)
    page.keyboard.press("u")
    saved(page)
    assert focused(page) == first
    page.keyboard.press("Control+y")
    saved(page)
    assert open_count(page) == left
    assert focused(page) == second
    expect(page.locator(".card.current")).to_have_attribute("id", second)
    page.keyboard.press("e")
    assert focused(page) == "hand"
    page.keyboard.press("Escape")
    page.keyboard.press("r")
    saved(page)
    page.click("button[data-show=decided]")
    expect(page.locator(f"#{first} .verdict")).to_contain_text("Accepted by")
    expect(page.locator(f"#{second} .verdict")).to_contain_text("Rejected by")


def test_after_undo_of_a_rewritten_sentence_its_first_change_is_current(page: Page) -> None:
    bring(page, SHORT)
    first = focused(page)
    page.click("text=Rewrite sentence")
    page.keyboard.press("Control+Enter")
    saved(page)
    assert focused(page) != first
    page.keyboard.press("u")
    saved(page)
    assert focused(page) == first


@pytest.mark.parametrize("show", ["open", "decided"])
def test_where_no_card_is_current_keys_that_need_one_do_nothing(page: Page, show: str) -> None:
    bring(page, "He has went home.")
    if show == "open":
        for key in ("a", "u", "Control+y"):
            page.keyboard.press(key)
            saved(page)
        assert open_count(page) == 0
    else:
        page.click("button[data-show=decided]")
    count = page.inner_text("#count")
    expect(page.locator(".card.current")).to_have_count(0)
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
    for key in ("a", "r", "A", "R", "e", "d", "n", "1", "Control+Enter", "Control+Shift+Enter"):
        page.keyboard.press(key)
    saved(page)
    assert page.inner_text("#count") == count
    assert not [url for url in sent if not url.endswith("/place")]
    expect(page.locator("#hand")).to_have_count(0)


def test_keys_wait_for_the_card_that_an_undo_brings(page: Page) -> None:
    bring(page, NAMED)
    first, total = focused(page), open_count(page)
    page.keyboard.press("a")
    saved(page)
    held = hold_back(page, "**/undo", lambda: page.keyboard.press("u"))
    page.keyboard.press("e")
    page.keyboard.type("under a jar")  # by a hand that is faster than the server
    page.keyboard.press("Control+Enter")
    held[0].continue_()
    saved(page)
    assert focused(page) == "hand"
    expect(page.locator(f"#{first} #hand")).to_be_visible()
    assert len(held) == 1
    assert open_count(page) == total
    page.keyboard.press("Control+a")
    page.keyboard.type("under a jar")
    page.keyboard.press("Control+Enter")
    saved(page)
    expect(page.locator("#text")).to_contain_text("under a jar")
    assert open_count(page) == total - 1


@pytest.mark.parametrize("way", ["undo", "redo"])
def test_a_late_answer_leaves_an_open_edit_field_alone(page: Page, way: str) -> None:
    bring(page, NAMED)
    for key in ("a", "u") if way == "redo" else ("a",):
        page.keyboard.press(key)
        saved(page)
    total = open_count(page)
    (turn,) = hold_back(page, f"**/{way}", lambda: page.click(f"#{way}"))
    page.click(".card.current button[data-act=edit]")
    page.keyboard.press("Control+a")
    page.keyboard.type("under a ")
    turn.continue_()
    saved(page)
    until(page, "true")  # drawn since
    expect(page.locator("#count")).to_contain_text(f"{total + (1 if way == 'undo' else -1)} open")
    page.keyboard.type("jar")
    expect(page.locator("#hand")).to_have_value("under a jar")
    assert focused(page) == "hand"
    page.keyboard.press("Control+Enter")
    saved(page)
    expect(page.locator("#text")).to_contain_text("under a jar")


def test_a_late_answer_leaves_the_focus_with_someone_who_types(page: Page) -> None:
    bring(page, NAMED)
    page.keyboard.press("a")
    saved(page)
    total = open_count(page)
    (undo,) = hold_back(page, "**/undo", lambda: page.keyboard.press("u"))
    page.click("#more summary")
    page.fill("#editor", "")
    page.keyboard.type("Ann")
    undo.continue_()
    saved(page)
    page.keyboard.type("a")
    expect(page.locator("#editor")).to_have_value("Anna")
    assert open_count(page) == total + 1


def test_a_reason_given_late_leaves_an_open_edit_field_alone(page: Page) -> None:
    bring(page, NAMED)
    page.keyboard.press("r")
    page.keyboard.press("e")
    page.keyboard.press("Control+a")
    page.keyboard.type("under a jar")
    page.click("#aside .why button")
    saved(page)
    expect(page.locator("#hand")).to_have_value("under a jar")
    assert focused(page) == "hand"


def test_a_card_chosen_before_a_late_answer_stays_current_and_keys_mean_it(page: Page) -> None:
    bring(page, NAMED)
    first = focused(page)
    page.keyboard.press("a")
    saved(page)
    second = focused(page)
    (undo,) = hold_back(page, "**/undo", lambda: page.keyboard.press("u"))
    page.locator("#queue .card:not(.current)").last.click()
    chosen = focused(page)
    assert chosen not in (first, second)
    page.keyboard.press("r")
    undo.continue_()
    saved(page)
    expect(page.locator(f"#{first}")).to_be_visible()
    page.click("button[data-show=decided]")
    expect(page.locator("#queue .verdict")).to_have_count(1)
    expect(page.locator(f"#{chosen} .verdict")).to_contain_text("Rejected by")


def test_undo_clicked_twice_before_its_answers_leads_to_what_was_undone_last(page: Page) -> None:
    bring(page, NAMED)
    first = focused(page)
    for _ in range(2):
        page.keyboard.press("a")
        saved(page)
    held = hold_back(page, "**/undo", lambda: page.click("#undo"))
    page.click("#undo")
    with page.expect_request("**/undo"):
        held[0].continue_()
    until(page, "true")
    held[1].continue_()
    saved(page)
    expect(page.locator(".card.current")).to_have_attribute("id", first)


def test_without_the_server_keys_that_decide_nothing_act_and_the_others_are_dropped(rough: Page) -> None:
    bring(rough, NAMED)
    first, total = focused(rough), open_count(rough)
    rough.keyboard.press("a")
    saved(rough)
    second = focused(rough)
    held = hold_back(rough, "**/undo", lambda: rough.keyboard.press("u"))
    rough.keyboard.press("?")
    expect(rough.locator("#help")).to_be_visible()
    rough.keyboard.press("Escape")
    rough.keyboard.press("r")
    with rough.expect_request("**/undo"):  # again
        held[0].abort()
        expect(rough.locator("#saving")).to_have_text("Not saved yet, trying again…")
        rough.keyboard.press("r")
        rough.keyboard.press("s")
        expect(rough.locator("button[data-view=side]")).to_have_attribute("aria-pressed", "true")
        rough.keyboard.press("j")
        assert focused(rough) != second
        rough.keyboard.press("k")
        assert focused(rough) == second
    until(rough, "true")
    rough.keyboard.press("r")
    held[1].continue_()
    saved(rough)
    expect(rough.locator(".card.current")).to_have_attribute("id", first)
    assert open_count(rough) == total
    rough.keyboard.press("r")
    saved(rough)
    assert open_count(rough) < total


def test_keys_that_wait_for_a_refused_undo_are_dropped(rough: Page) -> None:
    bring(rough, NAMED)
    rough.keyboard.press("a")
    saved(rough)
    count = rough.inner_text("#count")
    (undo,) = hold_back(rough, "**/undo", lambda: rough.keyboard.press("u"))
    rough.keyboard.press("r")
    undo.fulfill(status=422, json={"detail": "No."})
    expect(rough.locator("#saving")).to_have_text("No.")
    assert rough.inner_text("#count") == count
    rough.keyboard.press("r")
    saved(rough)
    assert rough.inner_text("#count") != count


def test_what_is_dismissed_with_its_like_is_not_current(page: Page) -> None:
    bring(page, "She bought a apple.\n\nShe ate a apple.\n\nHe has went home.\n")
    like = page.locator("#queue .card", has_text="an")
    expect(like).to_have_count(2)
    like.first.click()
    page.keyboard.press("d")
    page.keyboard.press("Enter")  # in this document
    saved(page)
    assert open_count(page) == 1
    expect(page.locator(".card.current")).to_contain_text("went")


def test_a_reason_is_not_noted_once_another_window_took_the_rejection_back(page: Page, context: BrowserContext) -> None:
    bring(page, SHORT)
    total = open_count(page)
    page.keyboard.press("r")
    saved(page)
    other = context.new_page()
    other.goto(page.url)
    ready(other)
    other.keyboard.press("u")
    saved(other)
    other.close()
    page.bring_to_front()
    expect(page.locator("#count")).to_contain_text(f"{total} open", timeout=20_000)
    page.click("#aside .why button")
    assert open_count(page) == total


def test_one_change_by_hand_decides_its_group(page: Page) -> None:
    bring(page, "He said “ we go ” today.")
    page.keyboard.press("e")
    page.keyboard.insert_text("_")
    page.keyboard.press("Control+Enter")
    saved(page)
    assert open_count(page) == 0
    page.click("#export summary")
    page.check("#decided-only")
    with page.expect_download() as waiting:
        page.click("a[data-form=text]")
    assert Path(waiting.value.path()).read_text(encoding="utf-8") in (
        "He said “_we go” today.",
        "He said “we go_” today.",
    )


def test_the_glossary_takes_the_name_that_is_offered_or_the_current_one(page: Page) -> None:
    bring(page, SHORT)
    token = page.get_attribute("meta[name=csrf-token]", "content")
    # Kept by the service: words that no other test has.
    for term, right in (("stable", "barn"), ("melon", "gourd")):
        answer = page.request.post(
            f"{page.url}/terms", data={"source": term, "target": right}, headers={"x-csrf-token": str(token)}
        )
        assert answer.ok
    bring(page, "He went to the stable.\n\nHe has went home.\n\nShe ate the melon.\n")

    def choose(word: str) -> None:
        page.locator("#queue .card", has_text=word).first.click()

    choose("barn")
    page.keyboard.press("n")
    expect(page.locator("#aside")).to_contain_text("barn")
    page.keyboard.press("g")
    expect(page.locator("#live")).to_contain_text("barn is in the glossary")
    page.keyboard.press("u")
    saved(page)
    choose("barn")
    page.keyboard.press("n")
    choose("went")
    page.keyboard.press("a")
    choose("gourd")
    expect(page.locator("#aside")).to_be_empty()
    page.keyboard.press("g")
    expect(page.locator("#live")).to_contain_text("gourd is in the glossary")
    page.set_viewport_size({"width": 320, "height": 640})
    page.goto("/dismissals")
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


def test_the_text_before_keeps_its_words_whatever_is_decided(page: Page) -> None:
    bring(page, SHORT + "\nIt ended.The next day came.\n")
    page.click("button[data-view=side]")
    expect(page.locator("#before")).not_to_be_empty()
    before = page.inner_text("#before")
    for keys in (["a"], ["e", "Control+a", "x", "Control+Enter"], ["r"]):
        page.locator("#queue .card.current").focus()
        for key in keys:
            page.keyboard.press(key)
    saved(page)
    assert page.inner_text("#before").split() == before.split()
    assert "" not in page.locator("#before del").all_text_contents()  # nothing is struck out where words are put in


def test_decisions_come_back_from_a_file_and_what_they_meet_is_shown(page: Page) -> None:
    bring(page, SHORT)
    page.keyboard.press("r")
    page.keyboard.press("a")
    saved(page)
    left = open_count(page)
    page.click("#export summary")
    with page.expect_download() as waiting:
        page.click("a[data-form=json]")
    file = waiting.value.path()
    bring(page, SHORT)
    assert open_count(page) > left
    first = focused(page)
    page.keyboard.press("a")  # the file has rejected it
    saved(page)
    page.set_input_files("#import", file)
    expect(page.locator("#conflicts .conflict")).to_contain_text("You wanted: rejected")
    saved(page)
    assert open_count(page) == left
    page.click("text=Take mine")
    saved(page)
    page.click("button[data-show=decided]")
    expect(page.locator(f"#{first}")).to_contain_text("Rejected by")


def test_hostile_text_does_nothing(page: Page) -> None:
    bring(page, HOSTILE)
    for view in ("side", "clean", "inline"):
        page.click(f"button[data-view={view}]")
        expect(page.locator("#text")).to_contain_text("<script>window.hit=1</script>")
    page.keyboard.press("e")
    page.locator("#queue .card.current").focus()
    page.keyboard.press("e")
    page.keyboard.insert_text("<img src=x onerror=window.hit=1>")
    page.keyboard.press("Control+Enter")
    saved(page)
    page.click("#more summary")
    page.click("#history-open")
    expect(page.locator("#changes")).to_contain_text("Changed by hand")
    assert page.evaluate("window.hit") is None
    assert page.locator("main img").count() == 0


@pytest.mark.parametrize("width", [320, 640])
def test_nothing_is_cut_off_on_a_narrow_screen_or_at_great_zoom(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 400 if width == 640 else 640})
    bring(page, EXAMPLE)
    for path in (page.url, "/", "/stats", "/dismissals"):
        page.goto(path)
        if "/documents/" in path:
            ready(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        expect(page.locator("h1").first).to_be_visible()


def test_at_great_zoom_the_card_is_in_view_with_its_sentence(page: Page) -> None:
    page.set_viewport_size({"width": 640, "height": 400})
    bring(page, EXAMPLE)
    for _ in range(3):
        expect(page.locator(".card.current")).to_be_in_viewport(ratio=0.5)
        expect(page.locator(".card.current .context")).to_be_visible()
        page.keyboard.press("j")


def test_both_panes_show_the_same_place(page: Page) -> None:
    bring(page, EXAMPLE * 8)
    page.click("button[data-view=side]")
    paragraphs = page.locator("#text > p").count()
    expect(page.locator("#before > p")).to_have_count(paragraphs)
    page.evaluate("document.getElementById('text').scrollTop = 4000")
    until(page, "document.getElementById('before').scrollTop > 2000")
    tops = page.evaluate(
        """() => ['text', 'before'].map((id) => {
          const pane = document.getElementById(id);
          const end = (p) => p.offsetTop + p.offsetHeight - pane.offsetTop;
          return [...pane.children].findIndex((p) => end(p) > pane.scrollTop + 1);
        })"""
    )
    assert abs(tops[0] - tops[1]) <= 1


AXE = resources.files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(browser: Browser, service: Process, scheme: str) -> None:
    context = browser.new_context(
        base_url=service.url, viewport={"width": 1280, "height": 900}, color_scheme=scheme,  # type: ignore[arg-type]
        bypass_csp=True, reduced_motion="reduce",
    )  # fmt: skip
    page = context.new_page()

    def check(where: str) -> None:
        page.evaluate(AXE)
        found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        assert [(where, v["id"], [n["html"][:200] for n in v["nodes"][:3]]) for v in found["violations"]] == []

    page.goto("/")
    check("home")
    bring(page, EXAMPLE)
    check("inline")
    page.keyboard.press("a")
    page.keyboard.press("r")
    saved(page)
    check("decided")
    page.keyboard.press("e")
    check("by hand")
    page.keyboard.press("Escape")
    page.keyboard.press("d")
    check("never again")
    page.click("button[data-view=side]")
    check("side by side")
    page.click("#export summary")
    check("download")
    page.click("#help-open")
    check("keys")
    page.keyboard.press("Escape")
    for path in ("/", "/stats", "/dismissals", "/documents/none"):
        page.goto(path)
        check(path)
    context.close()
