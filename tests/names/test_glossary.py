"""Terms are found in any case and number, put into the sentence with its grammar, and accounted for one by one."""

from __future__ import annotations

import io
import unicodedata
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.diff import apply_edits
from app.core.errors import InputError
from app.core.protect import PatternProtector, Protection
from app.core.protocols import LinkResult
from app.core.segment import SentenceSegmenter
from app.core.types import (
    EditKind,
    GlossaryEntry,
    GlossaryUse,
    Origin,
    ProtectedSpan,
    ProtectOptions,
    Span,
    TermKind,
)
from app.names.glossary import GlossaryFormat, GlossaryMatcher, read_glossary, write_glossary

AI = GlossaryEntry("counterfeit consciousness", "artificial intelligence", id="house/1")


def match(text: str, *entries: GlossaryEntry, protected: Sequence[ProtectedSpan] | None = None) -> LinkResult:
    if protected is None:
        protected = PatternProtector().protect(text, ProtectOptions())
    return GlossaryMatcher().match(text, SentenceSegmenter().segment(text), entries, protected)


def repaired(text: str, *entries: GlossaryEntry) -> str:
    return apply_edits(text, match(text, *entries).edits)


def replacing(source: str, target: str, *, case_sensitive: bool = False, id: str = "") -> GlossaryEntry:
    return GlossaryEntry(source, target, case_sensitive=case_sensitive, id=id)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It is counterfeit consciousness.", "It is artificial intelligence."),
        ("Counterfeit consciousness wins.", "Artificial intelligence wins."),
        ("“Counterfeit consciousness” wins.", "“Artificial intelligence” wins."),
        ("COUNTERFEIT CONSCIOUSNESS WINS", "ARTIFICIAL INTELLIGENCE WINS"),
        ("Counterfeit Consciousness in Schools", "Artificial Intelligence in Schools"),
        ("a counterfeit consciousness-based tool", "an artificial intelligence-based tool"),
        ("two counterfeit consciousnesses met", "two artificial intelligences met"),
        ("The counterfeit consciousness's aim", "The artificial intelligence's aim"),
        ("The counterfeit consciousness’s aim", "The artificial intelligence’s aim"),
        ("counterfeit  consciousness", "artificial  intelligence"),
        ("They fear counterfeit\nconsciousness.", "They fear artificial\nintelligence."),
        ("A counterfeit consciousness.", "An artificial intelligence."),
        ("A COUNTERFEIT CONSCIOUSNESS", "AN ARTIFICIAL INTELLIGENCE"),
        ("He takes vitamin A counterfeit consciousness", "He takes vitamin A artificial intelligence"),
        ("counterfeit, consciousness", "counterfeit, consciousness"),
        ("uncounterfeit consciousness", "uncounterfeit consciousness"),
        ("counterfeit consciousnessful", "counterfeit consciousnessful"),
        ("counter\u00adfeit consciousness", "artificial intelligence"),
    ],
)
def test_a_term_takes_the_case_and_grammar_of_its_place(text: str, expected: str) -> None:
    assert repaired(text, AI) == expected


@pytest.mark.parametrize(
    ("source", "target", "text", "expected"),
    [
        ("manager", "chairman", "the managers met", "the chairmen met"),
        ("manager", "chairman", "the managers' vote", "the chairmen's vote"),
        ("manager", "director", "the managers' vote", "the directors' vote"),
        ("manager", "directors", "the manager's vote", "the directors' vote"),
        ("manager", "chairman", "the 'managers' met", "the 'chairmen' met"),
        ("NGO", "charity", "an NGO and other NGOs", "a charity and other charities"),
        ("charity", "NGO", "a charity and other charities", "an NGO and other NGOs"),
        ("child", "minor", "The children came.", "The minors came."),
        ("minor", "child", "The minors came.", "The children came."),
        ("plunder", "steal", "he plundered it", "he stole it"),
        ("plunder", "steal", "it was plundered", "it was stolen"),
        ("plunder", "steal", "he has never plundered", "he has never stolen"),
        ("plunder", "steal", "plundering plunders", "stealing steals"),
        ("effect", "carry out", "it was effected", "it was carried out"),
        ("stop", "plan", "Stopping it", "Planning it"),
        ("make", "produce", "he made it", "he produced it"),
        ("unite", "join", "the United Nations", "the United Nations"),
        ("Cook", "Koch", "the cooks of Mr Cook", "the cooks of Mr Koch"),
        ("umbrella", "parasol", "an umbrella", "a parasol"),
        ("unit", "element", "a unit", "an element"),
        ("boss", "honest man", "a boss", "an honest man"),
        ("expert", "European", "an expert", "a European"),
        ("agency", "UN body", "an agency", "a UN body"),
        ("body", "FBI office", "a body", "an FBI office"),
        ("day", "8-hour shift", "a day", "an 8-hour shift"),
        ("iphone", "iPhone", "Iphone, iphone", "iPhone, iPhone"),
        ("internet", "Internet", "the internet, the INTERNET", "the Internet, the INTERNET"),
        ("C++", "Rust", "in C++.", "in Rust."),
        ("AT&T", "Bell", "AT&T's", "Bell's"),
        ("人工智能", "AI", "用人工智能 works", "用AI works"),
        ("Müller", "Mueller", "Mu\u0308ller", "Mueller"),
        ("O'Brien", "OBrien", "O’Brien’s", "OBrien’s"),
        ("can", "tin", "I can't", "I can't"),
    ],
)
def test_endings_and_articles(source: str, target: str, text: str, expected: str) -> None:
    assert repaired(text, replacing(source, target)) == expected


def test_a_term_whose_case_counts_is_found_in_that_case_only() -> None:
    entry = replacing("US", "America", case_sensitive=True)
    assert repaired("The US told us. Us?", entry) == "The America told us. Us?"


def test_an_edit_names_its_entry_and_is_certain() -> None:
    (edit,) = match("counterfeit consciousness", AI).edits
    assert (edit.kind, edit.origin, edit.rule, edit.confidence) == (
        EditKind.TERM,
        Origin.GLOSSARY,
        "MTR_GLOSSARY",
        1.0,
    )
    assert "house/1" in edit.reason
    assert "artificial intelligence" in edit.reason


def test_the_longest_term_wins_and_the_others_say_so() -> None:
    entries = (
        replacing("York", "Jorvik", id="a"),
        replacing("New York Times", "NYT", id="b"),
        GlossaryEntry("New York", kind=TermKind.KEEP, id="c"),
    )
    result = match("The New York Times of New York", *entries)
    assert apply_edits("The New York Times of New York", result.edits) == "The NYT of New York"
    assert result.keep == (Span(22, 30),)
    assert result.glossary == (
        GlossaryUse("a", 0, 2, ("overlaps:b", "overlaps:c")),
        GlossaryUse("b", 1, 0),
        GlossaryUse("c", 1, 1, ("overlaps:b",)),
    )


def test_of_two_entries_for_one_term_the_first_applies() -> None:
    result = match("a cat", replacing("cat", "dog", id="x"), replacing("Cat", "cow", id="y"))
    assert [e.text for e in result.edits] == ["dog"]
    assert result.glossary[1] == GlossaryUse("y", 0, 1, ("overlaps:x",))


@pytest.mark.parametrize(
    ("text", "entry", "use"),
    [
        ("Nothing here.", AI, GlossaryUse("house/1", 0, 0, ("not_found",))),
        ("Artificial intelligence.", AI, GlossaryUse("house/1", 0, 0, ("already_right",))),
        ("Olaf Scholz", replacing("Scholz", "Olaf Scholz", id="i"), GlossaryUse("i", 0, 0, ("already_right",))),
        ("the Internet", replacing("internet", "Internet", id="i"), GlossaryUse("i", 0, 0, ("already_right",))),
        ("see x.com/cat.", replacing("cat", "dog", id="i"), GlossaryUse("i", 0, 1, ("protected:url",))),
        ("a cat", GlossaryEntry("cat", kind=TermKind.FORBID, id="i"), GlossaryUse("i", 0, 1, ("forbidden",))),
        ("a cat", GlossaryEntry("cat", kind=TermKind.KEEP, id="i"), GlossaryUse("i", 1, 0)),
        ("a cat", replacing("cat", "dog"), GlossaryUse("0", 1, 0)),
    ],
)
def test_every_entry_is_accounted_for(text: str, entry: GlossaryEntry, use: GlossaryUse) -> None:
    assert match(text, entry).glossary == (use,)


def test_a_forbidden_term_with_a_target_becomes_it() -> None:
    entry = GlossaryEntry("spokesman", "spokesperson", TermKind.FORBID)
    assert repaired("The spokesmen spoke.", entry) == "The spokespersons spoke."


def test_a_term_outside_the_segments_is_reported_and_left() -> None:
    text = "Ein cat hier. A cat here."
    segments = SentenceSegmenter().segment(text)[1:]
    result = GlossaryMatcher().match(text, segments, [replacing("cat", "dog", id="i")], ())
    assert apply_edits(text, result.edits) == "Ein cat hier. A dog here."
    assert result.glossary == (GlossaryUse("i", 1, 1, ("segment_left_alone",)),)


def test_a_protected_article_does_not_hold_up_the_term() -> None:
    text = "a boat"
    result = match(text, replacing("boat", "ark"), protected=PatternProtector().protect(
        text, ProtectOptions(spans=(Span(0, 1),))
    ))  # fmt: skip
    assert apply_edits(text, result.edits) == "a ark"


def test_the_index_follows_the_entries() -> None:
    matcher = GlossaryMatcher()
    for target in ("dog", "cow", "dog"):
        entries = (replacing("cat", target),)
        assert [e.text for e in matcher.match("cat", SentenceSegmenter().segment("cat"), entries, ()).edits] == [target]


def test_nested_terms_in_a_long_repetition_end_soon() -> None:
    text = "a " * 5000
    entries = [replacing(" ".join("a" * n), "b", id=str(n)) for n in range(1, 60)]
    result = match(text, *entries, protected=())
    assert not apply_edits(text, result.edits).replace("b", "").strip()


WORDS = st.sampled_from(
    ["cat", "Cat", "cats", "CAT’s", "an", "a", "umbrella", "12", "x.com", "ran", ",", ".", "'", "“", "\n", "é", "人"]
)
TEXTS = st.lists(WORDS, max_size=25).map(" ".join)
ENTRIES = st.lists(
    st.builds(
        GlossaryEntry,
        st.sampled_from(["cat", "cat umbrella", "run", "a", "12", "人", "é cat", "x"]),
        st.sampled_from(["owl", "old cat", "sit", "cat", "iPod", "owls"]),
        st.sampled_from(TermKind),
        st.booleans(),
    ),
    max_size=6,
)


@given(TEXTS, ENTRIES)
def test_edits_never_conflict_nor_touch_what_is_protected(text: str, entries: list[GlossaryEntry]) -> None:
    protected = PatternProtector().protect(text, ProtectOptions())
    result = match(text, *entries, protected=protected)
    protection = Protection(text, protected)
    assert all(protection.violated_by(e.span, e.text) is None for e in result.edits)
    assert not any(a.span.conflicts(b.span) for i, a in enumerate(result.edits) for b in result.edits[i + 1 :])
    assert len(result.glossary) == len(entries)
    assert sum(use.applied for use in result.glossary) == len(result.edits) + len(result.keep)
    assert all(use.applied or use.reasons for use in result.glossary)


@given(st.text(max_size=60), st.text(min_size=1, max_size=8), st.text(min_size=1, max_size=8))
def test_any_text_and_any_term_are_borne(text: str, source: str, target: str) -> None:
    match(text, GlossaryEntry(source, target), protected=())


# --- files ---

TERM = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1, max_size=12)
FILED = st.lists(
    st.builds(
        GlossaryEntry,
        TERM,
        TERM,
        st.sampled_from([TermKind.REPLACE, TermKind.FORBID]),
        st.booleans(),
        st.integers(1, 999).map(lambda n: f"house/{n}"),
    )
    | st.builds(GlossaryEntry, TERM, st.just(""), st.just(TermKind.KEEP), st.booleans(), st.just("k")),
    max_size=5,
)


def test_in_tbx_the_case_of_a_term_to_keep_counts_though_it_is_its_own_target() -> None:
    file = io.BytesIO()
    write_glossary([GlossaryEntry("IT", "IT", TermKind.KEEP, case_sensitive=True)], file, GlossaryFormat.TBX)
    file.seek(0)
    found = [(entry.source, entry.kind, entry.case_sensitive) for entry in read_glossary(file, GlossaryFormat.TBX)]
    assert found == [("IT", TermKind.KEEP, True)]


@pytest.mark.parametrize("form", GlossaryFormat)
@given(entries=FILED)
def test_what_is_written_is_read_again(form: GlossaryFormat, entries: list[GlossaryEntry]) -> None:
    entries = [
        GlossaryEntry(
            unicodedata.normalize("NFC", e.source),
            unicodedata.normalize("NFC", e.target),
            e.kind,
            e.case_sensitive,
            e.id,
        )
        for e in entries
    ]
    file = io.BytesIO()
    write_glossary(entries, file, form)
    file.seek(0)
    assert read_glossary(file, form) == entries


def read(text: str | bytes, form: str) -> list[GlossaryEntry]:
    return read_glossary(io.BytesIO(text if isinstance(text, bytes) else text.encode()), form, name="house")


def test_rows_without_headings_are_taken_in_order() -> None:
    assert read("cat,dog\nIBM\n\n", "csv") == [
        GlossaryEntry("cat", "dog", id="house/1"),
        GlossaryEntry("IBM", "", TermKind.KEEP, id="house/2"),
    ]


def test_columns_may_stand_in_any_order_and_carry_others() -> None:
    text = "\ufeffTarget;note;Source;Case\nOlaf Scholz;the chancellor;Olav Schultz;sensitive\n"
    assert read(text, "csv") == [GlossaryEntry("Olav Schultz", "Olaf Scholz", case_sensitive=True, id="house/1")]


@pytest.mark.parametrize(
    ("text", "form", "message"),
    [
        ("source,target\ncat,dog\n,dog\n", "csv", "line 3: no `source`"),
        ("source,target,kind\ncat,,replace\n", "csv", "line 2: no `target`"),
        ("source\ttarget\tkind\ncat\tdog\tswap\n", "tsv", "line 2: `kind` must be"),
        ("source,case\ncat,maybe\n", "csv", "line 2: `case` must be"),
        ("source,target\ncat,dog,cow\n", "csv", "line 2: 3 columns"),
        ('source,target\n"cat,dog\n', "csv", "line 2"),
        (b"source,target\ncat,d\xffg\n", "csv", "line 2: not UTF-8"),
        (f"{'x' * 201},y\n", "csv", "line 1: a term is longer"),
        ("<tbx>", "tbx", "not well-formed"),
        ("<html/>", "tbx", "no TBX"),
        ("<tbx>\n<conceptEntry>\n<langSec>\n<termSec/></langSec></conceptEntry></tbx>", "tbx", "line 4: no `term`"),
        ("x", "xlsx", "not a glossary format"),
    ],
)
def test_a_row_that_cannot_be_used_is_named(text: str | bytes, form: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read(text, form)


def test_a_missing_file_is_an_error_of_the_caller(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.csv: cannot be read"):
        read_glossary(tmp_path / "none.csv")


def test_a_file_is_read_by_its_ending_and_names_its_entries(tmp_path: Path) -> None:
    write_glossary([GlossaryEntry("cat", "dog")], tmp_path / "house.tsv")
    assert read_glossary(tmp_path / "house.tsv") == [GlossaryEntry("cat", "dog", id="house/1")]


TBX_2 = """<?xml version="1.0"?>
<!DOCTYPE martif SYSTEM "TBXcoreStructV02.dtd">
<martif type="TBX" xml:lang="en"><text><body><termEntry id="c1">
<langSet xml:lang="de"><tig><term>künstliche Intelligenz</term></tig></langSet>
<langSet xml:lang="en-GB">
<ntig><termGrp><term>artificial <hi>intelligence</hi></term>
<termNote type="administrativeStatus">preferredTerm-admn-sts</termNote></termGrp></ntig>
<tig><term>counterfeit consciousness</term>
<termNote type="administrativeStatus">supersededTerm-admn-sts</termNote></tig>
<tig><term>fake mind</term><termNote type="administrativeStatus">deprecatedTerm-admn-sts</termNote></tig>
<tig><term>AI</term><termNote type="administrativeStatus">admittedTerm-admn-sts</termNote></tig>
</langSet></termEntry></body></text></martif>"""


def test_tbx_of_version_2() -> None:
    assert read(TBX_2, "tbx") == [
        GlossaryEntry("counterfeit consciousness", "artificial intelligence", TermKind.REPLACE, id="c1"),
        GlossaryEntry("fake mind", "artificial intelligence", TermKind.FORBID, id="c1/2"),
        GlossaryEntry("AI", "", TermKind.KEEP, id="c1/3"),
    ]


def test_tbx_of_version_3_with_elements_for_categories() -> None:
    text = """<tbx xmlns="urn:iso:std:iso:30042:ed-2" xmlns:min="http://www.tbxinfo.net/ns/min" style="dct">
    <text><body><conceptEntry id="7"><langSec xml:lang="en"><termSec><term>cat</term>
    <min:administrativeStatus>supersededTerm-admn-sts</min:administrativeStatus></termSec>
    <termSec><term>dog</term></termSec></langSec></conceptEntry></body></text></tbx>"""
    assert read(text, "tbx") == [GlossaryEntry("cat", "dog", id="7")]


def test_entities_of_a_stranger_are_refused(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("secret")
    text = f"""<!DOCTYPE tbx [<!ENTITY x SYSTEM "{secret.as_uri()}">]>
    <tbx><conceptEntry><langSec><termSec><term>cat &x;</term></termSec></langSec></conceptEntry></tbx>"""
    with pytest.raises(InputError, match="declares entities"):
        read(text, "tbx")


def test_entities_that_multiply_are_refused() -> None:
    bombs = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 20))
    text = f"""<!DOCTYPE tbx [<!ENTITY a0 "ha">{bombs}]>
    <tbx><conceptEntry><langSec><termSec><term>cat &a19;</term></termSec></langSec></conceptEntry></tbx>"""
    with pytest.raises(InputError):
        read(text, "tbx")


def test_an_article_that_is_a_term_itself_is_left_to_its_entry() -> None:
    entries = [GlossaryEntry("cat", "owl"), GlossaryEntry("a", "owl")]
    edits = match("a cat", *entries, protected=()).edits
    assert [(e.span.start, e.span.end) for e in edits] == [(0, 1), (2, 5)]
