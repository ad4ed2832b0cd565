from __future__ import annotations

import pytest

from app.core.rule_ids import did_you_mean


@pytest.mark.parametrize(
    ("rule", "quote", "said"),
    [
        ("glossarys", "", ", did you mean MTR_GLOSSARY?"),
        ("mtr-glossarys", "`", ", did you mean `MTR_GLOSSARY`?"),
        ("MODEL_SPELING", "", ", did you mean MTR_MODEL_SPELLING or MTR_MODEL_SPACING or MTR_MODEL_WORDING?"),
        ("QQQQQQQQQ", "`", ";"),
    ],
)
def test_an_unknown_id_is_told_with_those_like_it(rule: str, quote: str, said: str) -> None:
    assert did_you_mean(rule, quote) == said
