from __future__ import annotations

import re
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from starlette.testclient import TestClient

from app.api.routes import PROOFREADER
from tests.api.engines import WilfulEngine

GARBLED = "The the minister has went home. She bought a apple, and informations."


def repair(client: TestClient, **body: Any) -> dict[str, Any]:
    response = client.post("/repair", json=body)
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


def test_a_repair_gives_the_text_the_edits_and_what_became_of_each_sentence(client: TestClient) -> None:
    answer = repair(client, text=GARBLED)
    assert answer["text"] == "The minister went home. She bought an apple, and information."
    assert answer["status"] == "repaired"
    assert [s["status"] for s in answer["sentences"]] == ["repaired", "repaired"]
    assert [(e["original"], e["replacement"]) for e in answer["edits"]] == [
        (" the", ""),
        ("has went", "went"),
        ("a apple", "an apple"),
        ("informations", "information"),
    ]
    assert answer["sentences"][1]["edits"] == ["e3", "e4"]


def test_every_part_of_an_edit_is_there(client: TestClient) -> None:
    edit = repair(client, text=GARBLED)["edits"][1]
    assert edit == {
        "id": "e2",
        "start": 17,
        "end": 25,
        "original": "has went",
        "replacement": "went",
        "start_out": 13,
        "end_out": 17,
        "kind": "grammar",
        "origin": "model",
        "errant": edit["errant"],
        "rule": "MTR_MODEL_GRAMMAR",
        "confidence": 0.85,
        "confidence_band": "medium",
        "reason": edit["reason"],
        "alternatives": [{"replacement": "WENT", "score": 0.1}],
    }
    assert re.fullmatch(r"[MRU]:[A-Z:]+", edit["errant"])
    assert edit["reason"]


def test_the_version_in_the_address_changes_nothing(client: TestClient) -> None:
    old, new = (client.post(path, json={"text": GARBLED}).json() for path in ("/repair", "/v1/repair"))
    for answer in (old, new):
        del answer["id"], answer["timing_ms"]
    assert old == new


def test_sound_text_comes_back_as_it_is(client: TestClient) -> None:
    answer = repair(client, text="She went home.")
    assert (answer["status"], answer["text"], answer["edits"]) == ("unchanged", "She went home.", [])
    assert answer["garble"] == {"score": 0.05, "kind": "clean"}


def test_detect_only_reports_edits_and_makes_none(client: TestClient) -> None:
    answer = repair(client, text=GARBLED, mode="detect_only")
    assert answer["text"] == GARBLED
    assert len(answer["edits"]) == 4
    assert all((e["start"], e["end"]) == (e["start_out"], e["end_out"]) for e in answer["edits"])


def test_names_only_leaves_grammar_alone(client: TestClient) -> None:
    assert repair(client, text=GARBLED, mode="names_only")["edits"] == []


def test_min_confidence_holds_back_doubtful_edits(client: TestClient) -> None:
    assert [e["original"] for e in repair(client, text=GARBLED, min_confidence=0.9)["edits"]] == [" the"]


@pytest.mark.parametrize("path", ["/", "/livez", "/readyz"])
def test_what_a_probe_or_a_link_checker_asks_may_be_asked_without_its_body(client: TestClient, path: str) -> None:
    assert client.head(path).status_code == client.get(path).status_code == 200


def test_a_disabled_rule_makes_no_edit(client: TestClient) -> None:
    answer = repair(client, text=GARBLED, disabled_rules=["MTR_REPEATED_WORD"])
    assert [e["original"] for e in answer["edits"]] == ["has went", "a apple", "informations"]
    answer = repair(client, text=GARBLED, disabled_rules=["MTR_MODEL_GRAMMAR"])
    assert [e["original"] for e in answer["edits"]] == [" the"]


def test_a_protected_span_is_not_touched_and_the_refusal_is_shown(client: TestClient) -> None:
    answer = repair(client, text=GARBLED, protect={"spans": [{"start": 17, "end": 25}]})
    assert "has went" in answer["text"]
    assert [(r["original"], r["reason"]) for r in answer["rejected"]] == [("has went", "protected:span")]
    assert answer["sentences"][0]["status"] == "partial"


def test_a_protected_pattern_is_not_touched(client: TestClient) -> None:
    answer = repair(client, text=GARBLED, protect={"patterns": ["has w.nt"]})
    assert [(r["original"], r["reason"]) for r in answer["rejected"]] == [("has went", "protected:pattern")]


def test_a_glossary_entry_is_applied_and_reported(client: TestClient) -> None:
    answer = repair(
        client,
        text="We study counterfeit consciousness.",
        glossary={"entries": [{"source": "counterfeit consciousness", "target": "artificial intelligence"}]},
    )
    assert answer["text"] == "We study artificial intelligence."
    assert answer["glossary_report"] == [{"entry": "inline/0", "applied": 1, "not_applied": 0, "reasons": []}]


@pytest.mark.parametrize(
    ("target", "text", "applied", "reasons"),
    [("gadget", "We sell a gadget.", 1, []), ("", "We sell a gizmo.", 0, ["forbidden"])],
)
def test_a_forbidden_term_becomes_its_target_and_is_reported_where_it_has_none(
    client: TestClient, target: str, text: str, applied: int, reasons: list[str]
) -> None:
    entry = {"source": "gizmo", "target": target, "kind": "forbid"}
    answer = repair(client, text="We sell a gizmo.", glossary={"entries": [entry]})
    assert answer["text"] == text
    (use,) = answer["glossary_report"]
    assert (use["applied"], use["not_applied"], use["reasons"]) == (applied, 1 - applied, reasons)


def test_furniture_is_flagged_by_default_and_removed_when_asked(client: TestClient) -> None:
    text = "She went home.\n\nLeave a Comment\n"
    flagged = repair(client, text=text)
    assert (flagged["text"], [f["kind"] for f in flagged["furniture"]]) == (text, ["comments"])
    assert "Leave a Comment" not in repair(client, text=text, furniture="remove")["text"]
    assert repair(client, text=text, furniture="keep")["furniture"] == []


def test_time_that_ran_out_leaves_sentences_alone_and_says_so(client: TestClient, engine: WilfulEngine) -> None:
    answer = repair(client, text="She has went home. " * 500, max_latency_ms=1)
    assert answer["warnings"] == ["deadline"]
    assert {"status": "abstained", "reason": "deadline"}.items() <= answer["sentences"][-1].items()


def test_alternatives_are_as_many_as_asked_for(client: TestClient) -> None:
    assert repair(client, text=GARBLED, alternatives=0)["edits"][1]["alternatives"] == []


@pytest.mark.parametrize(
    ("form", "start"),
    [
        ("inline", "The[- the-] minister [-has went-]{+went+} home."),
        ("unified", "--- hypothesis\n+++ post_edit\n@@ -1 +1 @@\n-The the"),
        ("html", "<table"),
    ],
)
def test_the_forms_of_the_diff_come_when_asked_for(client: TestClient, form: str, start: str) -> None:
    assert repair(client, text=GARBLED, diff=[form])["diff"].keys() == {form}
    assert repair(client, text=GARBLED, diff=[form])["diff"][form].startswith(start)
    assert "diff" not in repair(client, text=GARBLED)


def test_the_html_form_escapes_the_text(client: TestClient) -> None:
    html = repair(client, text="<script>She has went</script> home.", diff=["html"])["diff"]["html"]
    assert "<script>" not in html
    assert "<del>has went</del>" in html
    assert "<ins>went</ins>" in html


def test_markup_is_kept_and_offsets_count_it(client: TestClient) -> None:
    parts = [{"markup": "<p>"}, {"text": "She has went"}, {"markup": "</p>"}, {"text": " home."}]
    answer = repair(client, annotation=parts)
    assert answer["text"] == "<p>She went</p> home."
    assert [(e["start"], e["end"]) for e in answer["edits"]] == [(7, 15)]


def test_an_edit_that_would_cross_markup_is_refused(client: TestClient) -> None:
    parts = [{"text": "She has "}, {"markup": "<b>"}, {"text": "went"}, {"markup": "</b>"}, {"text": " home."}]
    answer = repair(client, annotation=parts)
    assert (answer["text"], answer["edits"]) == ("She has <b>went</b> home.", [])
    assert [r["reason"] for r in answer["rejected"]] == ["protected:markup"]


def test_the_proofreader_view_comes_by_the_accept_header(client: TestClient) -> None:
    response = client.post("/repair", json={"text": "🌊 She has went home."}, headers={"accept": PROOFREADER})
    assert response.headers["content-type"] == PROOFREADER
    body = response.json()
    assert body["correctedInput"] == "🌊 She went home."
    [correction] = body["corrections"]
    assert correction.pop("explanation")
    assert correction == {"startIndex": 7, "endIndex": 15, "correction": "went", "type": "grammar"}


def test_the_same_text_gets_the_same_answer_in_a_batch_and_beside_others(client: TestClient) -> None:
    texts = [GARBLED, "She went home.", "“ Informations , he said. ”", GARBLED + " " + GARBLED]
    alone = [repair(client, text=text) for text in texts]
    batch = client.post("/v1/repair:batch", json={"items": [{"text": text} for text in texts]}).json()["items"]
    with ThreadPoolExecutor(4) as pool:
        beside = list(pool.map(lambda text: repair(client, text=text), texts))
    for one, item, other in zip(alone, batch, beside, strict=True):
        for answer in (one, item["result"], other):
            del answer["id"], answer["timing_ms"]
        assert one == item["result"] == other


def test_a_wrong_item_does_not_take_the_others_with_it(client: TestClient) -> None:
    items = [{"id": "a", "text": GARBLED}, {"id": "b", "txt": "x"}, "not an item", {"id": "d", "text": "a" * 100_001}]
    response = client.post("/v1/repair:batch", json={"items": items})
    assert response.status_code == 200
    answers = response.json()["items"]
    assert [(a["index"], a.get("id"), a["status"]) for a in answers] == [
        (0, "a", 200),
        (1, "b", 422),
        (2, None, 422),
        (3, "d", 413),
    ]
    assert answers[0]["result"]["status"] == "repaired"
    assert answers[1]["problem"]["errors"][0]["pointer"] == "/items/1/txt"
    assert answers[3]["problem"]["type"] == "/problems/text-too-long"


def test_an_item_that_fails_inside_has_its_own_problem(wilful: TestClient, engine: WilfulEngine) -> None:
    engine.error = RuntimeError("boom")
    response = wilful.post("/v1/repair:batch", json={"items": [{"id": "a", "text": "Hello."}]})
    assert response.status_code == 200
    [answer] = response.json()["items"]
    assert (answer["status"], answer["problem"]["type"]) == (500, "/problems/internal-error")


def test_defaults_hold_where_an_item_says_nothing(client: TestClient) -> None:
    body = {"items": [{"text": GARBLED}, {"text": GARBLED, "mode": "minimal"}], "defaults": {"mode": "names_only"}}
    first, second = client.post("/v1/repair:batch", json=body).json()["items"]
    assert (first["result"]["status"], second["result"]["status"]) == ("unchanged", "repaired")


@pytest.mark.parametrize(
    ("items", "pointer"),
    [([{"text": "x"}] * 257, "/items"), ([], "/items"), ([{"id": "a", "text": "x"}] * 2, "/items/1/id")],
)
def test_an_envelope_that_is_wrong_is_refused_whole(client: TestClient, items: list[Any], pointer: str) -> None:
    response = client.post("/v1/repair:batch", json={"items": items})
    assert response.status_code == 422
    assert response.json()["errors"][0]["pointer"] == pointer


def test_two_texts_are_compared(client: TestClient) -> None:
    body = {"source": "He have gone.", "target": "He has gone.", "diff": ["inline", "unified"]}
    answer = client.post("/diff", json=body).json()
    assert answer["diff"]["inline"] == "He [-have-]{+has+} gone."
    assert answer["diff"]["unified"].startswith("--- source\n+++ target\n")
    [edit] = answer["edits"]
    assert {"start": 3, "end": 7, "original": "have", "replacement": "has", "start_out": 3, "end_out": 6}.items() <= (
        edit.items()
    )


def test_every_rule_that_an_edit_names_is_listed(client: TestClient) -> None:
    listed = {rule["id"] for rule in client.get("/v1/rules").json()["rules"]}
    answer = repair(
        client,
        text=GARBLED + " “ Yes ” , he said ..\n\nLeave a Comment",
        furniture="remove",
        glossary={"entries": [{"source": "minister", "target": "Minister"}]},
    )
    named = {edit["rule"] for edit in answer["edits"]}
    assert {"MTR_GLOSSARY", "MTR_FURNITURE", "MTR_REPEATED_WORD", "MTR_MODEL_GRAMMAR"} <= named <= listed


def test_one_more_than_may_wait_is_refused_at_once(wilful: TestClient, engine: WilfulEngine) -> None:
    engine.entered.clear()
    engine.gate.clear()
    service = wilful.app.state.service  # type: ignore[attr-defined]
    with ThreadPoolExecutor(2) as pool:
        pending = [pool.submit(wilful.post, "/repair", json={"text": "Hello."}) for _ in range(2)]
        assert engine.entered.wait(10)
        while service.waiting < 1:
            threading.Event().wait(0.002)
        refused = wilful.post("/repair", json={"text": "Hello."})
        engine.gate.set()
        assert [p.result().status_code for p in pending] == [200, 200]
    assert (refused.status_code, refused.json()["type"]) == (503, "/problems/queue-full")
    assert refused.headers["retry-after"] == "1"


def test_probes_answer_while_every_thread_is_busy(wilful: TestClient, engine: WilfulEngine) -> None:
    engine.entered.clear()
    engine.gate.clear()
    with ThreadPoolExecutor(1) as pool:
        pending = pool.submit(wilful.post, "/repair", json={"text": "Hello."})
        assert engine.entered.wait(10)
        assert wilful.get("/livez").status_code == wilful.get("/readyz").status_code == 200
        engine.gate.set()
        assert pending.result().status_code == 200


def test_metrics_count_requests_by_template_and_edits_by_kind(client: TestClient) -> None:
    repair(client, text=GARBLED)
    client.get("/never/heard/of")
    text = client.get("/metrics").text
    assert 'mt_repair_requests_total{method="POST",route="/repair",status="2xx"}' in text
    assert 'mt_repair_edits_total{kind="grammar",origin="model"}' in text
    assert "mt_repair_protected_violations_total 0.0" in text
    assert "mt_repair_ready 1.0" in text
    assert "never" not in text
