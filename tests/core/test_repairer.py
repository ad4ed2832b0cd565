"""Every branch of the pipeline, and the laws that its answers keep."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.diff import apply_edits
from app.core.errors import DeadlineError
from app.core.protect import violates
from app.core.protocols import LinkResult, NameHint, Proposal, ProposedEdit
from app.core.repairer import is_rough
from app.core.segment import SentenceSegmenter
from app.core.types import (
    DocumentRepair,
    Edit,
    EditKind,
    FurnitureMode,
    GlossaryEntry,
    Mode,
    Origin,
    ProtectOptions,
    RepairOptions,
    Scope,
    Span,
    Status,
)
from tests.core.fakes import TableGenerator, make_edit, make_repairer, replacing

GARBLED = "He go home. She stays here."
MODEL = {"go": "goes"}


def named(text: str, old: str, new: str, **options: str) -> LinkResult:
    return LinkResult(edits=tuple(replacing(text, old, new, origin=Origin.NAMES, kind=EditKind.NAME, **options)))  # type: ignore[arg-type]


def statuses(repair: DocumentRepair) -> list[tuple[Status, str]]:
    return [(s.status, s.reason) for s in repair.segments]


# --- the plain way ---


def test_what_the_model_proposes_is_made() -> None:
    repair = make_repairer(TableGenerator(MODEL)).repair(GARBLED)
    assert repair.text == "He goes home. She stays here."
    assert repair.status is Status.REPAIRED
    assert statuses(repair) == [(Status.REPAIRED, ""), (Status.UNCHANGED, "")]
    (edit,) = repair.edits
    assert (edit.span, edit.origin, edit.kind, edit.rule) == (
        Span(3, 5),
        Origin.MODEL,
        EditKind.GRAMMAR,
        "MTR_MODEL_GRAMMAR",
    )
    assert edit.alternatives[0].text == "goes!"
    assert edit.reason
    assert repair.segments[0].edits == (0,)
    assert repair.segments[0].confidence == 0.9
    assert repair.segments[1].confidence == 0.8


def test_an_edit_that_changes_nothing_is_none() -> None:
    repair = make_repairer(
        TableGenerator({"go": "go"}),
        rules=lambda t: replacing(t, "stays", "stays", origin=Origin.RULE, kind=EditKind.GRAMMAR),
    ).repair(GARBLED)
    assert (repair.text, repair.edits, repair.rejected) == (GARBLED, (), ())


def test_nothing_to_do_leaves_the_text_alone() -> None:
    repair = make_repairer().repair(GARBLED)
    assert (repair.text, repair.status, repair.edits, repair.rejected) == (GARBLED, Status.UNCHANGED, (), ())


@pytest.mark.parametrize("text", ["", " \n\t "])
def test_a_text_without_segments_is_unchanged(text: str) -> None:
    generator = TableGenerator({" ": "x"})
    repair = make_repairer(generator).repair(text)
    assert (repair.text, repair.status, repair.segments) == (text, Status.UNCHANGED, ())
    assert generator.calls == []


def test_the_model_reads_the_text_as_names_and_rules_left_it() -> None:
    generator = TableGenerator(MODEL)
    repair = make_repairer(
        generator,
        names=lambda t: named(t, "Straswima", "Straujuma"),
        rules=lambda t: replacing(t, " ,", ",", origin=Origin.RULE, kind=EditKind.SPACING),
    ).repair("Mrs Straswima , they say, go home.")
    assert generator.texts == ["Mrs Straujuma, they say, go home.", "Mrs Straujuma, they say, goes home."]
    assert repair.text == "Mrs Straujuma, they say, goes home."
    assert [e.origin for e in repair.edits] == [Origin.NAMES, Origin.RULE, Origin.MODEL]


def test_hints_reach_the_model_where_the_name_stands_now() -> None:
    text = "Then Ms Straswima and Mr Ruutel came. He go."
    at = text.index("Ruutel")
    hint = NameHint(Span(at, at + 6), "Rüütel", 0.7)
    generator = TableGenerator(MODEL)
    make_repairer(generator, names=lambda t: replace(named(t, "Straswima", "Jo"), hints=(hint,))).repair(text)
    (seen,) = generator.hints
    assert seen.span.of(generator.texts[0]) == "Ruutel"
    assert seen.text == "Rüütel"


def test_a_hint_inside_a_repaired_name_is_not_shown() -> None:
    generator = TableGenerator(MODEL)
    hint = NameHint(Span(2, 5), "x", 0.5)
    make_repairer(generator, names=lambda t: replace(named(t, "Straswima", "Jo"), hints=(hint,))).repair(
        "Straswima came."
    )
    assert generator.hints == []


def doubtful(text: str, old: str, new: str, told: float = 0.5) -> LinkResult:
    """A linker that is not sure of a name."""
    edits = replacing(text, old, new, origin=Origin.NAMES, kind=EditKind.NAME, group="name:1", confidence=told)
    return LinkResult(hints=tuple(NameHint(e.span, e.text, told, e) for e in edits))


def test_a_name_that_the_model_writes_as_told_is_the_linkers_edit_with_the_models_confidence() -> None:
    generator = TableGenerator({"Ruutel": ("Rüütel", 0.93)})
    repair = make_repairer(generator, names=lambda t: doubtful(t, "Ruutel", "Rüütel")).repair("Mr Ruutel came.")
    (edit,) = repair.edits
    assert (repair.text, edit.origin, edit.kind, edit.confidence) == (
        "Mr Rüütel came.", Origin.NAMES, EditKind.NAME, 0.93,
    )  # fmt: skip


def test_another_name_than_was_told_is_not_taken_from_the_model() -> None:
    generator = TableGenerator({"Ruutel": ("Rutel", 0.93)})
    repair = make_repairer(generator, names=lambda t: doubtful(t, "Ruutel", "Rüütel")).repair("Mr Ruutel came.")
    assert repair.edits == ()
    assert [r.edit.origin for r in repair.rejected] == [Origin.MODEL]


@pytest.mark.parametrize(
    ("text", "repaired"),
    [
        ("Mr Ruutel came. Later Ruutel left.", "Mr Rüütel came. Later Rüütel left."),
        ("Mr Ruutel came. Later Ruutel left. Then Ruutel ate.", None),
    ],
)
def test_a_name_is_changed_in_all_its_places_or_in_none(text: str, repaired: str | None) -> None:
    class OnlyFirst(TableGenerator):
        def _propose(self, text: str) -> Proposal:
            edits = [ProposedEdit(Span(3, 9), "Rüütel", 0.93)] if text.startswith("Mr Ruutel") else []
            return Proposal(tuple(edits), 0.8)

    repair = make_repairer(OnlyFirst(), names=lambda t: doubtful(t, "Ruutel", "Rüütel")).repair(text)
    assert repair.text == (repaired or text)
    assert all(e.confidence == 0.93 for e in repair.edits)


def test_a_segment_is_still_read_where_an_edit_crosses_its_end() -> None:
    text = "He go. “ She stays."
    at = text.index(" “")
    generator = TableGenerator(MODEL)
    repair = make_repairer(
        generator, rules=lambda _: [make_edit(at, at + 2, origin=Origin.RULE, kind=EditKind.PUNCTUATION)]
    ).repair(text)
    assert repair.text == "He goes. She stays."
    assert any("She stays" in seen for seen in generator.texts)


# --- modes ---


def test_names_only_asks_neither_rules_nor_the_model() -> None:
    generator = TableGenerator(MODEL)
    repair = make_repairer(
        generator,
        names=lambda t: named(t, "Straswima", "Straujuma"),
        rules=lambda t: replacing(t, "home", "HOME", origin=Origin.RULE, kind=EditKind.SPELLING),
    ).repair("Straswima go home.", RepairOptions(mode=Mode.NAMES_ONLY))
    assert repair.text == "Straujuma go home."
    assert generator.calls == []


def test_detect_only_reports_edits_and_changes_nothing() -> None:
    repair = make_repairer(TableGenerator(MODEL)).repair(GARBLED, RepairOptions(mode=Mode.DETECT_ONLY))
    assert repair.text == GARBLED
    assert [e.text for e in repair.edits] == ["goes"]
    assert repair.status is Status.ABSTAINED
    assert statuses(repair) == [(Status.ABSTAINED, "detect_only"), (Status.UNCHANGED, "")]


def test_fluent_has_its_own_operating_point() -> None:
    repairer = make_repairer(TableGenerator({"go": ("goes", 0.6)}))
    assert repairer.repair(GARBLED).edits == ()
    assert len(repairer.repair(GARBLED, RepairOptions(mode=Mode.FLUENT)).edits) == 1


def test_fluent_reads_what_it_changed_a_second_time_and_nothing_else() -> None:
    generator = TableGenerator({"go": "goes", "goes home": ("goes back home", 0.95)})
    repair = make_repairer(generator).repair(GARBLED, RepairOptions(mode=Mode.FLUENT))
    assert [[t.text for t in call] for call in generator.calls] == [
        ["He go home.", "She stays here.", "He go home. She stays here."],
        ["He goes home."],
    ]
    assert repair.text == "He goes back home. She stays here."
    assert apply_edits(GARBLED, repair.edits) == repair.text


def test_minimal_reads_sound_text_once() -> None:
    generator = TableGenerator(BOTH)
    make_repairer(generator).repair("He left. She stays hear.")
    assert len(generator.calls) == 1


def test_minimal_reads_a_sentence_that_it_changed_again_as_fluent_reads_it() -> None:
    generator = TableGenerator(BOTH)
    text = "He go home to stay hear. She stays hear."
    repair = make_repairer(generator).repair(text)
    assert repair.text == "He goes home to stay here. She stays hear."
    assert apply_edits(text, repair.edits) == repair.text
    assert [(task.text, task.min_confidence) for task in generator.calls[1]] == [("He goes home to stay hear.", 0.5)]


@pytest.mark.parametrize(
    ("changed", "sentences", "rough"),
    [(1, 1, False), (2, 2, True), (2, 15, True), (2, 16, False), (3, 30, True), (6, 90, False), (7, 90, True)],
)
def test_all_text_is_rough_when_two_sentences_and_more_in_a_longer_one_are_changed(
    changed: int, sentences: int, rough: bool
) -> None:
    assert is_rough(changed, sentences) is rough


ROUGH = "He go home. She stays hear. They go back."
BOTH: dict[str, str | tuple[str, float]] = {"go": "goes", "hear": ("here", 0.6)}


def test_rough_text_is_read_again_as_fluent_reads_it() -> None:
    generator = TableGenerator(BOTH)
    repair = make_repairer(generator).repair(ROUGH)
    assert repair.text == "He goes home. She stays here. They goes back."
    assert apply_edits(ROUGH, repair.edits) == repair.text
    first, again = generator.calls
    assert {task.min_confidence for task in first} == {0.8}
    assert [(task.text, task.min_confidence) for task in again] == [
        ("He goes home.", 0.5),
        ("She stays hear.", 0.5),
        ("They goes back.", 0.5),
    ]


def test_a_second_reading_can_be_switched_off() -> None:
    generator = TableGenerator(BOTH)
    repair = make_repairer(generator, rough_one_in=0).repair(ROUGH)
    assert repair.text == "He goes home. She stays hear. They goes back."
    assert len(generator.calls) == 1


def test_one_changed_sentence_makes_no_rough_text_of_the_others() -> None:
    assert (
        make_repairer(TableGenerator(BOTH)).repair("He go home. She stays hear.").text
        == "He goes home. She stays hear."
    )


def test_in_rough_text_the_confidence_that_the_caller_asks_for_stands() -> None:
    generator = TableGenerator(BOTH)
    repair = make_repairer(generator).repair(ROUGH, RepairOptions(min_confidence=0.8))
    assert repair.text == "He goes home. She stays hear. They goes back."
    assert len(generator.calls) == 1


def test_what_a_rule_changes_makes_no_rough_text() -> None:
    rules = lambda t: replacing(t, "go", "goes", origin=Origin.RULE, kind=EditKind.GRAMMAR)  # noqa: E731
    assert "hear" in make_repairer(TableGenerator({"hear": ("here", 0.6)}), rules=rules).repair(ROUGH).text


def test_of_documents_read_together_each_is_rough_by_itself() -> None:
    repairer = make_repairer(TableGenerator(BOTH))
    sound, rough = repairer.repair_many(["She stays hear. She left.", ROUGH])
    assert (sound.text, rough.text) == ("She stays hear. She left.", repairer.repair(ROUGH).text)


def test_an_edit_refused_in_both_passes_is_reported_once() -> None:
    generator = TableGenerator({"go": "goes", "not ": ""})
    repair = make_repairer(generator).repair("He go and may not stay.", RepairOptions(mode=Mode.FLUENT))
    assert [r.reason for r in repair.rejected] == ["negation_changed"]


# --- what the caller wants ---


@pytest.mark.parametrize(("least", "made"), [(0.89, 1), (0.9, 1), (0.91, 0)])
def test_min_confidence_is_the_least_confidence_of_an_edit(least: float, made: int) -> None:
    assert len(make_repairer(TableGenerator(MODEL)).repair(GARBLED, RepairOptions(min_confidence=least)).edits) == made


def test_min_confidence_may_lie_below_the_operating_point() -> None:
    repairer = make_repairer(TableGenerator({"go": ("goes", 0.3)}))
    assert len(repairer.repair(GARBLED, RepairOptions(min_confidence=0.2)).edits) == 1


def test_min_confidence_holds_for_rules_too() -> None:
    repairer = make_repairer(rules=lambda t: replacing(t, "go", "goes", origin=Origin.RULE, kind=EditKind.GRAMMAR))
    assert repairer.repair(GARBLED, RepairOptions(min_confidence=1.0)).edits == ()


EVERY_KIND = {
    EditKind.NAME: {Scope.NAMES},
    EditKind.GRAMMAR: {Scope.GRAMMAR},
    EditKind.WORDING: {Scope.GRAMMAR},
    EditKind.REPETITION: {Scope.GRAMMAR},
    EditKind.SPELLING: {Scope.SPELLING},
    EditKind.ENCODING: {Scope.SPELLING},
    EditKind.PUNCTUATION: {Scope.PUNCTUATION},
    EditKind.SPACING: {Scope.PUNCTUATION},
    EditKind.TERM: set(Scope),
}


@pytest.mark.parametrize("kind", EVERY_KIND)
@pytest.mark.parametrize("scope", Scope)
def test_an_edit_is_made_in_its_scope_alone(kind: EditKind, scope: Scope) -> None:
    repairer = make_repairer(rules=lambda t: replacing(t, "go", "goes", origin=Origin.RULE, kind=kind))
    made = repairer.repair(GARBLED, RepairOptions(scope=frozenset({scope}))).edits
    assert bool(made) is (scope in EVERY_KIND[kind])


def test_every_kind_of_edit_has_a_scope_or_is_always_wanted() -> None:
    assert EVERY_KIND.keys() | {EditKind.FURNITURE} == set(EditKind)


def test_names_alone_in_scope_do_not_wake_the_model() -> None:
    generator = TableGenerator(MODEL)
    make_repairer(generator).repair(GARBLED, RepairOptions(scope=frozenset({Scope.NAMES})))
    assert generator.calls == []


def test_names_out_of_scope_are_not_linked() -> None:
    def fail(_: str) -> LinkResult:
        raise AssertionError("asked")

    make_repairer(names=fail).repair(GARBLED, RepairOptions(scope=frozenset({Scope.GRAMMAR})))


@pytest.mark.parametrize("rule", ["MTR_MODEL_GRAMMAR", "MTR_RULE"])
def test_a_disabled_rule_makes_no_edit(rule: str) -> None:
    repairer = make_repairer(
        TableGenerator(MODEL), rules=lambda t: replacing(t, "here", "there", origin=Origin.RULE, kind=EditKind.WORDING)
    )
    repair = repairer.repair(GARBLED, RepairOptions(disabled_rules=frozenset({rule})))
    assert len(repair.edits) == 1
    assert repair.edits[0].rule != rule
    assert repair.rejected == ()


# --- glossary and names ---


def with_terms(text: str) -> LinkResult:
    return LinkResult(edits=tuple(replacing(text, "home", "the house", origin=Origin.GLOSSARY, kind=EditKind.TERM)))


TERMS = RepairOptions(glossary=(GlossaryEntry("home", "the house"),))


def test_the_glossary_wins_over_the_model() -> None:
    repair = make_repairer(TableGenerator({"go": "goes", "go home": "leave"}), terms=with_terms).repair(GARBLED, TERMS)
    assert repair.text == "He goes the house. She stays here."


def test_a_term_to_keep_is_safe_from_model_and_rules() -> None:
    at = GARBLED.index("home")
    repair = make_repairer(
        TableGenerator({"home": "back"}),
        terms=lambda _: LinkResult(keep=(Span(at, at + 4),)),
        rules=lambda t: replacing(t, "home", "house", origin=Origin.RULE, kind=EditKind.WORDING),
    ).repair(GARBLED, TERMS)
    assert repair.text == GARBLED
    assert [r.reason for r in repair.rejected] == ["protected:name", "protected:name"]
    assert statuses(repair)[0] == (Status.ABSTAINED, "protected:name")


def test_a_term_to_keep_is_safe_from_the_knowledge_base() -> None:
    at = GARBLED.index("home")
    repair = make_repairer(
        terms=lambda _: LinkResult(keep=(Span(at, at + 4),)), names=lambda t: named(t, "home", "Home")
    ).repair(GARBLED, TERMS)
    assert repair.text == GARBLED
    assert [r.reason for r in repair.rejected] == ["protected:term"]


def test_what_the_linker_flags_is_shown_and_not_made() -> None:
    text = "They went home."
    flag = named(text, "home", "Home").edits[0]
    repair = make_repairer(names=lambda _: LinkResult(flags=(flag,))).repair(text)
    assert repair.text == text
    assert [(r.edit, r.reason) for r in repair.rejected] == [(flag, "unsure:title")]


def test_the_glossary_holds_where_a_sentence_is_left_alone() -> None:
    repair = make_repairer(terms=with_terms, foreign=("go",)).repair(GARBLED, TERMS)
    assert repair.text == GARBLED
    assert repair.rejected == ()


def test_the_names_that_lose_to_the_glossary_are_reported_but_do_not_mark_the_sentence() -> None:
    repair = make_repairer(terms=with_terms, names=lambda t: named(t, "home", "Home")).repair(GARBLED, TERMS)
    assert [r.reason for r in repair.rejected] == ["overlaps_better_edit"]
    assert statuses(repair)[0] == (Status.REPAIRED, "")


# --- left alone ---


def test_a_foreign_sentence_is_left_alone_and_says_so() -> None:
    generator = TableGenerator(MODEL)
    repair = make_repairer(generator, foreign=("He go",), names=lambda t: named(t, "home", "Home")).repair(GARBLED)
    assert statuses(repair) == [(Status.ABSTAINED, "not_english"), (Status.UNCHANGED, "")]
    assert generator.texts == ["She stays here."]


def test_an_edit_that_reaches_into_a_sentence_that_is_left_alone_is_not_made() -> None:
    repair = make_repairer(foreign=("She",), rules=lambda _: [make_edit(7, 15, "x", origin=Origin.RULE)]).repair(
        GARBLED
    )
    assert repair.edits == ()


PAGE = "By John Smith 2020\nHe go home.\nShe stays here."


@pytest.mark.parametrize("mode", [FurnitureMode.KEEP, FurnitureMode.FLAG])
def test_furniture_is_never_repaired(mode: FurnitureMode) -> None:
    generator = TableGenerator({"go": "goes", "John": "Jon"})
    repair = make_repairer(generator, furniture=("By John",)).repair(PAGE, RepairOptions(furniture=mode))
    assert repair.text == PAGE.replace("go", "goes")
    assert bool(repair.furniture) is (mode is FurnitureMode.FLAG)
    assert statuses(repair)[0] == (Status.ABSTAINED, "furniture")
    assert repair.status is Status.REPAIRED


def test_furniture_is_removed_with_its_line_when_asked() -> None:
    repair = make_repairer(furniture=("By John",)).repair(PAGE, RepairOptions(furniture=FurnitureMode.REMOVE))
    assert repair.text == "He go home.\nShe stays here."
    assert repair.edits[0].kind is EditKind.FURNITURE
    assert all(violates(e.span, e.text, PAGE, repair.protected) is None for e in repair.edits)


def test_furniture_on_the_last_line_leaves_the_line_break_before_it() -> None:
    repair = make_repairer(furniture=("Smith",)).repair(
        "He is here.\nBy John Smith", RepairOptions(furniture=FurnitureMode.REMOVE)
    )
    assert repair.text == "He is here.\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("He is here.\n\nBy Foo Ltd. By Bar Ltd.\n", "He is here.\n\n"),
        ("By Foo Ltd. By Bar Ltd.  ", ""),
        ("By Foo Ltd. \r\nHe is here.", "He is here."),
        ("By Foo Ltd. He is here.", "He is here."),
        ("He is here. By Foo Ltd. By Bar Ltd.\nShe stays.", "He is here. \nShe stays."),  # two lines as before
    ],
)
def test_furniture_is_removed_with_the_blanks_behind_it(text: str, expected: str) -> None:
    repair = make_repairer(furniture=("By",)).repair(text, RepairOptions(furniture=FurnitureMode.REMOVE))
    assert repair.text == expected


def test_furniture_that_the_caller_protects_stays() -> None:
    options = RepairOptions(furniture=FurnitureMode.REMOVE, protect=ProtectOptions(spans=(Span(3, 7),)))
    repair = make_repairer(furniture=("By John",)).repair(PAGE, options)
    assert repair.text == PAGE
    assert [r.reason for r in repair.rejected] == ["protected:span"]


# --- what goes wrong ---


def test_a_task_that_fails_alone_takes_no_other_with_it() -> None:
    repair = make_repairer(TableGenerator({"go": "goes", "stays": "stayed"}, poison=("home",))).repair(GARBLED)
    assert repair.text == "He go home. She stayed here."
    assert statuses(repair) == [(Status.ERROR, "error"), (Status.REPAIRED, "")]
    assert repair.status is Status.PARTIAL


def test_what_cannot_be_read_again_has_been_read_once() -> None:
    generator = TableGenerator({"go": "goes"}, poison=("goes",))
    repair = make_repairer(generator).repair(GARBLED, RepairOptions(mode=Mode.FLUENT))
    assert repair.text == "He goes home. She stays here."
    assert statuses(repair) == [(Status.REPAIRED, ""), (Status.UNCHANGED, "")]


def test_where_every_segment_fails_the_document_is_an_error() -> None:
    assert make_repairer(TableGenerator(poison=("e",))).repair(GARBLED).status is Status.ERROR


def test_a_name_repaired_in_a_sentence_where_the_model_fails_is_a_part_of_the_repair() -> None:
    repair = make_repairer(TableGenerator(poison=("Jo",)), names=lambda t: named(t, "Straswima", "Jo")).repair(
        "Straswima came."
    )
    assert (repair.text, statuses(repair)) == ("Jo came.", [(Status.PARTIAL, "error")])


def test_a_model_that_cannot_judge_says_why() -> None:
    repair = make_repairer(TableGenerator({"go": "goes"}, unable={"home": "too_long"})).repair(GARBLED)
    assert statuses(repair) == [(Status.ABSTAINED, "too_long"), (Status.UNCHANGED, "")]


def test_segments_not_reached_in_time_abstain(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    monkeypatch.setattr("app.core.repairer.time.monotonic", lambda: clock[0])
    text = "\n\n".join(["He go home."] * 40)
    generator = TableGenerator(MODEL, before_call=lambda n: clock.__setitem__(0, 2.0 * n))
    repair = make_repairer(generator).repair(text, RepairOptions(max_latency_s=1.0))
    given = [status for status, _ in statuses(repair)]
    assert given.count(Status.ABSTAINED) == 40 - sum(len(call) for call in generator.calls)
    assert 0 < given.count(Status.ABSTAINED) < 40
    assert given == sorted(given, key=[Status.PARTIAL, Status.ABSTAINED].index)  # the first ones were read, but once
    assert repair.warnings == ("deadline",)
    assert apply_edits(text, repair.edits) == repair.text


def test_no_time_at_all_leaves_the_model_out() -> None:
    generator = TableGenerator(MODEL)
    repair = make_repairer(generator).repair(GARBLED, RepairOptions(max_latency_s=0.0))
    assert generator.calls == []
    assert statuses(repair) == [(Status.ABSTAINED, "deadline")] * 2


@pytest.mark.parametrize("mode", list(Mode))
def test_names_that_are_not_linked_in_time_leave_the_document_as_it_was(
    monkeypatch: pytest.MonkeyPatch, mode: Mode
) -> None:
    clock = [0.0]
    monkeypatch.setattr("app.core.repairer.time.monotonic", lambda: clock[0])

    def link(text: str) -> LinkResult:
        clock[0] = 2.0
        raise DeadlineError("too late")

    repairer = make_repairer(TableGenerator(MODEL), names=link, foreign=["Nicht"])
    repair = repairer.repair("Nicht so.\n\nHe go home.", RepairOptions(mode=mode, max_latency_s=1.0))
    assert (repair.text, repair.edits, repair.warnings) == (repair.source, (), ("deadline",))
    assert statuses(repair) == [(Status.ABSTAINED, "not_english"), (Status.ABSTAINED, "deadline")]
    assert repair.status is Status.ABSTAINED


def test_a_second_reading_that_is_not_reached_in_time_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    monkeypatch.setattr("app.core.repairer.time.monotonic", lambda: clock[0])
    generator = TableGenerator({"go": "goes", "hear": ("here", 0.6)}, before_call=lambda n: clock.__setitem__(0, 2.0))
    text = "He go home.\n\nShe go hear.\n\nHe left."
    whole = make_repairer(TableGenerator({"go": "goes", "hear": ("here", 0.6)})).repair(text)
    assert (len(whole.edits), whole.warnings) == (3, ())
    repair = make_repairer(generator).repair(text, RepairOptions(max_latency_s=1.0))
    assert len(repair.edits) == 2
    assert repair.warnings == ("deadline",)
    assert repair.status is Status.PARTIAL
    assert statuses(repair) == [(Status.PARTIAL, "deadline")] * 2 + [(Status.ABSTAINED, "deadline")]


def test_neighbours_that_are_not_read_together_in_time_are_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    monkeypatch.setattr("app.core.repairer.time.monotonic", lambda: clock[0])
    generator = TableGenerator(before_call=lambda n: clock.__setitem__(0, float(n)))
    text = "\n\n".join(["It rained."] * 30 + ["They met. In Riga."])  # read alone in two calls, together in a third
    repair = make_repairer(generator).repair(text, RepairOptions(max_latency_s=1.0))
    assert len(generator.texts) == 32
    assert repair.warnings == ("deadline",)
    assert statuses(repair)[-2:] == [(Status.ABSTAINED, "deadline"), (Status.UNCHANGED, "")]


def test_a_refused_edit_is_rolled_back_alone() -> None:
    repair = make_repairer(TableGenerator({"go": "goes", "not ": ""})).repair("He go and may not stay.")
    assert repair.text == "He goes and may not stay."
    assert statuses(repair) == [(Status.PARTIAL, "negation_changed")]
    assert repair.status is Status.PARTIAL


# --- groups ---

PAIR = "They said 'yes' and left."


def grouped(confidences: Sequence[float] = (0.9, 0.9), texts: Sequence[str] = ("“", "”")) -> list[Edit]:
    places = (PAIR.index("'"), PAIR.rindex("'"))
    return [
        make_edit(at, at + 1, text, origin=Origin.RULE, kind=EditKind.PUNCTUATION, confidence=c, group="pair")
        for at, text, c in zip(places, texts, confidences, strict=True)
    ]


def test_a_group_is_made_together() -> None:
    assert make_repairer(rules=lambda _: grouped()).repair(PAIR).text == "They said “yes” and left."


def test_a_group_whose_member_is_refused_is_refused_together() -> None:
    repair = make_repairer(rules=lambda _: grouped(texts=("“", " 7"))).repair(PAIR)
    assert repair.text == PAIR
    assert {r.reason for r in repair.rejected} == {"number_changed", "group:number_changed"}


def test_a_group_whose_member_is_not_wanted_is_not_made() -> None:
    repair = make_repairer(rules=lambda _: grouped((0.9, 0.5))).repair(PAIR, RepairOptions(min_confidence=0.7))
    assert (repair.edits, repair.rejected) == ((), ())


def test_a_group_loses_its_place_together() -> None:
    at = PAIR.rindex("'")
    repair = make_repairer(
        rules=lambda _: grouped(),
        names=lambda _: LinkResult(edits=(make_edit(at, at + 1, "!", origin=Origin.NAMES, kind=EditKind.NAME),)),
    ).repair(PAIR)
    assert repair.text == "They said 'yes! and left."
    assert [r.reason for r in repair.rejected] == ["overlaps_better_edit"] * 2


# --- protection ---


@pytest.mark.parametrize("origin", Origin)
@pytest.mark.parametrize(
    ("text", "inside", "options"),
    [
        ("See https://a.example/go now.", "go", ProtectOptions()),
        ("Mail go@a.example now.", "go", ProtectOptions()),
        ("It took 1,250 men.", "250", ProtectOptions()),
        ("It was on 3 May 2020.", "May", ProtectOptions()),
        ("It came at 10:30 p.m. sharp.", "30", ProtectOptions()),
        ("It cost €5 then.", "5", ProtectOptions()),
        ("It ran 5 km then.", "km", ProtectOptions()),
        ("Call `go` now.", "go", ProtectOptions()),
        ("Ask @go_on now.", "go", ProtectOptions()),
        ("Dear {name}, come.", "name", ProtectOptions()),
        ("He said “go away” again.", "go", ProtectOptions(quotes=True)),
        ("The go team won.", "go", ProtectOptions(patterns=("go",))),
        ("The go team won.", "go", ProtectOptions(spans=(Span(4, 6),))),
    ],
)
def test_no_origin_may_touch_a_protected_span(text: str, inside: str, options: ProtectOptions, origin: Origin) -> None:
    def propose(_: str) -> LinkResult:
        return LinkResult(edits=tuple(replacing(text, inside, "leave", origin=origin, kind=EditKind.TERM)))

    repair = make_repairer(TableGenerator({inside: "leave"}), terms=propose).repair(
        text, RepairOptions(protect=options, glossary=TERMS.glossary)
    )
    assert repair.text == text
    assert repair.rejected
    assert all(r.reason.startswith("protected:") for r in repair.rejected)


def test_two_edits_that_join_a_figure_to_a_number_only_together_are_not_both_made() -> None:
    text = "Of a, 12 came."
    edits = [
        make_edit(3, 4, "5", origin=Origin.GLOSSARY, kind=EditKind.TERM),
        make_edit(5, 6, "", origin=Origin.RULE, kind=EditKind.SPACING),
    ]
    repair = make_repairer(rules=lambda _: edits[1:], terms=lambda _: LinkResult(edits=(edits[0],))).repair(text, TERMS)
    assert repair.text == "Of 5, 12 came."
    assert [(r.edit, r.reason) for r in repair.rejected] == [(edits[1], "protected:number")]


@pytest.mark.parametrize("times", [1, 2, 3])
def test_of_a_row_of_edits_that_join_figures_the_weaker_ones_go(times: int) -> None:
    text = "Of " + "x, 12, " * times + "came."
    joins = [m.start() for m in re.finditer("x", text)]
    terms = tuple(make_edit(at, at + 1, "5", origin=Origin.GLOSSARY, kind=EditKind.TERM) for at in joins)
    spaces = [make_edit(at + 2, at + 3, "", origin=Origin.RULE, kind=EditKind.SPACING) for at in joins]
    repair = make_repairer(rules=lambda _: spaces, terms=lambda _: LinkResult(edits=terms)).repair(text, TERMS)
    assert repair.text == text.replace("x,", "5,")
    assert {r.edit for r in repair.rejected} == set(spaces)


def test_a_group_whose_member_joins_figures_is_refused_together() -> None:
    text = "Of a, 12 came ."
    term = make_edit(3, 4, "5", origin=Origin.GLOSSARY, kind=EditKind.TERM)
    group = [
        make_edit(0, 2, "From", origin=Origin.RULE, kind=EditKind.SPACING, group="g"),
        make_edit(5, 6, "", origin=Origin.RULE, kind=EditKind.SPACING, group="g"),
        make_edit(13, 14, "", origin=Origin.RULE, kind=EditKind.SPACING),
    ]
    repair = make_repairer(rules=lambda _: group, terms=lambda _: LinkResult(edits=(term,))).repair(text, TERMS)
    assert repair.text == "Of 5, 12 came."
    assert [(r.edit, r.reason) for r in repair.rejected] == [(edit, "protected:number") for edit in group[:2]]


def test_paragraphs_whose_rules_are_not_reached_in_time_are_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    monkeypatch.setattr("app.core.repairer.time.monotonic", lambda: clock[0])
    text = "One .\n\nTwo .\n\nNicht .\n\nThree ."

    def find(text: str) -> list[Edit]:
        clock[0] += 1.0
        return replacing(text, " .", ".", origin=Origin.RULE, kind=EditKind.SPACING)

    repair = make_repairer(rules=find, foreign=["Nicht"]).repair(text, RepairOptions(max_latency_s=2.0))
    assert repair.text == "One.\n\nTwo.\n\nNicht .\n\nThree ."
    assert repair.warnings == ("deadline",)
    assert statuses(repair)[2:] == [(Status.ABSTAINED, "not_english"), (Status.ABSTAINED, "deadline")]


def conflicts_asked(count: int, monkeypatch: pytest.MonkeyPatch) -> int:
    """How often two spans are compared where each of so many names stands beside an edit."""
    asked = 0
    conflicts = Span.conflicts

    def counted(self: Span, other: Span) -> bool:
        nonlocal asked
        asked += 1
        return conflicts(self, other)

    monkeypatch.setattr(Span, "conflicts", counted)
    text = "Ann came , " * count
    names = LinkResult(
        keep=tuple(Span(m.start(), m.end()) for m in re.finditer("Ann", text)),
        hints=tuple(NameHint(Span(m.start(), m.end()), "Anna", 0.5) for m in re.finditer("Ann", text)),
    )
    spaces = replacing(text, " ,", ",", origin=Origin.RULE, kind=EditKind.SPACING)
    repair = make_repairer(rules=lambda _: spaces, names=lambda _: names).repair(text)
    monkeypatch.undo()
    assert len(repair.edits) == count
    return asked


def test_the_names_that_an_edit_is_compared_with_are_those_beside_it(monkeypatch: pytest.MonkeyPatch) -> None:
    assert conflicts_asked(200, monkeypatch) <= 5 * conflicts_asked(50, monkeypatch)


# --- laws ---

PIECES = [
    *("the", "The", "go", "12", "1,250", "€5", "a.example", "@ann", "“", "”", '"', ",", ".", "!", "He", "she"),
    *("Straujuma", "not", "5", "km", "{x}", "👨‍👩‍👧", "e\u0301", "\r\n", "\n\n", "10:30", "3", "May"),
]
WORDS = st.lists(st.sampled_from(PIECES), max_size=24)
TEXTS = st.one_of(WORDS.map(" ".join), WORDS.map("".join), st.text(max_size=40))


@st.composite
def documents(draw: st.DrawFn) -> tuple[str, list[Edit]]:
    text = draw(TEXTS)
    edits = []
    for _ in range(draw(st.integers(0, 8))):
        start, end = sorted((draw(st.integers(0, len(text))), draw(st.integers(0, len(text)))))
        end = min(end, start + draw(st.integers(0, 6)))
        replacement = draw(st.sampled_from(["", " ", "x", "7", ",", "-", "a b", "’", "\n", "%", "not", "@"]))
        if (start, replacement) == (end, ""):
            continue
        edits.append(
            make_edit(
                start, end, replacement,
                origin=draw(st.sampled_from(Origin)), kind=draw(st.sampled_from(sorted(EVERY_KIND))),
                confidence=draw(st.sampled_from([0.5, 0.9, 0.95])), group=draw(st.sampled_from([None, None, "g", "h"])),
            )
        )  # fmt: skip
    return text, edits


def repaired(text: str, edits: Sequence[Edit], options: RepairOptions) -> DocumentRepair:
    by_origin = {origin: tuple(e for e in edits if e.origin is origin) for origin in Origin}
    table = {"go": "goes", "the": "a", " ": "", "12": "13", "”": "", "He": "She"}
    return make_repairer(
        TableGenerator(table),
        terms=lambda _: LinkResult(edits=by_origin[Origin.GLOSSARY]),
        names=lambda _: LinkResult(edits=by_origin[Origin.NAMES]),
        rules=lambda _: [*by_origin[Origin.RULE], *by_origin[Origin.MODEL]],
        furniture=("@ann",),
    ).repair(text, options)


LAW = settings(max_examples=60, deadline=None)  # each example is a whole document
OPTIONS = st.builds(
    RepairOptions,
    mode=st.sampled_from(Mode),
    furniture=st.sampled_from(FurnitureMode),
    protect=st.builds(ProtectOptions, quotes=st.booleans()),
    glossary=st.just(TERMS.glossary),
)


@LAW
@given(documents(), OPTIONS)
def test_applying_the_edits_gives_the_text(document: tuple[str, list[Edit]], options: RepairOptions) -> None:
    text, edits = document
    repair = repaired(text, edits, options)
    assert repair.source == text
    assert repair.text == (text if options.mode is Mode.DETECT_ONLY else apply_edits(text, repair.edits))


@LAW
@given(documents(), OPTIONS)
def test_leaving_any_edits_out_is_valid(document: tuple[str, list[Edit]], options: RepairOptions) -> None:
    repair = repaired(*document, options)
    for left_out in range(len(repair.edits) + 1):
        for some in itertools.islice(itertools.combinations(repair.edits, left_out), 20):
            apply_edits(repair.source, some)


@LAW
@given(documents(), OPTIONS)
def test_what_no_edit_covers_is_the_same_to_the_byte(document: tuple[str, list[Edit]], options: RepairOptions) -> None:
    repair = repaired(*document, replace(options, mode=Mode.MINIMAL))
    at_source = at_text = 0
    for edit in repair.edits:
        untouched = repair.source[at_source : edit.span.start]
        assert repair.text[at_text : at_text + len(untouched)] == untouched
        at_source, at_text = edit.span.end, at_text + len(untouched) + len(edit.text)
    assert repair.text[at_text:] == repair.source[at_source:]


@LAW
@given(documents(), OPTIONS)
def test_no_edit_touches_a_protected_span(document: tuple[str, list[Edit]], options: RepairOptions) -> None:
    repair = repaired(*document, options)
    for edit in repair.edits:
        assert violates(edit.span, edit.text, repair.source, repair.protected) is None
        for protected in repair.protected:
            assert not (edit.span.start < protected.span.end and protected.span.start < edit.span.end) or (
                protected.span.of(repair.source) in edit.text
            )


@LAW
@given(documents(), OPTIONS)
def test_every_segment_has_one_answer_that_names_its_edits(
    document: tuple[str, list[Edit]], options: RepairOptions
) -> None:
    repair = repaired(*document, options)
    assert [s.segment.index for s in repair.segments] == list(range(len(repair.segments)))
    assert sorted(i for s in repair.segments for i in s.edits) == list(range(len(repair.edits)))
    for answer in repair.segments:
        assert 0.0 <= answer.confidence <= 1.0
        if answer.status is Status.UNCHANGED:
            assert (answer.edits, answer.reason) == ((), "")
        if answer.status is Status.REPAIRED:
            assert answer.edits


@LAW
@given(documents(), OPTIONS)
def test_the_same_input_gives_the_same_answer(document: tuple[str, list[Edit]], options: RepairOptions) -> None:
    text, edits = document
    assert repaired(text, edits, options) == repaired(text, edits[::-1], options)


BROKEN = "It is one of the most important. Partners of China. They said so, and nobody in the room believed it at all."
JOIN = {". Partners": " partners"}


def test_a_sentence_that_was_cut_in_two_is_joined() -> None:
    generator = TableGenerator(JOIN)
    repair = make_repairer(generator).repair(BROKEN)
    assert repair.text == BROKEN.replace(". Partners", " partners")
    (edit,) = repair.edits
    assert (edit.span.of(BROKEN), edit.kind) == (". Partners", EditKind.PUNCTUATION)
    assert edit.reason == "One sentence, cut in two."
    assert statuses(repair)[0] == (Status.REPAIRED, "")


@pytest.mark.parametrize(
    ("text", "table"),
    [
        (BROKEN, {"one": "two"}),  # of the first sentence alone
        (BROKEN, {"Partners": "partners"}),  # the full stop stays
        (BROKEN, {". Partners": " friends"}),  # another word
        (BROKEN.replace(". P", ".\nP"), JOIN | {".\nPartners": " partners"}),
        (BROKEN.replace(". P", "! P"), {"! Partners": " partners"}),
    ],
)
def test_nothing_else_is_made_of_two_sentences_read_together(text: str, table: dict[str, str]) -> None:
    alone = make_repairer(TableGenerator(table)).repair("\n\n".join(s.text for s in SentenceSegmenter().segment(text)))
    assert [e.text for e in make_repairer(TableGenerator(table)).repair(text).edits] == [e.text for e in alone.edits]


def test_long_sentences_are_not_read_together() -> None:
    generator = TableGenerator({})
    long = "This is a sentence that has more than ten words in it, you see."
    make_repairer(generator).repair(f"{long} {long}")
    assert set(generator.texts) == {long}


@LAW
@given(st.lists(st.tuples(TEXTS, OPTIONS), max_size=5))
def test_documents_get_the_same_answer_together_as_alone(asked: list[tuple[str, RepairOptions]]) -> None:
    repairer = make_repairer(TableGenerator({"go": "goes", "the": "a", "He": "She"}), furniture=("@ann",))
    together = repairer.repair_many([text for text, _ in asked], [options for _, options in asked])
    assert together == [repairer.repair(text, options) for text, options in asked]


def test_documents_share_calls_of_the_model_and_one_that_fails_takes_no_other_with_it() -> None:
    generator = TableGenerator(MODEL, poison=("bad",))
    repairs = make_repairer(generator).repair_many([GARBLED, "A bad one.", "They go."])
    assert [r.text for r in repairs] == ["He goes home. She stays here.", "A bad one.", "They goes."]
    assert [r.status for r in repairs] == [Status.REPAIRED, Status.ERROR, Status.REPAIRED]
    assert {"He go home.", "She stays here.", "A bad one.", "They go."} <= {task.text for task in generator.calls[0]}


def test_a_document_that_is_out_of_time_holds_up_no_other() -> None:
    late, fine = RepairOptions(max_latency_s=0.0), RepairOptions()
    repairs = make_repairer(TableGenerator(MODEL)).repair_many([GARBLED, GARBLED], [late, fine])
    assert [r.warnings for r in repairs] == [("deadline",), ()]
    assert repairs[1].text == "He goes home. She stays here."


@settings(max_examples=30, deadline=None)
@given(st.lists(st.sampled_from(["He go home.", "It is 12 now.", "She stays here.", "Not that."]), max_size=6))
def test_a_paragraph_gets_the_same_answer_whatever_else_is_in_the_document(others: list[str]) -> None:
    mine = "Then he go home and may not stay."
    alone = make_repairer(TableGenerator({"go": "goes", "not ": ""})).repair(mine)
    with_others = make_repairer(TableGenerator({"go": "goes", "not ": ""})).repair("\n\n".join([*others, mine]))
    shift = len(with_others.source) - len(mine)
    last = with_others.segments[-1]
    assert [replace(with_others.edits[i], span=with_others.edits[i].span.shift(-shift)) for i in last.edits] == list(
        alone.edits
    )
    assert (last.status, last.reason, last.confidence) == (
        alone.segments[0].status, alone.segments[0].reason, alone.segments[0].confidence
    )  # fmt: skip
