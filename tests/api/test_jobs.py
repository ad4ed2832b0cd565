from __future__ import annotations

import io
import json
import re
import threading
import time
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text as sql
from starlette.testclient import TestClient

from app.api.auth import hash_key
from app.api.job_files import DOCX
from app.api.main import create_app
from app.core.types import DocumentRepair, RepairOptions
from app.serving.processes import MOST_LOSSES, LostError
from app.settings import Settings
from app.store.jobs import JobState, JobStore, NewJob, OtherBodyError
from tests.api.engines import WilfulEngine
from tests.web.test_routes import KEPT_HTML, KEPT_MARKDOWN

PARAGRAPH = "The the minister has went home. 🌊 He gave informations , and left ..\n\n"
LONG = PARAGRAPH * 600  # of several sections


@pytest.fixture
def engine() -> WilfulEngine:
    return WilfulEngine()


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'jobs.sqlite3'}"


@pytest.fixture
def client(engine: WilfulEngine, url: str) -> Iterator[TestClient]:
    with TestClient(create_app(Settings(database_url=url), engine)) as running:
        yield running
        engine.gate.set()


def submit(client: TestClient, **body: Any) -> str:
    response = client.post("/v1/jobs", json=body)
    assert response.status_code == 202, response.text
    assert response.headers["location"] == f"/v1/jobs/{response.json()['id']}"
    return str(response.headers["location"])


_FROM = {"running": ("running", "done"), "done": ("done",), "failed": ("failed",)}


def wait_for(client: TestClient, place: str, state: str, done_chars: int = 0) -> dict[str, Any]:
    end = time.monotonic() + 30
    while True:
        job: dict[str, Any] = client.get(place).json()
        if job.get("state") in _FROM[state] and job["done_chars"] >= done_chars:
            return job
        assert time.monotonic() < end, job
        threading.Event().wait(0.01)


def test_a_job_gives_what_a_request_gives(client: TestClient) -> None:
    options = {"offset_unit": "utf16", "glossary": {"entries": [{"source": "informations", "kind": "keep"}]}}
    whole = client.post("/repair", json={"text": PARAGRAPH, **options}).json()
    place = submit(client, text=PARAGRAPH, **options)
    job = wait_for(client, place, "done")
    assert (job["progress"], job["chars"], job["done_chars"]) == (1.0, len(PARAGRAPH), len(PARAGRAPH))
    result = client.get(f"{place}/result").json()
    for name in ("text", "status", "sentences", "edits", "rejected", "glossary_report", "garble", "model", "kb"):
        assert result[name] == whole[name], name
    assert client.get(f"{place}/result?format=text").text == whole["text"]
    lines = [json.loads(line) for line in client.get(f"{place}/result?format=ndjson").text.splitlines()]
    assert [line["sentence"] for line in lines] == whole["sentences"]


def test_a_job_may_have_markup(client: TestClient) -> None:
    annotation = [{"markup": "<b>"}, {"text": "The the minister"}, {"markup": "</b>"}, {"text": " has went."}]
    place = submit(client, annotation=annotation)
    wait_for(client, place, "done")
    assert client.get(f"{place}/result?format=text").text == "<b>The minister</b> went."


def test_a_text_too_long_for_a_request_is_taken(client: TestClient) -> None:
    text = PARAGRAPH * 1600
    assert client.post("/repair", json={"text": text}).status_code == 413
    place = submit(client, text=text)
    wait_for(client, place, "done")
    assert (
        client.get(f"{place}/result?format=text").text
        == client.post("/repair", json={"text": PARAGRAPH}).json()["text"] * 1600
    )


def test_progress_is_seen_and_a_result_that_is_not_there_is_a_conflict(
    client: TestClient, engine: WilfulEngine
) -> None:
    engine.gate.clear()
    place = submit(client, text=LONG)
    wait_for(client, place, "running")
    refused = client.get(f"{place}/result")
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/job-not-done")
    engine.gate.set()
    wait_for(client, place, "done")


def test_what_is_wrong_is_said_when_the_job_is_given(client: TestClient) -> None:
    for body, status in (
        ({"text": "a", "colour": 1}, 422), ({}, 422), ({"text": "a", "language": "de"}, 422),
        ({"text": "a" * 2_000_001}, 413), ({"text": "a", "protect": {"spans": [{"start": 5, "end": 9}]}}, 422),
    ):  # fmt: skip
        assert client.post("/v1/jobs", json=body).status_code == status


def test_a_job_that_was_interrupted_goes_on_where_it_stood(url: str) -> None:
    expected = None
    first, second = WilfulEngine(), WilfulEngine()
    with TestClient(create_app(Settings(database_url=url), first)) as client:
        expected = client.post("/repair", json={"text": LONG}).json()["text"]
        place = submit(client, text=LONG)
        wait_for(client, place, "running", done_chars=1)
    # stopped in the middle, or done just before: what a stop leaves is taken up by the next process at once
    count = 0

    class Counting(WilfulEngine):
        def repair(self, text: str, options: Any = None) -> Any:
            nonlocal count
            count += len(text)
            return second.repair(text, options)

    store = JobStore.open(url)
    done = store.get("", place.rpartition("/")[2]).done_chars
    store.close()
    with TestClient(create_app(Settings(database_url=url), Counting())) as client:
        count = 0
        wait_for(client, place, "done")
        assert client.get(f"{place}/result?format=text").text == expected
    assert done > 0
    assert count == len(LONG) - done  # nothing was repaired twice


def test_deleting_ends_a_job_and_all_of_its_text(client: TestClient, engine: WilfulEngine, url: str) -> None:
    engine.gate.clear()
    engine.entered.clear()
    place = submit(client, text=LONG)
    assert engine.entered.wait(30)
    assert client.delete(place).status_code == 204
    engine.gate.set()
    for path in (place, f"{place}/result"):
        assert client.get(path).status_code == 404
    assert client.delete(place).status_code == 404
    after = submit(client, text="The the end.")
    wait_for(client, after, "done")  # the worker lives
    store = JobStore.open(url)
    assert store.parts(place.rpartition("/")[2]) == []
    store.close()


def test_a_job_that_was_deleted_ends_no_second_process(
    client: TestClient, engine: WilfulEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.api.deps._RETRY_S", 0.0)
    tried: list[str] = []
    place = ""

    def repair(text: str, _options: RepairOptions | None = None) -> DocumentRepair:
        tried.append(text)
        assert engine.gate.wait(30)
        raise LostError("the process ended")

    engine.gate.clear()
    with monkeypatch.context() as lost:
        lost.setattr(engine, "repair", repair)
        place = submit(client, text="The the end.")
        while not tried:
            threading.Event().wait(0.01)
        assert client.delete(place).status_code == 204
        engine.gate.set()
        second = submit(client, text="It ends, too.")
        assert wait_for(client, second, "failed")["reason"] == "interrupted"
    assert tried == ["The the end."] + ["It ends, too."] * MOST_LOSSES
    wait_for(client, submit(client, text="The the end."), "done")


def test_a_job_that_fails_says_so_without_its_text(client: TestClient, engine: WilfulEngine) -> None:
    engine.error = ValueError("Zw4nary")
    place = submit(client, text="Zw4nary speaks.")
    job = wait_for(client, place, "failed")
    assert job["reason"] == "internal-error"
    assert "Zw4nary" not in json.dumps(job)
    engine.error = None
    wait_for(client, submit(client, text="The the end."), "done")


def test_an_expired_job_is_gone(url: str, client: TestClient) -> None:
    store = JobStore.open(url)
    job = store.add(NewJob("", {}, "Zw4nary"), timedelta(seconds=-1), 10)
    assert job is not None
    assert client.get(f"/v1/jobs/{job.id}").status_code == 404
    assert store.claim("worker") is None
    assert store.delete_expired() <= 1
    store.close()


def test_a_key_sees_its_own_jobs_alone_and_has_a_number_of_them(tmp_path: Path, url: str) -> None:
    path = tmp_path / "keys.txt"
    path.write_text(f"a {hash_key('mtr_a')}\nb {hash_key('mtr_b')}\n")
    a, b = {"Authorization": "Bearer mtr_a"}, {"Authorization": "Bearer mtr_b"}
    settings = Settings(database_url=url, api_keys=path, max_jobs=1)
    with TestClient(create_app(settings, WilfulEngine())) as client:
        place = client.post("/v1/jobs", json={"text": "Fine."}, headers=a).headers["location"]
        assert client.get(place, headers=a).status_code == 200
        assert client.get(place, headers=b).status_code == 404
        assert client.delete(place, headers=b).status_code == 404
        assert client.post("/v1/jobs", json={"text": "Fine."}, headers=a).status_code == 503
        assert client.post("/v1/jobs", json={"text": "Fine."}, headers=b).status_code == 202


def test_without_its_store_a_job_is_refused_and_everything_else_goes_on(client: TestClient, url: str) -> None:
    place = submit(client, text="Fine.")
    wait_for(client, place, "done")
    store = JobStore.open(url)
    with store._engine.begin() as connection:
        for table in ("job_part", "job"):
            connection.execute(sql(f"DROP TABLE {table}"))
    store.close()
    for response in (client.post("/v1/jobs", json={"text": "Fine."}), client.get(place)):
        assert (response.status_code, response.json()["type"]) == (503, "/problems/store-unavailable")
    assert client.post("/repair", json={"text": "Fine."}).status_code == 200


def test_looking_for_a_job_makes_no_database(client: TestClient, tmp_path: Path) -> None:
    assert client.get("/v1/jobs/none").status_code == 404
    assert not list(tmp_path.iterdir())


# --- files ---

FILES: dict[str, tuple[str, str]] = {
    "text/plain": ("The the minister has went home .\n", "The minister went home.\n"),
    "text/markdown": ("# News\n\nThe the **minister** has went home .\n", "# News\n\nThe **minister** went home.\n"),
    "text/html": ("<p>The the <b>minister</b> has went home .</p>", "<p>The <b>minister</b> went home.</p>"),
    "application/x-ndjson": (
        '{"id": 7, "text": "The the end."}\n{"id":8}\n\n{"id": 9, "text": "Sound text."}\n{"text": "A apple.\\n"}\n',
        '{"id": 7, "text": "The end."}\n{"id":8}\n\n{"id": 9, "text": "Sound text."}\n{"text": "A apple.\\n"}\n',
    ),
}  # fmt: skip


def send_file(client: TestClient, data: bytes, kind: str, **query: str) -> str:
    response = client.post("/v1/jobs", content=data, headers={"Content-Type": kind}, params=query)
    assert response.status_code == 202, response.text
    return str(response.headers["location"])


@pytest.mark.parametrize("kind", list(FILES))
def test_a_file_comes_back_as_the_kind_that_it_was(client: TestClient, kind: str) -> None:
    given, expected = FILES[kind]
    place = send_file(client, given.encode(), f"{kind}; charset=utf-8")
    wait_for(client, place, "done")
    result = client.get(f"{place}/result?format=file")
    assert (result.text, result.headers["content-type"].partition(";")[0]) == (expected, kind)


def test_in_a_file_a_group_is_made_whole_or_not_at_all(client: TestClient) -> None:
    given = "<p>In the fifth century, v. <b>Chr</b>. the the town was burnt in the sixth century, v. Chr. by him.</p>"
    place = send_file(client, given.encode(), "text/html")
    wait_for(client, place, "done")
    expected = given.replace("the the", "the").replace("sixth century, v. Chr.", "sixth century BC")
    assert client.get(f"{place}/result?format=file").text == expected
    assert "fifth century BC the town" in client.get(f"{place}/result?format=text").text


@pytest.mark.parametrize(("kind", "given"), [("text/html", KEPT_HTML), ("text/markdown", KEPT_MARKDOWN)])
@pytest.mark.parametrize("copies", [1, 120])  # of one section, of several
def test_what_a_file_says_to_leave_alone_stays(client: TestClient, kind: str, given: str, copies: int) -> None:
    options = '{"protect": {"builtin": [], "spans": [{"start": 0, "end": 1}]}}'
    place = send_file(client, (given * copies).encode(), kind, options=options)
    wait_for(client, place, "done")
    assert client.get(f"{place}/result?format=file").text == (given * copies).replace("has went", "went")


@pytest.mark.parametrize("kind", list(FILES))
def test_the_byte_order_mark_of_a_file_stays(client: TestClient, kind: str) -> None:
    given, expected = FILES[kind]
    place = send_file(client, given.encode("utf-8-sig"), kind)
    wait_for(client, place, "done")
    assert client.get(f"{place}/result?format=file").content == expected.encode("utf-8-sig")
    assert not client.get(f"{place}/result?format=text").text.startswith("\ufeff")


def test_of_a_row_nothing_but_its_text_changes(client: TestClient) -> None:
    rows = (
        '\ufeff{"id":1,"big":1e400,"price":0.10,"n":12345678901234567.890123,"a":1,"a":2,"text":"The the end."}\r\n'
        '\r\n {"text": "no", "é":"\\u00e9" , "text" : "The the \\ud83c\\udf0a."} \n{"text":"Fine \\u0022end\\u0022."}'
    )
    place = send_file(client, rows.encode(), "application/x-ndjson")
    wait_for(client, place, "done")
    expected = rows.replace("The the", "The").replace("\\ud83c\\udf0a", "🌊")
    assert client.get(f"{place}/result?format=file").content.decode() == expected


def test_a_bad_row_is_named_by_its_line(client: TestClient) -> None:
    answer = client.post("/v1/jobs", content=b'{"id": 1}\n\n{"text": 7}', headers={"Content-Type": "application/jsonl"})
    assert answer.json()["detail"].startswith("Line 3: ")


def test_a_word_document_comes_back_with_tracked_changes(client: TestClient) -> None:
    from app.formats.docx import Revisions, read_docx, write_docx

    data = write_docx("The the minister has went home.", (), Revisions("x", datetime(2026, 1, 1, tzinfo=UTC)))
    place = send_file(client, data, DOCX)
    assert wait_for(client, place, "done")["format"] == "docx"
    result = client.get(f"{place}/result?format=file")
    assert result.headers["content-type"] == DOCX
    with zipfile.ZipFile(io.BytesIO(result.content)) as archive:
        shown = archive.read("word/document.xml").decode()
    assert "<w:ins " in shown
    assert "<w:del " in shown
    assert client.get(f"{place}/result?format=text").text.strip() == "The minister went home."
    assert read_docx(result.content).text


def test_options_come_with_a_file(client: TestClient) -> None:
    options = {"mode": "detect_only", "offset_unit": "utf16"}
    place = send_file(client, "🌊 The the end.".encode(), "text/plain", options=json.dumps(options))
    wait_for(client, place, "done")
    assert client.get(f"{place}/result?format=file").text == "🌊 The the end."
    assert client.get(f"{place}/result").json()["offset_unit"] == "utf16"
    place = send_file(client, "🌊 The the end.".encode(), "text/plain", options='{"offset_unit": "utf16"}')
    wait_for(client, place, "done")
    assert client.get(f"{place}/result?format=file").text == "🌊 The end."


@pytest.mark.parametrize(
    ("options", "status", "says"),
    [
        ("zz", 400, "`options` stops being JSON"),
        ("[" * 40, 400, "`options` may be nested"),
        ('{"disabled_rules": ["MTR_REPEATED_WORDS"]}', 422, "did you mean `MTR_REPEATED_WORD`"),
    ],
)
def test_wrong_options_of_a_file_are_said_of_the_options(
    client: TestClient, options: str, status: int, says: str
) -> None:
    answer = client.post(
        "/v1/jobs", params={"options": options}, content=b"Fine.", headers={"Content-Type": "text/plain"}
    )
    assert (answer.status_code, says in answer.json()["detail"]) == (status, True), answer.text


@pytest.mark.parametrize("kind", ["application/pdf", "text/csv"])
def test_of_a_file_that_is_not_taken_the_kinds_that_are_are_named(client: TestClient, kind: str) -> None:
    answer = client.post("/v1/jobs", content=b"x", headers={"Content-Type": kind})
    assert answer.status_code == 415
    assert {"application/json", "text/plain", DOCX} <= set(re.findall(r"[a-z-]+/[\w.-]+", answer.json()["detail"]))


@pytest.mark.parametrize("kind", ["text/plain", "text/markdown", "text/html"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_a_byte_order_mark_stays_and_is_no_text(client: TestClient, kind: str, mark: str) -> None:
    place = send_file(client, f"{mark}The the end.\n".encode(), kind)
    wait_for(client, place, "done")
    assert client.get(f"{place}/result?format=file").content.decode() == f"{mark}The end.\n"
    assert client.get(f"{place}/result").json()["edits"][0]["start"] == 3


def test_each_row_is_a_document_of_its_own_and_a_job_of_rows_goes_on(url: str) -> None:
    rows = [f"The the row number {i} has went home. 🌊" for i in range(40)]
    data = "".join(json.dumps({"text": row, "n": i}) + "\n" for i, row in enumerate(rows)).encode()
    seen: list[str] = []

    class Seeing(WilfulEngine):
        def repair(self, text: str, options: Any = None) -> Any:
            seen.append(text)
            return super().repair(text, options)

    with TestClient(create_app(Settings(database_url=url), Seeing())) as client:
        place = send_file(client, data, "application/x-ndjson")
        wait_for(client, place, "running", done_chars=1)
    with TestClient(create_app(Settings(database_url=url), Seeing())) as client:
        wait_for(client, place, "done")
        lines = client.get(f"{place}/result?format=file").text.splitlines()
    assert [json.loads(line) for line in lines] == [
        {"text": row.replace("The the", "The").replace("has went", "went"), "n": i} for i, row in enumerate(rows)
    ]
    # A row that was under way at the stop may be read again; none that was done is.
    assert [text for text, _ in groupby(text for text in seen if "row number" in text)] == [f"{row}\n" for row in rows]


@pytest.mark.parametrize(
    ("kind", "data", "query", "status"),
    [
        ("application/zip", b"PK", {}, 415), (DOCX, b"PK no such thing", {}, 422), ("text/plain", b"\xff", {}, 422),
        ("application/x-ndjson", b"{", {}, 400), ("application/x-ndjson", b'{"text": 7}', {}, 422),
        ("text/plain", b"a", {"options": "7"}, 422), ("text/plain", b"a", {"options": '{"text": "b"}'}, 422),
        ("text/plain", b"a", {"options": '{"colour": 1}'}, 422), ("text/plain", b"a", {"options": "{"}, 400),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_read_is_refused(
    client: TestClient, kind: str, data: bytes, query: dict[str, str], status: int
) -> None:
    response = client.post("/v1/jobs", content=data, headers={"Content-Type": kind}, params=query)
    assert (response.status_code, response.headers["content-type"]) == (status, "application/problem+json")


# --- sent twice ---


def test_a_job_sent_again_under_its_key_is_the_same_job(client: TestClient) -> None:
    def send(text: str, key: str) -> Any:
        return client.post("/v1/jobs", json={"text": text}, headers={"Idempotency-Key": key})

    first, again, other = send("The the end.", "a-1"), send("The the end.", "a-1"), send("The the end.", "a-2")
    assert [r.status_code for r in (first, again, other)] == [202] * 3
    assert first.json()["id"] == again.json()["id"] != other.json()["id"]
    wrong = send("Another end.", "a-1")
    assert (wrong.status_code, wrong.json()["type"]) == (422, "/problems/idempotency-mismatch")
    file = client.post(
        "/v1/jobs", content=b"The the end.", headers={"Idempotency-Key": "a-1", "Content-Type": "text/plain"}
    )
    assert file.status_code == 422
    place = f"/v1/jobs/{first.json()['id']}"
    wait_for(client, place, "done")
    assert send("The the end.", "a-1").json()["state"] == "done"
    assert client.delete(place).status_code == 204
    assert send("Another end.", "a-1").status_code == 202  # the key went with the job


def test_a_job_sent_twice_at_once_is_taken_once(url: str) -> None:
    store = JobStore.open(url)

    def add(_: int) -> str:
        job = store.add(NewJob("", {}, "text", idempotency_key="k", body=b"b"), timedelta(hours=1), 10)
        assert job is not None
        return job.id

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(add, range(16)))) == 1
    store.close()


def test_a_key_is_its_owner_s_and_ends_with_its_job(url: str) -> None:
    store = JobStore.open(url)

    def add(owner: str, body: bytes, hours: int = 1) -> str:
        job = store.add(NewJob(owner, {}, "text", idempotency_key="k", body=body), timedelta(hours=hours), 10)
        assert job is not None
        return job.id

    one, other = add("a", b"1"), add("b", b"2")
    assert one != other
    with pytest.raises(OtherBodyError):
        add("a", b"2")
    expired = add("c", b"1", hours=-1)
    assert add("c", b"2") != expired
    store.close()


# --- the store ---


def test_a_job_is_one_worker_s_at_a_time_and_another_s_once_that_is_silent(url: str) -> None:
    store, silent = JobStore.open(url), JobStore.open(url, lease_s=-1)
    job = store.add(NewJob("", {}, "text"), timedelta(hours=1), 10)
    assert job is not None
    assert store.claim("one") is not None
    assert store.claim("two") is None
    store.release("one")
    assert silent.claim("two") is not None  # with a lease that is over already
    taken = store.claim("three")
    assert taken is not None
    assert taken.id == job.id
    assert not store.add_part("two", job.id, 4, {})
    assert not store.renew("two", job.id)
    assert store.add_part("three", job.id, 4, {"a": 1})
    store.finish("three", job.id, JobState.DONE)
    assert (store.get("", job.id).state, store.parts(job.id)) == (JobState.DONE, [{"a": 1}])
    assert store.claim("one") is None
    store.close()
    silent.close()
