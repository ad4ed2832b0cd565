from __future__ import annotations

import json
import re
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError
from starlette.testclient import TestClient

from app.api.auth import hash_key, new_key
from app.api.main import create_app
from app.core.errors import ResourceError
from app.core.types import DocumentRepair, EditKind, Origin, RepairOptions
from app.formats.docx import resolve_revisions
from app.settings import Settings
from app.store.database import open_engine
from app.store.models import DocumentRow
from app.store.records import NewDocument, Threshold
from app.store.store import Store
from tests.api.engines import WilfulEngine, pipeline
from tests.formats.test_docx import word
from tests.web.conftest import Open, decide, finish, rows
from tests.web.serving import ROOT, Process

TEXT = "He has went to the the market.\n\nShe bought a apple there. All is well.\n"
RIGHT = "He went to the market.\n\nShe bought an apple there. All is well.\n"


def edits(client: TestClient, document_id: str) -> list[dict[str, Any]]:
    return [edit for sentence in rows(client, document_id)["sentences"] for edit in sentence["edits"]]


def edit_of(client: TestClient, document_id: str, original: str) -> str:
    return next(str(e["id"]) for e in edits(client, document_id) if e["original"] == original)


def exported(client: TestClient, document_id: str, form: str = "text", **query: str) -> bytes:
    answer = client.get(f"/documents/{document_id}/export/{form}", params=query)
    assert answer.status_code == 200, answer.text
    return answer.content


def test_a_pasted_text_is_repaired_and_taken_out(client: TestClient, opened: Open) -> None:
    assert exported(client, opened(TEXT)).decode() == RIGHT


def test_sentences_come_as_events(client: TestClient) -> None:
    text = "\n\n".join(["He has went home. She bought a apple there."] * 700)
    document_id = client.post("/documents", json={"text": text}).json()["id"]
    finish(client, document_id)
    answer = client.get(f"/documents/{document_id}/events").text
    pages = [json.loads(data) for data in re.findall(r"event: rows\ndata: (.*)", answer)]
    assert len(pages) > 1
    found = [sentence for page in pages for sentence in page["sentences"]]
    assert [s["index"] for s in found] == list(range(1400))
    assert "".join(s["before"] + s["text"] for s in found) == text
    assert exported(client, document_id).decode() == text.replace("has went", "went").replace("a apple", "an apple")


def test_a_stream_goes_on_where_it_stopped(client: TestClient, opened: Open) -> None:
    document_id = opened(TEXT)
    answer = client.get(f"/documents/{document_id}/events", headers={"last-event-id": "1"}).text
    [data] = re.findall(r"event: rows\ndata: (.*)", answer)
    assert [s["index"] for s in json.loads(data)["sentences"]] == [1, 2]


def test_decisions_are_there_after_a_restart(settings: Settings, client: TestClient, opened: Open) -> None:
    document_id = opened(TEXT, keep_days=7)
    decide(client, document_id, {"target": edit_of(client, document_id, "has went"), "verdict": "rejected"})
    with TestClient(create_app(settings, pipeline())) as again:
        assert exported(again, document_id).decode() == RIGHT.replace("went", "has went")


def test_nothing_is_stored_unless_a_document_is_saved(settings: Settings, client: TestClient, opened: Open) -> None:
    folder = Path(settings.database_url.removeprefix("sqlite:///")).parent
    document_id = opened(f"A CANARY has went home. {TEXT}")
    decide(client, document_id, {"target": "e0", "verdict": "accepted"})
    assert exported(client, document_id)
    client.get("/")
    client.get("/stats")
    assert list(folder.iterdir()) == []
    with TestClient(create_app(settings, pipeline())) as again:
        assert again.get(f"/documents/{document_id}").status_code == 404


def test_an_unsaved_document_leaves_no_project_behind(settings: Settings, client: TestClient, opened: Open) -> None:
    opened(TEXT, keep_days=1)  # there is a database
    opened(TEXT, project="Secret takeover")
    store = Store.open(settings.database_url)
    assert [project.name for project in store.projects()] == ["default"]
    store.close()


def test_an_unsaved_document_can_be_saved_with_its_decisions(
    settings: Settings, client: TestClient, opened: Open
) -> None:
    document_id = opened(TEXT)
    decide(client, document_id, {"target": edit_of(client, document_id, "has went"), "verdict": "rejected"})
    saved = client.post(f"/documents/{document_id}/save", json={"keep_days": None}).json()["id"]
    assert client.get(f"/documents/{document_id}").status_code == 404
    with TestClient(create_app(settings, pipeline())) as again:
        assert exported(again, saved).decode() == RIGHT.replace("went", "has went")


def test_a_deleted_document_is_gone(settings: Settings, client: TestClient, opened: Open) -> None:
    document_id = opened("The CANARY has went home.", keep_days=7)
    assert client.post(f"/documents/{document_id}/delete", json={}).status_code == 200
    assert client.get(f"/documents/{document_id}/rows").status_code == 404
    for file in Path(settings.database_url.removeprefix("sqlite:///")).parent.iterdir():
        assert b"CANARY" not in file.read_bytes()


def test_an_expired_document_is_deleted_although_nobody_looks(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store.open(settings.database_url)
    past = datetime.now(UTC) - timedelta(days=1)
    store.add_document(NewDocument("Old", "Old text.", expires_at=past))
    monkeypatch.setattr("app.web.desk._SWEEP_S", 0.05)
    engine = open_engine(settings.database_url)
    with TestClient(create_app(settings, pipeline())), engine.connect() as connection:
        until = time.monotonic() + 60
        while connection.execute(DocumentRow.__table__.select()).all():
            connection.rollback()
            assert time.monotonic() < until
            time.sleep(0.05)
    engine.dispose()
    store.close()


def test_unsaved_documents_are_bounded(tmp_path: Path) -> None:
    settings = Settings(database_url=f"sqlite:///{tmp_path}/d.sqlite3", max_unsaved=2)
    with TestClient(create_app(settings, pipeline())) as client:
        client.headers["x-csrf-token"] = re.findall(r'csrf-token" content="([^"]+)"', client.get("/").text)[0]
        made = []
        for number in range(4):
            made.append(client.post("/documents", json={"text": f"Text {number}."}).json()["id"])
            finish(client, made[-1])
        assert [client.get(f"/documents/{d}/rows").status_code for d in made] == [404, 404, 200, 200]


def test_a_repair_that_failed_says_so_and_can_go_on(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    engine = WilfulEngine()
    with TestClient(create_app(settings, engine)) as client:
        client.headers["x-csrf-token"] = re.findall(r'csrf-token" content="([^"]+)"', client.get("/").text)[0]
        engine.error = RuntimeError("CANARY")
        document_id = client.post("/documents", json={"text": f"CANARY. {TEXT}"}).json()["id"]
        assert '{"stage":"failed"}' in finish(client, document_id)
        engine.error = None
        assert client.post(f"/documents/{document_id}/repair", json={}).status_code == 200
        assert '{"stage":"done"}' in finish(client, document_id)
        assert exported(client, document_id).decode() == f"CANARY. {RIGHT}"
    assert "CANARY" not in "".join(capsys.readouterr())


class _Overtaken(WilfulEngine):
    """While it is at its second section, another process repairs one more, which it cuts elsewhere, and ends."""

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self._settings, self._calls = settings, 0
        self.document_id = ""

    def repair(self, text: str, options: RepairOptions | None = None) -> DocumentRepair:
        self._calls += len(text) > 1000  # the sample that a start sends through is none
        if self._calls == 2:
            with TestClient(create_app(self._settings, _Once())) as other:
                finish(other, self.document_id)
        return super().repair(text, options)


class _Once(WilfulEngine):
    def repair(self, text: str, options: RepairOptions | None = None) -> DocumentRepair:
        answer = super().repair(text, options)
        if len(text) > 1000:
            self.error = RuntimeError("a process that ends")
        return answer


def test_two_processes_at_one_document_store_each_sentence_once(settings: Settings) -> None:
    text = "\n\n".join(["He has went home. She bought a apple there."] * 700)
    engine = _Overtaken(settings)
    store = Store.open(settings.database_url)
    document_id = engine.document_id = store.add_document(NewDocument("A title", text)).id
    with TestClient(create_app(settings, engine)) as client:
        client.get(f"/documents/{document_id}/events")
        while store.progress(document_id)[1] < len(text):
            time.sleep(0.05)
    found = store.sentences(document_id)
    store.close()
    assert [s.index for s in found] == list(range(1400))
    assert [s.span.of(text) for s in found] == ["He has went home.", "She bought a apple there."] * 700


def test_two_editors_see_each_other_and_a_conflict_is_shown(client: TestClient, opened: Open) -> None:
    document_id = opened(TEXT)
    target = edit_of(client, document_id, "has went")
    client.post("/editor", json={"name": "Anna"})
    decide(client, document_id, {"target": target, "verdict": "accepted"}, seen=0)
    client.post("/editor", json={"name": "Berta Weiß"})
    answer = decide(client, document_id, {"target": target, "verdict": "rejected"}, seen=0).json()
    assert answer["conflicts"][0]["standing"]["who"] == "Anna"
    seen = client.get(f"/documents/{document_id}/changes?since=0").json()
    assert [(s["verdict"], s["who"]) for s in seen["standings"]] == [("accepted", "Anna")]
    decide(client, document_id, {"target": target, "verdict": "rejected"}, seen=seen["version"])
    history = client.get(f"/documents/{document_id}/history").json()
    assert [(c["who"], c["conflicts"]) for c in history] == [("Berta Weiß", 0), ("Berta Weiß", 1), ("Anna", 0)]


def test_decisions_of_a_file_are_made_and_what_they_meet_is_given_back(client: TestClient, opened: Open) -> None:
    first, second = opened(TEXT), opened(TEXT, keep_days=7)
    went, apple = (edit_of(client, first, words) for words in ("has went", "a apple"))
    decide(
        client, first, {"target": went, "verdict": "rejected"}, {"target": apple, "verdict": "replaced", "text": "x"}
    )
    file = exported(client, first, "json")
    decide(client, second, {"target": went, "verdict": "accepted"})

    def bring(content: bytes) -> Any:
        return client.post(
            f"/documents/{second}/import", content=content, headers={"x-client-id": f"file-{len(content)}"}
        )

    imported = bring(file).json()
    assert [s["target"] for s in imported["standings"]] == [apple]
    [conflict] = imported["conflicts"]
    assert (conflict["wish"]["verdict"], conflict["standing"]["verdict"]) == ("rejected", "accepted")
    assert imported["unmatched"] == []
    foreign = json.loads(file)
    next(e for e in foreign["edits"] if e["id"] == went)["replacement"] = "wandered"
    assert [u["replacement"] for u in bring(json.dumps(foreign).encode()).json()["unmatched"]] == ["wandered"]
    elsewhere = opened("Another text, it has went.")
    refused = client.post(f"/documents/{elsewhere}/import", content=file)
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, "other-text")
    assert bring(b'{"Zw4nary": 1}').status_code == 422
    assert "Zw4nary" not in bring(b'{"Zw4nary": 1}').text


def test_undo_and_redo_by_request(client: TestClient, opened: Open) -> None:
    document_id = opened(TEXT)
    decide(client, document_id, {"target": edit_of(client, document_id, "has went"), "verdict": "rejected"})
    for way, wanted in (("undo", "open"), ("redo", "rejected")):
        answer = client.post(f"/documents/{document_id}/{way}", json={"client_id": f"test-{way}-1"}).json()
        assert [s["verdict"] for s in answer["standings"]] == [wanted]
    nothing = client.post(f"/documents/{document_id}/redo", json={"client_id": "test-redo-2"}).json()
    assert nothing["version"] is None


@pytest.mark.parametrize(
    ("reach", "project", "is_dismissed"),
    [("document", "News", False), ("project", "News", True), ("project", "Other", False), ("always", "Other", True)],
)
def test_later_repairs_obey_dismissals(
    client: TestClient, opened: Open, reach: str, project: str, is_dismissed: bool
) -> None:
    first = opened(TEXT + TEXT, project="News", keep_days=1)
    body = {
        "target": edit_of(client, first, "has went"), "reach": reach, "seen": 9, "client_id": "test-dismissal",
    }  # fmt: skip
    dismissed = client.post(f"/documents/{first}/dismissals", json=body).json()["standings"]
    assert [s["why"] for s in dismissed] == ["dismissed", "dismissed"]  # it and its like
    later = opened(TEXT, project=project)
    [refusal] = [e["refusal"] for e in edits(client, later) if e["original"] == "has went"]
    assert bool(refusal) is is_dismissed
    assert ("has went" in exported(client, later).decode()) is is_dismissed


def test_a_dismissal_that_is_sent_again_is_one(client: TestClient, opened: Open) -> None:
    document_id = opened(TEXT)
    body = {"target": edit_of(client, document_id, "has went"), "reach": "always", "seen": 9, "client_id": "sent-twice"}
    first, again = (client.post(f"/documents/{document_id}/dismissals", json=body).json() for _ in range(2))
    assert first == again
    assert client.get("/dismissals").text.count("/reverse") == 1


def test_a_dismissal_is_listed_and_taken_back(client: TestClient, opened: Open) -> None:
    first = opened(TEXT)
    body = {"target": edit_of(client, first, "has went"), "reach": "always", "seen": 9, "client_id": "test-dismissal"}
    client.post(f"/documents/{first}/dismissals", json=body)
    page = client.get("/dismissals").text
    [path] = re.findall(r'data-post="(/dismissals/\d+/reverse)"', page)
    assert client.post(path, json={}).status_code == 200
    assert "data-post" not in client.get("/dismissals").text
    assert exported(client, opened(TEXT)).decode() == RIGHT


def test_a_term_of_the_project_is_applied_from_then_on(client: TestClient, opened: Open) -> None:
    first = opened(TEXT, project="News")
    body = {"source": "market", "target": "bazaar", "kind": "replace"}
    assert client.post(f"/documents/{first}/terms", json=body).json() == {"project": "News"}
    assert "bazaar" in exported(client, opened(TEXT, project="News")).decode()
    assert "bazaar" not in exported(client, opened(TEXT, project="Other")).decode()
    [path] = re.findall(r'data-post="(/terms/\d+/delete)"', client.get("/dismissals").text)
    client.post(path, json={})
    assert "bazaar" not in exported(client, opened(TEXT, project="News")).decode()


def test_the_page_says_by_which_network_names_and_glossary_a_document_was_repaired(
    client: TestClient, opened: Open
) -> None:
    document_id = opened(TEXT, project="Desk")
    page = client.get(f"/documents/{document_id}").text
    assert "phrases@7, names 2026-11</span>, mt-repair" in page
    client.post(f"/documents/{document_id}/terms", json={"source": "Qu1xote", "target": "Quixote"})
    assert "names 2026-11</span>, glossary of Desk with 1 term of 20" in client.get(f"/documents/{document_id}").text


def test_edits_below_a_fitted_threshold_are_held_back(settings: Settings, client: TestClient, opened: Open) -> None:
    opened(TEXT, keep_days=1)
    store = Store.open(settings.database_url)
    store.set_thresholds([Threshold(Origin.MODEL, kind, 0.9, 50, 0.9) for kind in EditKind])
    store.close()
    assert exported(client, opened(TEXT)).decode() == TEXT.replace("the the", "the")


def test_statistics_show_what_was_decided(client: TestClient, opened: Open) -> None:
    document_id = opened(TEXT, keep_days=1)
    decide(
        client,
        document_id,
        {"target": edit_of(client, document_id, "has went"), "verdict": "rejected", "why": "taste"},
        {"target": edit_of(client, document_id, "a apple"), "verdict": "accepted"},
    )
    page = client.get("/stats").text
    assert "1 of 2 decided changes" in page
    assert "A matter of taste" in page
    assert page.count("<circle") == 1


# --- files ---

KEPT_HTML = (
    "<p translate=no>I saw the the x. It has been been.</p><p class='notranslate wide'>Of the the y.</p>"
    "<p>He has went to <kbd>the the x</kbd>, <samp>the the x</samp>, <var>x x</var> and <tt>the the x</tt>. "
    "He saw <code>the the x</code>. Write &amp;amp; for an ampersand, <code>&amp;nbsp;</code> for a space.</p>\n"
)
KEPT_MARKDOWN = "He has went to `the the x`. Write &amp;amp; for an ampersand, or `the  the &nbsp;` for a space.\n"


def bring(client: TestClient, name: str, data: bytes, **query: str) -> Any:
    headers = {"x-file-name": name, "content-type": "application/octet-stream"}
    return client.post("/documents/upload", content=data, headers=headers, params=query)


def test_a_word_file_comes_back_with_tracked_changes(client: TestClient) -> None:
    data = word("<w:p><w:r><w:t>He has went home.</w:t></w:r></w:p><w:p><w:r><w:t>All is well.</w:t></w:r></w:p>")
    document_id = bring(client, "A%20text.docx", data).json()["id"]
    finish(client, document_id)
    tracked = exported(client, document_id, "docx")
    assert resolve_revisions(tracked, accept=True) == ["He went home.", "All is well."]
    assert resolve_revisions(tracked, accept=False) == ["He has went home.", "All is well."]


@pytest.mark.parametrize(
    ("name", "data", "wanted"),
    [
        ("a.md", "# Title\n\nHe **has went** to `has went`.\n", "# Title\n\nHe **went** to `has went`.\n"),
        ("a.html", "<p class='x'>He <b>has went</b> home.</p>", "<p class='x'>He <b>went</b> home.</p>"),
        ("a.txt", "He has went home.", "He went home."),
        ("a.txt", "\ufeffHe has went home.\r\n", "\ufeffHe went home.\r\n"),
        ("a.html", "\ufeff<p>He <b>has went</b> home.</p>", "\ufeff<p>He <b>went</b> home.</p>"),
    ],
)
def test_a_file_with_markup_keeps_its_markup(client: TestClient, name: str, data: str, wanted: str) -> None:
    document_id = bring(client, name, data.encode()).json()["id"]
    finish(client, document_id)
    answer = client.get(f"/documents/{document_id}/export/text")
    assert answer.content.decode() == wanted
    assert name.partition(".")[2] in answer.headers["content-disposition"]


@pytest.mark.parametrize(("name", "data"), [("a.html", KEPT_HTML), ("a.md", KEPT_MARKDOWN)])
def test_what_a_file_says_to_leave_alone_stays(client: TestClient, name: str, data: str) -> None:
    text = data.replace("has went", "went")
    document_id = bring(client, name, data.encode()).json()["id"]
    finish(client, document_id)
    assert exported(client, document_id).decode() == text
    assert not [e for e in edits(client, document_id) if not e["refusal"] and "has went" not in e["original"]]


def test_what_a_long_file_says_to_leave_alone_stays_in_every_section(client: TestClient) -> None:
    data = KEPT_HTML * 120  # of several sections
    document_id = bring(client, "a.html", data.encode()).json()["id"]
    finish(client, document_id)
    assert exported(client, document_id).decode() == data.replace("has went", "went")


def test_the_page_shows_what_a_file_says_to_leave_alone(client: TestClient) -> None:
    document_id = bring(client, "a.html", b"<p>He saw <code>the the x</code> in 1984.</p>").json()["id"]
    finish(client, document_id)
    (sentence,) = rows(client, document_id)["sentences"]
    shown = [(sentence["text"][start:end], kind) for start, end, kind in sentence["protected"]]
    assert shown == [("the the x", "part of the file"), ("1984", "number")]


@pytest.mark.parametrize(
    ("name", "data", "status", "word_in_detail"),
    [
        ("a.exe", b"MZ", 422, "not read"),
        ("a.txt", b"\xff\xfe\x00", 422, "UTF-8"),
        ("a.txt", b"  \n", 422, "no text"),
        ("a.docx", b"PK", 422, "Word"),
        ("a.docx", word("<w:p><w:r><w:t>" + "a" * (1 << 24) + "</w:t></w:r></w:p>"), 413, "unpacks"),
        ("a.txt", b"a" * ((1 << 20) + 1), 413, "bytes"),
        ("", b"text", 422, "not read"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_with_a_remedy(
    client: TestClient, name: str, data: bytes, status: int, word_in_detail: str
) -> None:
    answer = bring(client, name, data)
    assert (answer.status_code, word_in_detail in answer.json()["detail"]) == (status, True), answer.text


def test_a_text_that_is_too_long_is_refused(tmp_path: Path) -> None:
    settings = Settings(database_url=f"sqlite:///{tmp_path}/d.sqlite3", max_document_chars=100)
    with TestClient(create_app(settings, pipeline())) as client:
        client.headers["x-csrf-token"] = re.findall(r'csrf-token" content="([^"]+)"', client.get("/").text)[0]
        assert client.post("/documents", json={"text": "a" * 101}).status_code == 413
        assert client.post("/documents", json={"text": "a" * 70_000}).status_code == 413


# --- safety ---

CHANGING = (
    "/documents", "/documents/upload", "/documents/x/decisions", "/documents/x/undo", "/documents/x/redo",
    "/documents/x/dismissals", "/documents/x/place", "/documents/x/save", "/documents/x/delete",
    "/documents/x/repair", "/documents/x/terms", "/documents/x/import", "/dismissals/1/reverse", "/terms/1/delete",
    "/editor",
)  # fmt: skip


@pytest.mark.parametrize("path", CHANGING)
@pytest.mark.parametrize(
    "headers",
    [
        {"x-csrf-token": ""},
        {"x-csrf-token": "another"},
        {"origin": "https://evil.example"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
)
def test_nothing_changes_for_another_site(client: TestClient, path: str, headers: dict[str, str]) -> None:
    answer = client.post(path, json={"text": "A text."}, headers=headers)
    assert (answer.status_code, answer.json()["type"]) == (403, "/problems/forbidden")


def test_the_words_of_a_key_are_shown_to_it_alone(tmp_path: Path) -> None:
    keys = {name: new_key() for name in ("alice", "bob")}
    (tmp_path / "keys").write_text("".join(f"{name} {hash_key(key)}\n" for name, key in keys.items()))
    settings = Settings(database_url=f"sqlite:///{tmp_path}/d.sqlite3", api_keys=tmp_path / "keys")
    project = "Words to leave alone (alice)"
    with TestClient(create_app(settings, pipeline())) as client:

        def act_as(name: str) -> None:
            client.auth = ("anyone", keys[name])
            found = re.search(r'<meta name="csrf-token" content="([^"]+)">', client.get("/").text)
            assert found
            client.headers["x-csrf-token"] = found[1]

        act_as("alice")
        assert client.post("/v2/words/add", data={"word": "SecretWord"}).json() == {"added": True}
        act_as("bob")
        assert "SecretWord" not in client.get("/dismissals").text
        assert "alice" not in client.get("/").text
        assert client.post("/terms/1/delete", json={}).status_code == 404
        assert client.post("/documents", json={"text": TEXT, "project": f" {project}"}).status_code == 422
        act_as("alice")
        assert client.get("/v2/words").json() == {"words": ["SecretWord"]}
        assert "SecretWord" in client.get("/dismissals").text
        assert project in client.get("/").text
        assert client.post("/terms/1/delete", json={}).status_code == 200
        assert client.get("/v2/words").json() == {"words": []}


def test_a_project_of_which_nothing_is_left_is_not_offered(client: TestClient, opened: Open) -> None:
    client.put("/v1/glossaries/Gone", json={"entries": [{"source": "a", "target": "b"}]})
    assert "Gone" in client.get("/").text
    assert client.delete("/v1/glossaries/Gone").status_code == 200
    assert "Gone" not in client.get("/").text
    kept = opened(TEXT, keep_days=7, project="Gone")
    assert "Gone" in client.get("/").text
    client.post(f"/documents/{kept}/delete", json={})
    assert "Gone" not in client.get("/").text


def test_where_keys_are_needed_the_browser_asks_for_one_and_its_id_is_the_editor(tmp_path: Path) -> None:
    key = new_key()
    (tmp_path / "keys").write_text(f"berta {hash_key(key)}\n")
    settings = Settings(database_url=f"sqlite:///{tmp_path}/d.sqlite3", api_keys=tmp_path / "keys")
    with TestClient(create_app(settings, pipeline())) as client:
        refused = client.get("/", headers={"accept": "text/html"})
        assert (refused.status_code, refused.headers["www-authenticate"].split()[0]) == (401, "Basic")
        client.auth = ("anyone", key)
        client.headers["x-csrf-token"] = re.findall(r'csrf-token" content="([^"]+)"', client.get("/").text)[0]
        document_id = client.post("/documents", json={"text": TEXT}).json()["id"]
        finish(client, document_id)
        answer = decide(client, document_id, {"target": "e0", "verdict": "accepted"}).json()
        assert answer["standings"][0]["who"] == "berta"


def test_every_address_that_changes_something_is_guarded(client: TestClient) -> None:
    from app.web.routes import changes

    names = {"{document_id}": "x", "{dismissal_id}": "1", "{term_id}": "1"}
    paths = {re.sub(r"{\w+}", lambda name: names[name[0]], getattr(route, "path", "")) for route in changes.routes}
    assert paths == set(CHANGING)


@pytest.mark.parametrize("path", ["/", "/stats", "/dismissals", "/documents/none"])
def test_a_page_runs_nothing_but_our_own_files(client: TestClient, path: str) -> None:
    answer = client.get(path)
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert "require-trusted-types-for 'script'" in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert not re.search(
        r"<script(?![^>]* src=\"/static/)|\son\w+=|\sstyle=|(?:src|href)=\"(?:https?:)?//", answer.text
    )


HOSTILE = (
    "<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "'-alert(1)-'", "javascript:alert(1)",
    "</textarea><svg onload=alert(1)>", "{{7*7}}", "{% for x in y %}", "\u2028alert(1)", "<!--", "]]>", "${alert(1)}",
    "&lt;script&gt;", "<a href=//evil.example>x</a>", "%3Cscript%3E",
)  # fmt: skip


@pytest.mark.parametrize("evil", HOSTILE)
def test_text_is_shown_as_text_in_every_field(client: TestClient, opened: Open, evil: str) -> None:
    client.post("/editor", json={"name": evil[:60]})
    document_id = opened(f"He has went {evil} home.", title=evil, project=evil, keep_days=1)
    target = edit_of(client, document_id, "has went")
    decide(client, document_id, {"target": target, "verdict": "replaced", "text": evil}, label=evil)
    body = {"source": evil, "target": evil, "kind": "replace"}
    assert client.post(f"/documents/{document_id}/terms", json=body).status_code == 200
    never = {"target": target, "reach": "always", "seen": 99, "client_id": "test-dismissal"}
    assert client.post(f"/documents/{document_id}/dismissals", json=never).status_code == 200
    for path in ("/", f"/documents/{document_id}", "/dismissals", "/stats"):
        page = client.get(path).text
        ours = r"(?! (?:type=\"module\" )?(?:src=\"/static|class=|href=\"[/#]|data-form))"
        assert not re.search(rf"<(script|img|svg|a){ours}[ >]", page), path
        assert "49" not in re.findall(r"<h1[^>]*>(.*?)</h1>", page)
    marked = exported(client, document_id, "html").decode()
    assert not re.search(r"<(script|img|svg|a)[ >]", marked)
    for path in (f"/documents/{document_id}/rows", f"/documents/{document_id}/history"):
        assert client.get(path).headers["content-type"] == "application/json"
    for form in ("html", "xliff", "text"):
        answer = client.get(f"/documents/{document_id}/export/{form}")
        assert answer.headers["content-disposition"].startswith("attachment;")


def test_a_body_that_is_no_json_of_ours_is_refused(client: TestClient) -> None:
    for content, kind, status in (
        ("text=a", "application/x-www-form-urlencoded", 415),
        ("{", "application/json", 422),
        ('{"text": "a", "more": 1}', "application/json", 422),
        ('{"text": "\\u0000"}', "application/json", 422),
    ):
        assert client.post("/documents", content=content, headers={"content-type": kind}).status_code == status


def test_no_word_of_a_text_is_in_an_error(client: TestClient, opened: Open) -> None:
    document_id = opened(TEXT)
    answers = [
        decide(client, document_id, {"target": "e0", "verdict": "CANARY"}),
        decide(client, document_id, {"target": "CANARY", "verdict": "accepted"}),
        decide(client, document_id, {"target": "e999", "verdict": "replaced", "text": "CANARY"}),
        client.get(f"/documents/{document_id}/export/CANARY"),
        bring(client, "CANARY.exe", b"CANARY"),
    ]
    assert all(answer.status_code >= 400 for answer in answers)
    assert not any("CANARY" in answer.text for answer in answers)


@pytest.mark.parametrize("name", ["../routes.py", "example.txt", "%2e%2e%2fview.py", "x"])
def test_only_files_of_the_page_are_served(client: TestClient, name: str) -> None:
    assert client.get(f"/static/{name}").status_code == 404


def test_the_example_on_the_page_is_the_shipped_one() -> None:
    page = (ROOT / "app/web/static/example.txt").read_text(encoding="utf-8")
    assert page == (ROOT / "examples/garbled-article.txt").read_text(encoding="utf-8")


# --- when the database is out of reach ---


@pytest.mark.parametrize("error", [ResourceError("gone"), OperationalError("SELECT", {}, Exception("CANARY"))])
def test_a_database_out_of_reach_is_said(
    client: TestClient, opened: Open, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    saved, unsaved = opened(TEXT, keep_days=1), opened(TEXT)

    def fail(*_: object, **__: object) -> None:
        raise error

    for name in ("sentences", "glossaries", "documents", "decide"):
        monkeypatch.setattr(Store, name, fail)
    answers = [client.get("/"), client.get(f"/documents/{saved}/rows")]
    answers.append(decide(client, saved, {"target": "e0", "verdict": "accepted"}))
    for answer in answers:
        assert (answer.status_code, answer.json()["type"]) == (503, "/problems/store-unavailable")
        assert "CANARY" not in answer.text
    assert client.get(f"/documents/{unsaved}").status_code == 200  # it needs no glossary


BROWSER = {"accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}


@pytest.mark.parametrize("path", ["/", "/stats", "/dismissals", "/documents/abc"])
def test_a_browser_is_shown_in_a_page_that_the_database_is_out_of_reach(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    def fail(*_: object) -> None:
        raise OperationalError("select", {}, Exception("gone"))

    monkeypatch.setattr("app.web.desk.Desk.saved", fail)
    answer = client.get(path, headers=BROWSER)
    assert (answer.status_code, answer.headers["content-type"]) == (503, "text/html; charset=utf-8")
    assert "<h1>The database cannot be used</h1>" in answer.text
    assert f'<a href="{path}">Try again</a>' in answer.text
    assert answer.headers["x-request-id"] in answer.text
    assert 'mt_repair_problems_total{problem="store-unavailable"} 1.0' in client.get("/metrics").text
    answer = client.get(path, headers={"accept": "*/*"})
    assert (answer.status_code, answer.headers["content-type"]) == (503, "application/problem+json")


def test_a_stream_waits_for_the_database(client: TestClient, opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    document_id = opened(TEXT, keep_days=1)
    look, failures = Store.sentences, [OperationalError("SELECT", {}, Exception())]

    def fail_once(*arguments: Any) -> Any:
        if failures:
            raise failures.pop()
        return look(*arguments)

    monkeypatch.setattr("app.web.routes._LOOK_S", 0.01)
    monkeypatch.setattr(Store, "sentences", fail_once)
    text = client.get(f"/documents/{document_id}/events").text
    assert "event: gone" not in text
    assert "event: end" in text


# --- when the service is killed ---


def test_a_killed_service_loses_no_decision_and_goes_on_with_its_repairs(settings: Settings) -> None:
    service = Process(settings)
    try:
        page = service.client()
        text = "\n\n".join(["He has went home. She bought a apple there."] * 3000)
        document_id = page.post("/documents", json={"text": text, "keep_days": 1}).json()["id"]
        while not page.get(f"/documents/{document_id}/rows").json()["sentences"]:
            time.sleep(0.05)  # until the first section is there
        for number in range(20):
            body = {
                "seen": 99, "client_id": f"test-change-{number}",
                "decisions": [{"target": "e0", "verdict": "replaced", "text": f"text {number}"}],
            }  # fmt: skip
            assert page.post(f"/documents/{document_id}/decisions", json=body).status_code == 200
        page.close()
    finally:
        service.kill()
    with TestClient(create_app(settings, pipeline())) as client:
        assert rows(client, document_id)["standings"][0]["text"] == "text 19"
        assert rows(client, document_id)["stage"] == "repairing"
        finish(client, document_id)
        wanted = text.replace("has went", "went").replace("a apple", "an apple").replace("went", "text 19", 1)
        assert exported(client, document_id).decode() == wanted
