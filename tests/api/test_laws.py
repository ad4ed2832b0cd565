"""What every answer keeps, whatever the text, the unit and the options: read off the JSON, as a client would."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

_WRONG = ["has went", "a apple", "informations", "The the", "and and", "“ Yes ”", "he said ..", "donâ€™t", "&amp;"]
_HARD = [
    "🌊",
    "👩‍👩‍👧",
    "e\u0301",
    "שלום",
    "\r\n",
    "\n\n",
    "\u200b",
    "𝔊",
    "한국어",
    "\t",
    "3.5 km",
    "Leave a Comment\n",
]
_PLAIN = [
    "The minister",
    "in Helsinki",
    "on 14 March",
    "She agreed",
    ".",
    ",",
    "!",
    "“",
    "”",
    "Dr. No",
]
_ANY = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=8)
_TEXTS = st.lists(st.one_of(st.sampled_from(_WRONG), st.sampled_from(_HARD + _PLAIN), _ANY), max_size=14).map(" ".join)
_UNITS = st.sampled_from(["codepoint", "utf16", "utf8"])


class Units:
    """A text as a client sees it that counts in ``unit``."""

    def __init__(self, text: str, unit: str) -> None:
        encoding, self._width = {"codepoint": ("utf-32-le", 4), "utf16": ("utf-16-le", 2), "utf8": ("utf-8", 1)}[unit]
        self._encoding, self._bytes = encoding, text.encode(encoding)

    def slice(self, start: int, end: int) -> str:
        """The text from ``start`` to ``end``; fails where a character would be cut in two."""
        assert end * self._width <= len(self._bytes)
        return self._bytes[start * self._width : end * self._width].decode(self._encoding)

    def apply(self, edits: list[dict[str, Any]]) -> str:
        """Replace each span, last first, as a client does it."""
        raw = self._bytes
        for edit in reversed(edits):
            new = edit["replacement"].encode(self._encoding)
            raw = raw[: edit["start"] * self._width] + new + raw[edit["end"] * self._width :]
        return raw.decode(self._encoding)


def common_prefix(one: str, other: str) -> int:
    return next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def assert_laws(answer: dict[str, Any], source: str, mode: str) -> None:
    edits, unit = answer["edits"], answer["offset_unit"]
    before, after = Units(source, unit), Units(answer["text"], unit)
    applied = before.apply(edits)
    assert answer["text"].encode() == (source if mode == "detect_only" else applied).encode()
    for edit in edits:
        assert edit["original"] == before.slice(edit["start"], edit["end"])
        assert edit["original"] != edit["replacement"]
        if mode != "detect_only":
            assert edit["replacement"] == after.slice(edit["start_out"], edit["end_out"])
    for left, right in pairwise(edits):
        assert left["end"] <= right["start"]
        assert (left["start"], left["end"]) < (right["start"], right["end"])
    for rejected in answer["rejected"]:
        assert rejected["original"] == before.slice(rejected["start"], rejected["end"])
    ids = [edit["id"] for edit in edits]
    assert len(set(ids)) == len(ids)
    assert {i for sentence in answer["sentences"] for i in sentence["edits"]} <= set(ids)
    for left, right in pairwise(answer["sentences"]):
        assert left["end"] <= right["start"]
    places = [(sentence["start"], sentence["end"]) for sentence in answer["sentences"]]
    end = 0
    for start, next_end in [*places, (len(Units(source, unit)._bytes) // before._width,) * 2]:
        assert before.slice(end, start).strip() == ""
        end = next_end
    assert all(0 <= edit["confidence"] <= 1 for edit in edits)


def assert_each_can_be_left_out(answer: dict[str, Any], source: str) -> None:
    edits = answer["edits"]
    before = Units(source, answer["offset_unit"])
    for i, left_out in enumerate(edits):
        rest = [*edits[:i], *edits[i + 1 :]]
        text = before.apply(rest)
        shift = sum(len(e["replacement"]) - len(e["original"]) for e in edits[:i])
        at = len(before.slice(0, left_out["start"])) + shift
        assert text[at : at + len(left_out["original"])] == left_out["original"]
        # and with that one edit it is the text that was given back
        assert text[:at] + left_out["replacement"] + text[at + len(left_out["original"]) :] == before.apply(edits)


@settings(max_examples=100, deadline=None)
@given(_TEXTS, _UNITS, st.sampled_from(["minimal", "fluent", "names_only", "detect_only"]))
def test_edits_and_text_agree_in_every_unit_and_mode(client: TestClient, text: str, unit: str, mode: str) -> None:
    response = client.post("/repair", json={"text": text, "offset_unit": unit, "mode": mode, "furniture": "remove"})
    assert response.status_code == 200, response.text
    assert response.json()["offset_unit"] == unit
    assert_laws(response.json(), text, mode)
    assert_each_can_be_left_out(response.json(), text)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.one_of(
            _TEXTS.map(lambda text: {"text": text}),
            st.sampled_from([("<b>", ""), ("</b>", ""), ("<br>", "\n"), ("<hr>", "\n\n"), ("🌊", ""), ("", "")]).map(
                lambda pair: {"markup": pair[0], "interpretAs": pair[1]}
            ),
        ),
        max_size=8,
    ),
    _UNITS,
)
def test_edits_and_text_agree_in_text_with_markup(client: TestClient, parts: list[dict[str, str]], unit: str) -> None:
    response = client.post("/repair", json={"annotation": parts, "offset_unit": unit})
    assert response.status_code == 200, response.text
    full = "".join(part.get("text", "") + part.get("markup", "") for part in parts)
    answer = response.json()
    edits, before = answer["edits"], Units(full, unit)
    assert answer["text"] == before.apply(edits)
    markup = "".join(part.get("markup", "") for part in parts)
    assert sum(map(len, markup)) <= len(answer["text"])
    for edit in edits:
        assert edit["original"] == before.slice(edit["start"], edit["end"])
    assert_each_can_be_left_out(answer, full)


@settings(max_examples=60, deadline=None)
@given(_TEXTS, st.data())
def test_a_span_that_the_caller_protects_comes_back_unchanged(
    client: TestClient, text: str, data: st.DataObject
) -> None:
    start, end = sorted(data.draw(st.tuples(st.integers(0, len(text)), st.integers(0, len(text)))))
    if start == end:
        return
    body = {"text": text, "protect": {"spans": [{"start": start, "end": end}]}}
    for edit in client.post("/repair", json=body).json()["edits"]:
        old, new = edit["original"], edit["replacement"]
        head = common_prefix(old, new)  # an edit may span what it keeps
        tail = common_prefix(old[head:][::-1], new[head:][::-1])
        assert edit["end"] - tail <= start or end <= edit["start"] + head


@settings(max_examples=60, deadline=None)
@given(_TEXTS, _TEXTS, _UNITS)
def test_the_changes_of_a_diff_give_the_target(client: TestClient, source: str, target: str, unit: str) -> None:
    answer = client.post("/diff", json={"source": source, "target": target, "offset_unit": unit}).json()
    before, after = Units(source, unit), Units(target, unit)
    assert before.apply(answer["edits"]) == target
    for change in answer["edits"]:
        assert change["original"] == before.slice(change["start"], change["end"])
        assert change["replacement"] == after.slice(change["start_out"], change["end_out"])


@pytest.mark.parametrize(("unit", "place"), [("codepoint", (11, 19)), ("utf16", (14, 22)), ("utf8", (24, 32))])
def test_each_unit_counts_what_it_says(client: TestClient, unit: str, place: tuple[int, int]) -> None:
    # a family of five code points, eight UTF-16 code units, eighteen bytes; then CR and LF, a unit each
    answer = client.post(
        "/repair", json={"text": "👩\u200d👩\u200d👧\r\nShe has went home.", "offset_unit": unit}
    ).json()
    [edit] = answer["edits"]
    assert (edit["start"], edit["end"]) == place
