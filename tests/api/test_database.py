from __future__ import annotations

import pytest
from sqlalchemy.exc import OperationalError

from app.api.database import store_unavailable
from app.api.errors import ProblemError
from app.core.errors import ResourceError
from app.store.records import NotFoundError


@pytest.mark.parametrize("error", [ResourceError("CANARY"), OperationalError("SELECT", {}, Exception("CANARY"))])
@pytest.mark.parametrize(("retry_after_s", "headers"), [(None, None), (5, {"Retry-After": "5"})])
def test_a_database_that_cannot_be_used_is_a_problem_without_its_cause(
    error: Exception, retry_after_s: int | None, headers: dict[str, str] | None
) -> None:
    with pytest.raises(ProblemError) as raised, store_unavailable("gone", "Not now.", retry_after_s=retry_after_s):
        raise error
    assert (raised.value.kind.slug, raised.value.detail, raised.value.headers) == (
        "store-unavailable", "Not now.", headers
    )  # fmt: skip
    assert raised.value.__suppress_context__


@pytest.mark.parametrize("error", [NotFoundError("the job"), ZeroDivisionError()])
def test_what_else_goes_wrong_passes_through(error: Exception) -> None:
    with pytest.raises(type(error)) as raised, store_unavailable("gone", "Not now."):
        raise error
    assert raised.value is error
