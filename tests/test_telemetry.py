from __future__ import annotations

import io
import json
import logging
import sys
from collections.abc import Iterator
from itertools import pairwise

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from app.core.types import (
    DocumentRepair,
    Edit,
    EditKind,
    GlossaryUse,
    Origin,
    ProtectedKind,
    ProtectedSpan,
    RejectedEdit,
    Segment,
    SegmentRepair,
    Span,
    Status,
)
from app.telemetry import (
    Metrics,
    configure_logging,
    count_violations,
    describe_error,
    get_logger,
    new_id,
    request_id_of,
)

SECRET = "a secret sentence"


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    stream = io.StringIO()
    configure_logging("info", stream)
    yield stream
    root.handlers = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def lines(stream: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def edit(start: int, end: int, text: str, kind: EditKind = EditKind.GRAMMAR) -> Edit:
    return Edit(Span(start, end), text, kind, Origin.MODEL, 0.9, "MTR_MODEL_GRAMMAR", "")


def repaired(source: str, edits: tuple[Edit, ...], protected: tuple[ProtectedSpan, ...] = ()) -> DocumentRepair:
    segment = Segment(0, Span(0, len(source)), source, 0)
    return DocumentRepair(
        source,
        source + "!",
        Status.PARTIAL,
        (
            SegmentRepair(segment, Status.REPAIRED, 0.9),
            SegmentRepair(segment, Status.ABSTAINED, 0.9, reason="not_english"),
        ),
        edits,
        rejected=(RejectedEdit(edit(0, 1, "x"), "protected:number"),),
        glossary=(GlossaryUse("inline/0", 1, 2),),
        protected=protected,
    )


# --- ids ---


def test_an_id_has_26_characters_and_they_differ() -> None:
    ids = [new_id() for _ in range(1000)]
    assert len(set(ids)) == 1000
    assert all(len(one) == 26 and one.isalnum() for one in ids)


def test_ids_sort_by_the_time_they_were_made() -> None:
    ids = [new_id()[:10] for _ in range(50)]  # the part that is the time
    assert all(one <= other for one, other in pairwise(ids))


@pytest.mark.parametrize("header", ["req-1", "01KATW3Y6N8Q4R2T0V5X7Z9B1D", "a" * 63 + "1", "4f.2_b"])
def test_an_id_of_the_caller_is_taken_over(header: str) -> None:
    assert request_id_of(header) == header


@pytest.mark.parametrize("header", [None, "", "Berlin", "a secret 1", "x1\n", "1" * 65, "é1", "a/1"])
def test_what_does_not_look_like_an_id_is_not(header: str | None) -> None:
    assert len(request_id_of(header)) == 26
    assert request_id_of(header) != header


# --- logs ---


def test_an_event_is_one_json_object_a_line(log: io.StringIO) -> None:
    get_logger("app.test").info("request", status=200, route="/repair")
    [line] = lines(log)
    assert {"event": "request", "status": 200, "route": "/repair", "level": "info"}.items() <= line.items()
    assert "timestamp" in line


def test_lines_of_libraries_have_the_same_form(log: io.StringIO) -> None:
    logging.getLogger("some.library").warning("disk is %s", "full")
    logging.getLogger("some.library").info("chatter")
    assert [line["event"] for line in lines(log)] == ["disk is full"]


def test_an_exception_is_logged_by_type_and_place_without_its_message(log: io.StringIO) -> None:
    try:
        raise ValueError(SECRET)
    except ValueError:
        get_logger("app.test").exception("failed")
        logging.getLogger("app.other").exception("failed, too")
        get_logger("app.test").error("failed again", exc_info=sys.exc_info())
    assert [line["error"] for line in lines(log)] == ["ValueError"] * 3
    assert "test_telemetry.py" in log.getvalue()
    assert SECRET not in log.getvalue()


def test_a_value_that_is_no_json_is_named_by_its_type(log: io.StringIO) -> None:
    get_logger("app.test").info("odd", value=ValueError(SECRET))
    assert lines(log)[0]["value"] == "ValueError"


def test_the_access_log_of_uvicorn_is_off(log: io.StringIO) -> None:
    logging.getLogger("uvicorn.access").error("GET /%s", SECRET)
    logging.getLogger("uvicorn.error").warning("shutting down")
    assert [line["event"] for line in lines(log)] == ["shutting down"]


def test_levels_below_the_chosen_one_are_silent(log: io.StringIO) -> None:
    configure_logging("warning", log)
    get_logger("app.test").info("quiet")
    get_logger("app.test").warning("loud")
    assert [line["event"] for line in lines(log)] == ["loud"]


def test_the_places_of_an_error_are_listed_innermost_last() -> None:
    def inner() -> None:
        raise KeyError(SECRET)

    try:
        inner()
    except KeyError as exc:
        described = describe_error(exc)
    assert described["error"] == "KeyError"
    assert described["at"][-1].endswith(" inner")
    assert SECRET not in str(described)


# --- metrics ---


def test_a_repair_is_counted_in_all_its_parts() -> None:
    metrics = Metrics()
    metrics.observe_repair(repaired("some text", (edit(0, 4, "any"),)), 0.5, 1.0)
    text = metrics.render().decode()
    for line in (
        "mt_repair_characters_total 9.0",
        'mt_repair_documents_total{status="partial"} 1.0',
        'mt_repair_sentences_total{status="repaired"} 1.0',
        'mt_repair_abstentions_total{reason="not_english"} 1.0',
        'mt_repair_edits_total{kind="grammar",origin="model"} 1.0',
        'mt_repair_rejected_edits_total{reason="protected:number"} 1.0',
        "mt_repair_glossary_misses_total 2.0",
        "mt_repair_protected_violations_total 0.0",
        "mt_repair_queue_seconds_sum 0.5",
        "mt_repair_repair_seconds_sum 1.0",
        "mt_repair_ready 0.0",
    ):
        assert line in text


def test_being_ready_is_shown_with_what_is_loaded() -> None:
    metrics = Metrics()
    metrics.set_ready("1.0", "net@2", "2026-11")
    text = metrics.render().decode()
    assert "mt_repair_ready 1.0" in text
    assert 'mt_repair_info{kb="2026-11",model="net@2",version="1.0"} 1.0' in text


@given(st.lists(st.text(max_size=50) | st.sampled_from(["deadline", "not_english"]), min_size=1, max_size=200))
def test_labels_stay_bounded_whatever_the_reasons(reasons: list[str]) -> None:
    metrics = Metrics()
    segment = Segment(0, Span(0, 1), "a", 0)
    answers = tuple(SegmentRepair(segment, Status.ABSTAINED, 0.5, reason=reason) for reason in reasons)
    metrics.observe_repair(DocumentRepair("a", "a", Status.ABSTAINED, answers, ()), 0.0, 0.0)
    counted = [line for line in metrics.render().decode().splitlines() if "abstentions_total{" in line]
    assert len(counted) <= 65
    assert sum(float(line.rpartition(" ")[2]) for line in counted) == len(reasons)


def test_a_method_that_nobody_knows_is_other() -> None:
    metrics = Metrics()
    metrics.observe_request("/repair", "BREW", 405, 0.1)
    assert 'method="OTHER",route="/repair",status="4xx"} 1.0' in metrics.render().decode()


def test_two_services_in_one_process_count_apart() -> None:
    one, other = Metrics(), Metrics()
    one.observe_problem("not-found")
    assert 'mt_repair_problems_total{problem="not-found"}' not in other.render().decode()


@pytest.mark.parametrize(("made", "violations"), [
    (edit(10, 12, "13"), 1),
    (edit(0, 3, "An"), 0),
    (edit(0, 12, "An year of 12"), 0),  # spans the number and keeps it
    (edit(9, 12, ""), 1),
    (edit(9, 12, "", EditKind.FURNITURE), 0),
])  # fmt: skip
def test_a_violation_is_an_edit_that_changes_protected_text(made: Edit, violations: int) -> None:
    number = ProtectedSpan(Span(10, 12), ProtectedKind.NUMBER)
    assert count_violations(repaired("The yr of 12 days", (made,), (number,))) == violations
