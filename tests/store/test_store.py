from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from app.core.errors import InputError
from app.core.types import GlossaryEntry, Span, Status, TermKind
from app.store.database import open_engine
from app.store.models import Base, Stage
from app.store.records import NewDocument, NotFoundError, Outcome, Project, Sentence, Threshold, Verdict, Why, Wish
from app.store.store import Store
from tests.store.building import EDITS, SOURCE, add, fresh

ROOT = Path(__file__).resolve().parents[2]


def decide(store: Store, document: str, *wishes: Wish, who: str = "Anna", seen: int = 10**6) -> Outcome:
    return store.decide(document, wishes, who=who, seen=seen, client_id=fresh())


def verdicts(store: Store, document: str) -> dict[str, Verdict]:
    return {s.target: s.verdict for s in store.standings(document)}


def test_a_document_comes_back_as_it_was_stored(store: Store) -> None:
    document = add(store, project="News", original=b"\x00raw", format="docx")
    assert (document.source, document.original, document.project.name) == (SOURCE, b"\x00raw", "News")
    assert (document.stage, document.model, document.kb_version) == (Stage.DONE, "net@1", "2026")
    assert store.edits(document.id) == list(EDITS)
    assert [s.span.of(SOURCE)[:3] for s in store.sentences(document.id)] == ["The", "He ", "All"]


def test_a_section_that_comes_twice_is_stored_once(store: Store) -> None:
    document = add(store)
    assert not store.add_repair(document.id, store.sentences(document.id), EDITS, Span(0, len(SOURCE)))
    assert store.counts(document.id) == (3, 5)


@pytest.mark.parametrize("section", [Span(0, 45), Span(28, 45), Span(30, 45)])
def test_a_section_that_does_not_go_on_from_what_is_there_is_not_stored(store: Store, section: Span) -> None:
    document = store.add_document(NewDocument("A title", SOURCE))
    first = Sentence(0, Span(0, 28), 0, Status.UNCHANGED, 0.9)
    assert store.add_repair(document.id, [first], EDITS[:3], Span(0, 29))
    assert not store.add_repair(document.id, [replace(first, index=1)], [], section)
    assert (store.counts(document.id), store.document(document.id).done_chars) == ((1, 3), 29)


def test_the_list_counts_edits_that_wait_for_a_decision(store: Store) -> None:
    document = add(store)
    decide(store, document.id, Wish("e0", Verdict.ACCEPTED))
    [line] = store.documents()
    assert (line.edits, line.open_edits) == (4, 3)


def test_a_decision_says_who_made_it_and_when(store: Store) -> None:
    document = add(store)
    decide(store, document.id, Wish("e3", Verdict.REJECTED, why=Why.TASTE), who="Berta")
    [standing] = store.standings(document.id)
    assert (standing.who, standing.why, standing.version) == ("Berta", Why.TASTE, 1)
    assert standing.at is not None
    assert datetime.now(UTC) - standing.at < timedelta(minutes=5)


def test_one_edit_of_a_group_decides_all_of_it(store: Store) -> None:
    document = add(store)
    decide(store, document.id, Wish("e1", Verdict.REJECTED))
    assert verdicts(store, document.id) == {"e1": Verdict.REJECTED, "e2": Verdict.REJECTED}


def test_the_same_request_sent_again_makes_one_change(store: Store) -> None:
    document = add(store)
    wishes = [Wish("e3", Verdict.ACCEPTED)]
    first = store.decide(document.id, wishes, who="Anna", seen=0, client_id="once")
    assert store.decide(document.id, wishes, who="Anna", seen=0, client_id="once") == first
    assert store.document(document.id).version == 1


def test_a_decision_against_one_not_seen_is_shown_and_kept(store: Store) -> None:
    document = add(store)
    decide(store, document.id, Wish("e3", Verdict.ACCEPTED), who="Anna", seen=0)
    outcome = decide(store, document.id, Wish("e3", Verdict.REJECTED), who="Berta", seen=0)
    [conflict] = outcome.conflicts
    assert (conflict.wish.verdict, conflict.standing.who) == (Verdict.REJECTED, "Anna")
    assert verdicts(store, document.id)["e3"] is Verdict.ACCEPTED
    assert store.history(document.id)[0].conflicts == 1


def test_a_decision_against_one_that_was_seen_holds(store: Store) -> None:
    document = add(store)
    first = decide(store, document.id, Wish("e3", Verdict.ACCEPTED), who="Anna", seen=0)
    outcome = decide(store, document.id, Wish("e3", Verdict.REJECTED), who="Berta", seen=first.version)
    assert not outcome.conflicts
    assert verdicts(store, document.id)["e3"] is Verdict.REJECTED


def test_two_editors_who_agree_have_no_conflict(store: Store) -> None:
    document = add(store)
    decide(store, document.id, Wish("e3", Verdict.ACCEPTED), who="Anna", seen=0)
    assert not decide(store, document.id, Wish("e3", Verdict.ACCEPTED), who="Berta", seen=0).conflicts


def test_undo_and_redo_go_all_the_way_back_and_forth(store: Store) -> None:
    document = add(store)
    states = [verdicts(store, document.id)]
    for target, verdict in (("e0", Verdict.ACCEPTED), ("e3", Verdict.REJECTED), ("e0", Verdict.REJECTED)):
        decide(store, document.id, Wish(target, verdict))
        states.append(verdicts(store, document.id))

    def decided() -> dict[str, Verdict]:
        return {t: v for t, v in verdicts(store, document.id).items() if v is not Verdict.OPEN}

    for state in reversed(states[:-1]):
        assert store.undo(document.id, who="Anna", client_id=fresh()) is not None
        assert decided() == state
    assert store.undo(document.id, who="Anna", client_id=fresh()) is None
    for state in states[1:]:
        assert store.redo(document.id, who="Anna", client_id=fresh()) is not None
        assert decided() == state
    assert store.redo(document.id, who="Anna", client_id=fresh()) is None


def test_a_new_decision_ends_what_could_be_redone(store: Store) -> None:
    document = add(store)
    decide(store, document.id, Wish("e0", Verdict.ACCEPTED))
    store.undo(document.id, who="Anna", client_id=fresh())
    decide(store, document.id, Wish("e3", Verdict.ACCEPTED))
    assert store.redo(document.id, who="Anna", client_id=fresh()) is None


def test_undo_leaves_alone_what_another_editor_changed_since(store: Store) -> None:
    document = add(store)
    decide(store, document.id, Wish("e0", Verdict.ACCEPTED), Wish("e3", Verdict.ACCEPTED), who="Anna")
    decide(store, document.id, Wish("e3", Verdict.REJECTED), who="Berta")
    outcome = store.undo(document.id, who="Anna", client_id=fresh())
    assert outcome is not None
    assert [c.wish.target for c in outcome.conflicts] == ["e3"]
    assert verdicts(store, document.id) == {"e0": Verdict.OPEN, "e3": Verdict.REJECTED}


@pytest.mark.parametrize(
    "wish",
    [
        Wish("e0", Verdict.CONFIRMED),
        Wish("s0", Verdict.ACCEPTED),
        Wish("e0", Verdict.REPLACED),
        Wish("e0", Verdict.ACCEPTED, "text"),
        Wish("e99", Verdict.ACCEPTED),
        Wish("x1", Verdict.ACCEPTED),
        Wish("e", Verdict.ACCEPTED),
        Wish("e1x", Verdict.ACCEPTED),
    ],
)
def test_a_decision_that_makes_no_sense_changes_nothing(store: Store, wish: Wish) -> None:
    document = add(store)
    with pytest.raises(InputError):
        decide(store, document.id, Wish("e3", Verdict.ACCEPTED), wish)
    assert store.standings(document.id) == []


def test_decisions_since_a_version_are_those_that_another_page_has_to_learn(store: Store) -> None:
    document = add(store)
    first = decide(store, document.id, Wish("e0", Verdict.ACCEPTED))
    decide(store, document.id, Wish("e3", Verdict.ACCEPTED))
    assert [s.target for s in store.standings(document.id, since=first.version)] == ["e3"]


def test_editors_who_decide_at_the_same_time_lose_nothing(store: Store) -> None:
    document = add(store)

    def work(who: str) -> None:
        for _ in range(10):
            decide(store, document.id, Wish("e0", Verdict.ACCEPTED), who=who)

    threads = [threading.Thread(target=work, args=(who,)) for who in ("Anna", "Berta", "Carl")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [c.version for c in store.history(document.id)] == list(range(30, 0, -1))


def test_a_deleted_document_leaves_no_row_behind(store: Store, database_url: str) -> None:
    document = add(store)
    decide(store, document.id, Wish("e0", Verdict.ACCEPTED))
    store.dismiss(EDITS[3], document_id=document.id, who="Anna")
    store.delete_document(document.id)
    with pytest.raises(NotFoundError):
        store.document(document.id)
    engine = open_engine(database_url)
    with engine.connect() as connection:
        for name, table in Base.metadata.tables.items():
            if name != "project":
                assert connection.execute(table.select()).all() == []
    engine.dispose()


CANARY = "CANARY-1234567890"


def _delete_document(store: Store) -> None:
    store.delete_document(add(store, original=CANARY.encode() * 400).id)


def _delete_expired(store: Store) -> None:
    store.keep_until(add(store, original=CANARY.encode() * 400).id, datetime.now(UTC) - timedelta(days=1))
    store.delete_expired()


def _term(store: Store) -> Project:
    project = store.project("News")
    store.put_term(project, "Pariss", CANARY, kind="replace", case_sensitive=False, who="Anna")
    return project


def _replace_term(store: Store) -> None:
    store.put_term(_term(store), "Pariss", "Paris", kind="replace", case_sensitive=False, who="Anna")


def _delete_term(store: Store) -> None:
    store.delete_term(store.terms(_term(store))[0].id)


def _replace_glossary(store: Store) -> None:
    _term(store)
    store.put_glossary("News", [], who="Anna")


def _delete_glossary(store: Store) -> None:
    _term(store)
    store.delete_glossary("News")


@pytest.mark.parametrize(
    "put_and_delete",
    [_delete_document, _delete_expired, _replace_term, _delete_term, _replace_glossary, _delete_glossary],
)
def test_deleted_text_is_gone_from_the_files_of_sqlite(tmp_path: Path, put_and_delete: Callable[[Store], None]) -> None:
    store = Store.open(f"sqlite:///{tmp_path / 'd.sqlite3'}")
    put_and_delete(store)
    assert not any(CANARY.encode() in file.read_bytes() for file in tmp_path.iterdir())
    store.close()


def test_an_expired_document_is_not_shown_and_then_deleted(store: Store) -> None:
    now = datetime.now(UTC)
    old, kept = add(store), add(store, expires_at=now + timedelta(days=1))
    store.keep_until(old.id, now - timedelta(seconds=1))
    assert [line.id for line in store.documents()] == [kept.id]
    with pytest.raises(NotFoundError):
        store.document(old.id)
    assert store.delete_expired() == 1
    assert store.delete_expired() == 0


def test_a_dismissal_holds_as_far_as_it_reaches(store: Store) -> None:
    here, neighbour, elsewhere = add(store), add(store), add(store, project="Other")
    store.dismiss(EDITS[0], document_id=here.id, who="Anna")
    store.dismiss(EDITS[1], project_id=here.project.id, who="Anna")
    store.dismiss(EDITS[3], who="Anna")

    def rules(document_id: str) -> list[str]:
        return [d.rule for d in store.dismissals(store.document(document_id))]

    assert rules(here.id) == ["MTR_DOUBLED_WORD", "MTR_NAME_ENTITY", "MTR_MODEL_SPELLING"]
    assert rules(neighbour.id) == ["MTR_NAME_ENTITY", "MTR_MODEL_SPELLING"]
    assert rules(elsewhere.id) == ["MTR_MODEL_SPELLING"]


def test_a_dismissal_covers_that_suggestion_and_no_other(store: Store) -> None:
    dismissal = store.dismiss(EDITS[3], who="Anna")
    assert [dismissal.covers(edit) for edit in EDITS] == [False, False, False, True, False]


def test_a_dismissed_comma_is_dismissed_at_its_place_alone(store: Store) -> None:
    comma = replace(EDITS[2], original="", replacement=",", span=Span(8, 8), context="here")
    dismissal = store.dismiss(comma, who="Anna")
    assert dismissal.covers(comma)
    assert not dismissal.covers(replace(comma, context="there"))


def test_a_dismissal_can_be_reversed_once(store: Store) -> None:
    dismissal = store.dismiss(EDITS[3], who="Anna")
    store.reverse_dismissal(dismissal.id)
    assert store.dismissals() == []
    with pytest.raises(NotFoundError):
        store.reverse_dismissal(dismissal.id)


@pytest.mark.parametrize("reach", ["document", "project", "always"])
def test_what_is_dismissed_twice_is_one_dismissal_until_it_is_reversed(store: Store, reach: str) -> None:
    document = add(store)
    ids = {"document": {"document_id": document.id}, "project": {"project_id": document.project.id}}.get(reach, {})
    first = store.dismiss(EDITS[3], who="Anna", **ids)
    assert store.dismiss(EDITS[3], who="Anna", **ids) == first
    store.dismiss(EDITS[0], who="Anna", **ids)
    assert len(store.dismissals()) == 2
    store.reverse_dismissal(first.id)
    assert store.dismiss(EDITS[3], who="Anna", **ids).id != first.id


def test_to_look_for_a_project_makes_none(store: Store) -> None:
    assert store.find_project("News") is None
    assert store.projects() == []
    made = store.project("News")
    assert store.find_project(" News ") == made


def test_a_glossary_has_one_term_for_a_source(store: Store) -> None:
    project = store.project("News")
    for target in ("Paris", "Paris (France)"):
        store.put_term(project, "Pariss", target, kind="replace", case_sensitive=False, who="Anna")
    [term] = store.terms(project)
    assert term.target == "Paris (France)"
    store.delete_term(term.id)
    assert store.terms(project) == []


def test_decided_edits_are_counted_with_their_confidence(store: Store) -> None:
    document = add(store)
    decide(store, document.id, Wish("e0", Verdict.ACCEPTED), Wish("e3", Verdict.REJECTED, why=Why.TASTE))
    found = {(j.kind.value, j.verdict, j.why, j.confidence) for j in store.judged()}
    assert found == {("repetition", Verdict.ACCEPTED, Why.UNSAID, 0.99), ("spelling", Verdict.REJECTED, Why.TASTE, 0.6)}


def test_thresholds_replace_one_another(store: Store) -> None:
    first, second = (Threshold(EDITS[n].origin, EDITS[n].kind, 0.7, 50, 0.9) for n in (0, 1))
    store.set_thresholds([first])
    store.set_thresholds([second])
    assert store.thresholds() == [second]


def test_a_document_in_memory_is_saved_with_its_decisions_and_can_still_be_undone(store: Store) -> None:
    memory = Store.in_memory()
    document = add(memory, project="News")
    decide(memory, document.id, Wish("e3", Verdict.ACCEPTED))
    memory.dismiss(EDITS[0], document_id=document.id, who="Anna")
    saved = memory.copy_document(document.id, store, None)
    assert (saved.source, saved.project.name, saved.version) == (SOURCE, "News", 1)
    assert store.edits(saved.id) == memory.edits(document.id)
    assert verdicts(store, saved.id) == {"e3": Verdict.ACCEPTED}
    assert len(store.dismissals(saved)) == 1
    assert store.undo(saved.id, who="Anna", client_id=fresh()) is not None


_WRITER = """
import sys
from app.store.records import Verdict, Wish
from app.store.store import Store
from tests.store.building import add
store = Store.open(sys.argv[1])
document = add(store)
print(document.id, flush=True)
for n in range(100000):
    wish = Wish("e0", Verdict.REPLACED, f"text {n}")
    store.decide(document.id, [wish], who="Anna", seen=n, client_id=str(n))
    print(n, flush=True)
"""


def test_no_decision_that_was_acknowledged_is_lost_when_the_process_is_killed(database_url: str) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", _WRITER, database_url], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    document_id = process.stdout.readline().strip()
    for _ in range(25):
        process.stdout.readline()
    process.send_signal(signal.SIGKILL)
    rest = process.stdout.read().split("\n")
    process.stdout.close()
    process.wait()
    acknowledged = 25 + sum(line.isdigit() for line in rest)
    store = Store.open(database_url)
    versions = [change.version for change in store.history(document_id, limit=10**6)]
    [standing] = store.standings(document_id)
    store.close()
    # One more may have been written whose acknowledgement nobody heard.
    assert len(versions) in (acknowledged, acknowledged + 1)
    assert standing.text == f"text {len(versions) - 1}"


def test_a_glossary_is_kept_replaced_and_deleted_whole(store: Store) -> None:
    assert store.glossaries() == []
    entries = [GlossaryEntry("b", "c"), GlossaryEntry("a", kind=TermKind.KEEP, case_sensitive=True), GlossaryEntry("b")]
    assert store.put_glossary("house", entries, who="Ann") == 2
    found = store.glossary("house")
    assert [(t.source, t.target, t.kind, t.case_sensitive, t.who) for t in found] == [
        ("b", "c", "replace", False, "Ann"), ("a", "", "keep", True, "Ann"),
    ]  # fmt: skip
    assert [(g.name, g.terms) for g in store.glossaries()] == [("house", 2)]
    before = store.glossary_changed_at("house")
    store.delete_term(found[0].id)
    assert store.glossary_changed_at("house") > before
    assert store.put_glossary("house", [], who="Ann") == 0
    assert [(g.name, g.terms) for g in store.glossaries()] == [("house", 0)]
    store.put_glossary("house", entries, who="Ann")
    store.delete_glossary("house")
    assert store.glossaries() == []
    for ask in (store.glossary, store.glossary_changed_at, store.delete_glossary):
        with pytest.raises(NotFoundError):
            ask("house")
    assert [project.name for project in store.projects()] == ["house"]  # its documents and dismissals stay


def test_documents_are_found_by_their_text(store: Store) -> None:
    first, second = add(store), add(store)
    assert set(store.documents_of(first.sha256)) == {first.id, second.id}
    assert store.documents_of("0" * 64) == []
    store.keep_until(first.id, datetime.now(UTC) - timedelta(days=1))
    assert store.documents_of(first.sha256) == [second.id]


def test_the_first_to_use_a_project_or_glossary_need_not_be_alone(store: Store) -> None:
    workers = 12
    together = threading.Barrier(workers)
    terms = [GlossaryEntry(f"wrong {i}", f"right {i}") for i in range(20)]

    def use(number: int) -> None:
        for kind in range(3):
            together.wait(30)
            match kind:
                case 0:
                    store.put_glossary("house", terms, who=f"editor {number}")
                case 1:
                    words = store.project("words")
                    store.put_term(words, f"w{number % 6}", "", kind="keep", case_sensitive=False, who="")
                case _:
                    store.add_document(NewDocument("title", SOURCE, project="news"))

    with ThreadPoolExecutor(workers) as pool:
        for made in [pool.submit(use, number) for number in range(workers)]:
            made.result()
    assert [term.source for term in store.glossary("house")] == [entry.source for entry in terms]
    assert [term.source for term in store.terms(store.project("words"))] == [f"w{i}" for i in range(6)]
    assert sorted(project.name for project in store.projects()) == ["house", "news", "words"]


def test_what_two_delete_at_once_one_of_them_deletes(store: Store) -> None:
    workers = 6
    together = threading.Barrier(workers)
    store.put_glossary("house", [GlossaryEntry("wrong", "right")], who="Ann")
    (term,) = store.glossary("house")

    def delete(_number: int) -> int:
        deleted = 0
        for ask in (partial(store.delete_term, term.id), partial(store.delete_glossary, "house")):
            together.wait(30)
            with contextlib.suppress(NotFoundError):
                ask()
                deleted += 1
        return deleted

    with ThreadPoolExecutor(workers) as pool:
        assert sum(pool.map(delete, range(workers))) == 2
