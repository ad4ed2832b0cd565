"""The answer of ``repair --json``: the JSON that ``POST /repair`` promises."""

from __future__ import annotations

from app.api.annotation import AnnotatedText
from app.api.schemas import ModelBody, RepairCall, write_response
from app.core.offsets import OffsetUnit
from app.core.protocols import ModelCard
from app.core.types import DocumentRepair, RepairOptions
from app.telemetry import new_id


def to_json(answer: DocumentRepair, options: RepairOptions, card: ModelCard, kb_version: str) -> str:
    """One JSON object; offsets count code points."""
    response = write_response(
        RepairCall(AnnotatedText.of_text(answer.source), options, OffsetUnit.CODEPOINT, frozenset()),
        answer,
        response_id=new_id(),
        model=ModelBody(name=card.name, version=card.version, sha256=card.sha256),
        kb_version=kb_version,
        queue_s=0.0,
        total_s=sum(seconds for _, seconds in answer.timing_s),
    )
    return response.encode().decode()
