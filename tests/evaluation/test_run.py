"""From a set and a product to figures, tables and JSON."""

from pathlib import Path

import orjson
import pytest

from app.core.types import DocumentRepair, Mode, RepairOptions
from app.evaluation.data import EvaluationSet, Example, Measure
from app.evaluation.provenance import provenance
from app.evaluation.report import markdown_table, rich_table, tables
from app.evaluation.run import Result, evaluate, to_json
from tests.evaluation.fakes import ReplacingRepairer, make_edit, make_repair

PAIRS = EvaluationSet(
    "pairs",
    Measure.TRANSLATION,
    (
        Example("1", "He go to Straswima in 1956.", ("He goes to Straujuma in 1956.",), "et"),
        Example("2", "All of it is well here.", ("All of it is well here.",), "et"),
        Example("3", "They go home often now.", ("They go home often now.",), "ro"),
        Example("4", "She go out with them.", ("She goes out with them.",), "ru"),
    ),
    "0" * 64,
)


def run(evaluation_set: EvaluationSet, table: dict[str, str], mode: Mode = Mode.MINIMAL) -> Result:
    return evaluate(evaluation_set, ReplacingRepairer(table), RepairOptions(mode=mode))[0]


def test_every_group_and_the_whole_are_compared_with_doing_nothing() -> None:
    result = run(PAIRS, {"go": "goes", "Straswima": "Straujuma"})
    scores = {g.group: g.scores["ter"] for g in result.groups}
    assert set(scores) == {"et", "ro", "ru", "et+ro+ru", "all"}
    assert scores["et"].delta < 0 < scores["ro"].delta
    assert scores["ru"].delta < 0
    assert (scores["all"].before, scores["all"].after) == (scores["et+ro+ru"].before, scores["et+ro+ru"].after)


def test_names_are_measured_apart_from_grammar() -> None:
    result = run(PAIRS, {"go": "goes", "Straswima": "Straujuma"})
    whole = next(g for g in result.groups if g.group == "et")
    names, rest, both = whole.names_only["ter"], whole.without_names["ter"], whole.scores["ter"]
    assert names.delta < 0
    assert rest.delta < 0
    assert names.delta + rest.delta == pytest.approx(both.delta)
    assert result.edits_by["names"]["names"].precision == 1.0


def test_precision_is_broken_down_and_adds_up() -> None:
    result = run(PAIRS, {"go": "goes", "Straswima": "Straujuma"})
    assert result.edits is not None
    assert (result.edits.right, result.edits.wrong) == (3, 1)
    for by in ("origin", "kind", "rule", "confidence", "names"):
        assert sum(t.total for t in result.edits_by[by].values()) == result.edits.total == result.edit_count
    assert result.edits_by["group"]["ro"].precision == 0.0


def test_doing_nothing_scores_nothing() -> None:
    result = run(PAIRS, {})
    assert all(d.delta == 0 for g in result.groups for d in g.scores.values())
    assert (result.changed_texts, result.edit_count, result.harm, result.calibration_error) == (0, 0, 0.0, None)


def test_detect_only_is_measured_by_its_text_which_stays() -> None:
    result = run(PAIRS, {"go": "goes"}, Mode.DETECT_ONLY)
    assert (result.changed_texts, result.changed_sentences, result.violations) == (0, 0, {})
    assert result.edit_count == 3


def test_harm_is_the_share_of_clean_sentences_changed() -> None:
    clean = EvaluationSet("clean", Measure.HARM, tuple(Example(str(i), f"Sentence {i} is good.") for i in range(9)), "")
    result = run(clean, {"9": "8", "3": "4"})
    assert result.harm == pytest.approx(1 / 9)
    assert result.edits is None
    assert result.violations == {"text:figures": 1}
    assert result.violation_ids == ("3",)


def test_gleu_uses_the_published_tokens() -> None:
    text, better = "He go to school every day with us.", "He goes to school every day with us."
    tokens = (text.replace(".", " ."), better.replace(".", " ."))
    jfleg = EvaluationSet("jfleg", Measure.GLEU, (Example("1", text, (better,), tokens=tokens),) * 3, "")
    before, after = run(jfleg, {"go": "goes"}).gleu or (0, 0)
    assert after == pytest.approx(100)
    assert before < 90


def test_corrections_are_scored_against_annotators() -> None:
    texts = (Example("1", "He go home.", ("He goes home.",)), Example("2", "I go home.", ("I go home.",)))
    nothing, ours = run(EvaluationSet("c", Measure.CORRECTION, texts, ""), {"go": "goes"}).correction or (None, None)
    assert nothing is not None
    assert ours is not None
    assert (nothing.recall, ours.recall, ours.precision) == (0.0, 1.0, 0.5)


def test_a_broken_promise_is_counted_and_located() -> None:
    class Broken:
        def repair(self, text: str, options: RepairOptions) -> DocumentRepair:
            return make_repair(text, make_edit(0, 2, "It"), text=text)

    result, _ = evaluate(PAIRS, Broken(), RepairOptions())
    assert result.violations == {"law:edits_give_text": 4}
    assert result.violation_ids == ("1", "2", "3", "4")


@pytest.mark.parametrize("measure", list(Measure))
def test_every_result_can_be_shown_and_stored(measure: Measure) -> None:
    examples = PAIRS.examples if measure is not Measure.HARM else tuple(Example(e.id, e.text) for e in PAIRS.examples)
    result = run(EvaluationSet("any", measure, examples, ""), {"go": "goes"})
    for title, head, rows in tables(result):
        assert all(len(row) == len(head) for row in rows)
        assert rich_table(title, head, rows).row_count == len(rows)
        assert markdown_table(title, head, rows).count("\n|") >= len(rows) + 1
    stored = orjson.loads(orjson.dumps(to_json(result)))
    assert stored["set"] == "any"
    if measure is Measure.TRANSLATION:
        group = stored["groups"][-1]["scores"]["ter"]
        assert group["delta"] == pytest.approx(group["after"] - group["before"])
        assert "do nothing" in {row[1] for row in tables(result)[1][2]}


def test_a_report_says_what_would_repeat_it() -> None:
    about = provenance()
    packages = about["packages"]
    assert isinstance(packages, dict)
    assert {"sacrebleu", "rapidfuzz"} <= set(packages)
    assert about["revision"]
    assert "cores" in str(about["machine"])


def test_progress_reaches_the_last_text(tmp_path: Path) -> None:
    seen: list[int] = []
    evaluate(PAIRS, ReplacingRepairer({}), RepairOptions(), tmp_path, seen.append)
    assert seen == [1, 2, 3, 4]
    assert list(tmp_path.iterdir())
