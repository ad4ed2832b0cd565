from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.json_values import with_value

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ('{"text":"a"}', '{"text":"b"}'),
        (
            '\ufeff {"x":1e400,"y":0.10,"z":1,"z":2 , "text" :\t"a" }\r\n',
            '\ufeff {"x":1e400,"y":0.10,"z":1,"z":2 , "text" :\t"b" }\r\n',
        ),
        ('{"text":"a","text":"\\u0022","in":{"text":"a"}}', '{"text":"a","text":"b","in":{"text":"a"}}'),
        ('{"in":{"text":"a"},"t\\u0065xt":null}', '{"in":{"text":"a"},"t\\u0065xt":"b"}'),
    ],
)
def test_nothing_but_the_value_changes(source: str, expected: str) -> None:
    assert with_value(source, "text", "b") == expected


def test_the_value_is_written_as_json() -> None:
    assert with_value('{"text": 1}', "text", 'é "\n\\🌊') == '{"text": "é \\"\\n\\\\🌊"}'


@given(st.dictionaries(st.text(max_size=4), VALUES, min_size=1, max_size=5), st.data(), st.text(max_size=8))
def test_what_is_read_again_has_the_new_value_and_all_others(
    row: dict[str, object], data: st.DataObject, text: str
) -> None:
    field = data.draw(st.sampled_from(sorted(row)))
    written = with_value(json.dumps(row, indent=data.draw(st.sampled_from([None, 2]))), field, text)
    assert json.loads(written) == {**row, field: text}
    assert list(json.loads(written)) == list(row)
