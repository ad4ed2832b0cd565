"""Protected spans: what is found, and that no edit gets past."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.diff import apply_edits
from app.core.errors import InputError
from app.core.protect import MAX_PATTERNS, PatternProtector, Protection, violates
from app.core.types import BUILTIN_PROTECTION, Edit, EditKind, Origin, ProtectedKind, ProtectOptions, Span

K = ProtectedKind
FOUND: dict[ProtectedKind, list[str]] = {
    K.URL: [
        "https://x.com/a_(b)?q=1#c",
        "www.example.org",
        "example.com/path",
        "ftp://x.org",
        "bücher.de",
        "doi:10.1000/182",
    ],
    K.EMAIL: ["a.b+c@example.co.uk", "jörg@example.de"],
    K.NUMBER: [
        "12",
        "3.14",
        "1,000,000",
        "1 000 000",
        "-5",
        "20%",
        "20 %",
        "21st",
        "1990s",
        "COVID-19",
        "G20",
        "1.2.3",
        "½",
        "1/2",
        "+1 (555) 123-4567",
        "192.168.0.1",
        "978-3-16-148410-0",
        "five",
        "twenty-one",
        "two hundred",
        "٣٤",
        "5 per cent",
        "2 million",
        "5bn",
        "x²",
        "H2O",
        "two-thirds",
    ],
    K.DATE: [
        "3 March 2020",
        "March 3, 2020",
        "3rd of March",
        "May 2020",
        "2020-01-02",
        "02.01.2020",
        "2/1/20",
        "1914-18",
        "44 BC",
        "5-6 June",
        "2020-01-02T10:00:00Z",
        "Sept. 5",
    ],
    K.TIME: ["10:30", "10:30 p.m.", "5 p.m.", "5pm", "10.30am", "17:00 GMT", "14h30", "1800 hours", "5 o'clock"],
    K.CURRENCY: [
        "$5",
        "$5.5 million",
        "US$3m",
        "€5bn",
        "5 euros",
        "100 yuan",
        "¥100",
        "EUR 50",
        "50 EUR",
        "£1,000",
        "five dollars",
        "Rs. 500",
        "5 €",
    ],
    K.UNIT: [
        "5 km",
        "10-kg",
        "3°C",
        "100 mph",
        "five miles",
        "60 km/h",
        "5 million tonnes",
        "3.5 GHz",
        "5 square miles",
        "5 kWh",
    ],
    K.CODE: [
        "`x = 1`",
        "foo()",
        "a.b.c()",
        "my_var",
        "--dry-run",
        "/usr/bin/env",
        "std::map",
        "0xFF",
        "C:\\dir\\file.txt",
    ],
    K.HANDLE: ["@john_doe", "#budget2020", "r/news", "#été"],
    K.PLACEHOLDER: [
        "{name}",
        "{{ user.name }}",
        "${VAR}",
        "%s",
        "%(count)d",
        "%1$s",
        "<b>",
        "</b>",
        "<br/>",
        "[[link]]",
        "{0}",
        "__PH_1__",
        "%NAME%",
        '<x id="1"/>',
        "{% if x %}",
    ],
}
NOT_FOUND: dict[ProtectedKind, list[str]] = {
    K.URL: ["end.Then", "e.g. this", "U.S. law", "Mr. Smith"],
    K.EMAIL: ["at@", "@home"],
    K.NUMBER: ["one of them", "second", "at first", "often", "weight", "none"],
    K.DATE: ["They may go", "march on", "May I", "august company"],
    K.TIME: ["noon", "am", "a.m"],
    K.CURRENCY: ["dollars", "pound cake", "$"],
    K.UNIT: ["5 men", "5 inhabitants", "10 Lords", "20 killed", "miles"],
    K.CODE: ["and/or", "well-known", "he (she)", "--", "deface"],
    K.HANDLE: ["a@b", "#", "# 1", "and/or"],
    K.PLACEHOLDER: ["100%sure", "5 < 6 and 7 > 6", "20% discount", "[sic]"],
}


def of_kind(text: str, kind: ProtectedKind) -> list[str]:
    spans = PatternProtector().protect(text, ProtectOptions(builtin=frozenset({kind})))
    assert {p.kind for p in spans} <= {kind}
    return [p.span.of(text) for p in spans]


@pytest.mark.parametrize(("kind", "token"), [(kind, token) for kind, tokens in FOUND.items() for token in tokens])
@pytest.mark.parametrize("frame", ["{}", "He saw {} there.", "It was ({}), é.", "“{}”", "Then came {}."])
def test_a_span_is_found_whole_whatever_stands_around_it(kind: ProtectedKind, token: str, frame: str) -> None:
    text = frame.replace("{}", token)
    start = text.index(token)
    spans = PatternProtector().protect(text, ProtectOptions(builtin=frozenset({kind})))
    covered = {i for p in spans for i in range(p.span.start, p.span.end)}
    assert set(range(start, start + len(token))) <= covered
    outside = "".join(text[i] for i in sorted(covered - set(range(start, start + len(token)))))
    assert not any(c.isalnum() for c in outside)


@pytest.mark.parametrize(("kind", "text"), [(kind, text) for kind, texts in NOT_FOUND.items() for text in texts])
def test_ordinary_words_are_not_protected(kind: ProtectedKind, text: str) -> None:
    assert not of_kind(f"He saw {text} there.", kind)


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("(see https://x.com/a).", "https://x.com/a"),
        ("https://x.com/a_(b), and", "https://x.com/a_(b)"),
        ("“https://x.com”", "https://x.com"),
        ("Go to example.com.", "example.com"),
    ],
)
def test_the_punctuation_of_the_sentence_is_no_part_of_an_address(text: str, url: str) -> None:
    assert of_kind(text, K.URL) == [url]


@pytest.mark.parametrize(
    ("text", "quoted"),
    [
        ("He said “go on”.", ["go on"]),
        ('He said "go on" and "stop".', ["go on", "stop"]),
        ("He said ‘go on’, didn’t he?", ["go on"]),
        ("«Oui», dit-il.", ["Oui"]),
        ("He said “ go. And go on .“ Then", ["go. And go on ."]),
        ("“One.\n\n“Two.” He", ["One.", "Two."]),
        ("It is 5' 6\" tall.", []),
        ("The boys' dogs don't bark.", []),
        ("“never closed\n\nNext", []),
    ],
)
def test_direct_quotations_are_protected_by_a_switch(text: str, quoted: list[str]) -> None:
    spans = PatternProtector().protect(text, ProtectOptions(quotes=True, builtin=frozenset()))
    assert [p.span.of(text) for p in spans] == quoted
    assert not PatternProtector().protect(text, ProtectOptions(builtin=frozenset()))


def test_patterns_and_spans_of_the_caller() -> None:
    text = "é Article 5a, ARTICLE 6"
    options = ProtectOptions(builtin=frozenset(), patterns=(r"(?i)article \d",), spans=(Span(0, 1),))
    found = PatternProtector().protect(text, options)
    assert [(p.kind, p.span.of(text)) for p in found] == [
        (K.SPAN, "é"),
        (K.PATTERN, "Article 5"),
        (K.PATTERN, "ARTICLE 6"),
    ]


@pytest.mark.parametrize(
    ("options", "code", "pointer"),
    [
        (ProtectOptions(patterns=("a", "(")), "invalid-pattern", "/protect/patterns/1"),
        (ProtectOptions(patterns=(r"(a)\1",)), "invalid-pattern", "/protect/patterns/0"),
        (ProtectOptions(patterns=(r"(?=a)",)), "invalid-pattern", "/protect/patterns/0"),
        (ProtectOptions(patterns=("\ud800",)), "invalid-pattern", "/protect/patterns/0"),
        (ProtectOptions(patterns=("",)), "pattern-length", "/protect/patterns/0"),
        (ProtectOptions(patterns=("a" * 501,)), "pattern-length", "/protect/patterns/0"),
        (ProtectOptions(patterns=("a",) * (MAX_PATTERNS + 1)), "too-many-patterns", "/protect/patterns"),
        (ProtectOptions(spans=(Span(0, 99),)), "span-outside-text", "/protect/spans/0"),
        (ProtectOptions(spans=(Span(0, 1), Span(2, 2))), "empty-span", "/protect/spans/1"),
    ],
)
def test_options_that_cannot_be_used_are_errors_of_the_caller(options: ProtectOptions, code: str, pointer: str) -> None:
    with pytest.raises(InputError) as caught:
        PatternProtector().protect("some text", options)
    assert (caught.value.code, caught.value.pointer) == (code, pointer)
    assert "some text" not in str(caught.value)


def test_a_pattern_that_matches_everywhere_is_refused() -> None:
    with pytest.raises(InputError, match="narrower"):
        PatternProtector().protect("a" * 100_001, ProtectOptions(patterns=("a",)))


@pytest.mark.parametrize("pattern", ["(a+)+$", "(a|a)*b", "a.*b|a", "(.*.*)*c", "x*"])
def test_no_pattern_of_the_caller_takes_long(pattern: str) -> None:
    started = time.process_time()
    PatternProtector().protect("a" * 50_000, ProtectOptions(patterns=(pattern,), builtin=frozenset()))
    assert time.process_time() - started < 5


@pytest.mark.parametrize(
    "piece", ["1", "1 ", "1,", "a@", "http://", "(", "five ", "{", "<a ", "%", "$", "a.", "é", "“", "_a"]
)
def test_a_long_run_of_anything_ends_soon(piece: str) -> None:
    started = time.process_time()
    PatternProtector().protect(piece * (60_000 // len(piece)), ProtectOptions(quotes=True))
    assert time.process_time() - started < 5


# --- edits ---

TOKENS = [token for tokens in FOUND.values() for token in tokens]
TEXTS = st.lists(st.sampled_from([*TOKENS, "He", "saw", ",", ".", "(", "“", "é", "人"]), max_size=8).map(" ".join)
PUT_IN = st.one_of(st.text(max_size=3), st.sampled_from(["", "0", "-", "%", "$", ".", ",", "a", " ", "@", "/", "é"]))


@given(st.one_of(TEXTS, st.text(max_size=40)))
def test_spans_lie_in_the_text_in_order_and_are_the_same_again(text: str) -> None:
    options = ProtectOptions(quotes=True)
    found = PatternProtector().protect(text, options)
    assert list(found) == sorted(found, key=lambda p: (p.span, p.kind))
    assert all(p.span.start < p.span.end <= len(text) for p in found)
    assert found == PatternProtector().protect(text, options)


@given(TEXTS, st.data(), PUT_IN)
def test_an_edit_that_passes_leaves_every_span_as_it_is(text: str, data: st.DataObject, new: str) -> None:
    start = data.draw(st.integers(0, len(text)))
    span = Span(start, data.draw(st.integers(start, min(len(text), start + 6))))
    protected = PatternProtector().protect(text, ProtectOptions(quotes=True))
    if violates(span, new, text, protected) is not None:
        return
    patched = apply_edits(text, [Edit(span, new, EditKind.WORDING, Origin.MODEL, 1.0, "MTR_TEST", "")])
    shift = len(new) - len(span)
    for p in protected:
        old = p.span.of(text)
        places = {p.span.start, p.span.start + shift}
        assert any(at >= 0 and patched[at : at + len(old)] == old for at in places), p


@pytest.mark.parametrize(
    ("text", "span", "new", "is_allowed"),
    [
        ("He has 12 dogs", Span(7, 9), "13", False),
        ("He has 12 dogs", Span(7, 9), "12", True),
        ("He has 12 dogs", Span(9, 9), "0", False),
        ("He has 12 dogs", Span(9, 9), "%", False),
        ("He has 12 dogs", Span(9, 9), " %", False),
        ("He came 2nd .", Span(11, 11), "%", False),
        ("He saw @ann there", Span(7, 7), "a", False),
        ("He saw @ann there", Span(7, 7), "(", True),
        ("He saw {n} there", Span(7, 7), "$", False),
        ("He saw {n} there", Span(10, 10), ",", True),
        ("He has 12 dogs", Span(7, 7), "-", False),
        ("He has 12 dogs", Span(7, 7), "$", False),
        ("He has 12 dogs", Span(8, 8), " ", False),
        ("He has 12 dogs", Span(9, 10), "", False),
        ("He has 12 dogs", Span(9, 9), ",", True),
        ("He has 12 dogs", Span(4, 7), "had ", True),
        ("He has 12 dogs", Span(4, 14), "had 12 cats", False),
        ("He has 12 dogs", Span(10, 14), "cats", True),
        ("He has 12 dogs", Span(0, 14), "", False),
    ],
)
def test_what_an_edit_beside_a_number_may_do(text: str, span: Span, new: str, is_allowed: bool) -> None:
    protected = PatternProtector().protect(text, ProtectOptions())
    assert (violates(span, new, text, protected) is None) is is_allowed


@given(TEXTS, st.data(), PUT_IN)
def test_many_edits_are_judged_as_one_is(text: str, data: st.DataObject, new: str) -> None:
    protected = PatternProtector().protect(text, ProtectOptions())
    start = data.draw(st.integers(0, len(text)))
    span = Span(start, data.draw(st.integers(start, len(text))))
    shuffled = data.draw(st.permutations(protected))
    assert Protection(text, shuffled).violated_by(span, new) == violates(span, new, text, protected)


def test_all_kinds_that_are_built_in_have_examples() -> None:
    assert set(FOUND) == set(NOT_FOUND) == set(BUILTIN_PROTECTION)


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("today&#39;s 40 men", ["40"]),
        ("today& # 39; s 40 men", ["40"]),
        ("today&amp;#39;s 40 men", ["40"]),
        ("Q&A; #39; 40 men", ["39", "40"]),
        ("page #39 & 40 men", ["39", "40"]),
    ],
)
def test_the_figures_of_an_entity_count_nothing(text: str, numbers: list[str]) -> None:
    found = PatternProtector().protect(text, ProtectOptions())
    assert [p.span.of(text) for p in found if p.kind is ProtectedKind.NUMBER] == numbers
