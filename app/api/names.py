"""The names of a text, each with who it may be and why, and the knowledge base behind them."""

from __future__ import annotations

from collections import defaultdict
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

import anyio
import anyio.to_thread
from fastapi import APIRouter, Path, Query, Request
from pydantic import Field

from app.api.deps import ServiceDep
from app.api.errors import ProblemError
from app.api.examples import problems
from app.api.limits import LimitedRoute
from app.api.schemas import AnswerBody, StrictBody, Text, check_length
from app.core.errors import ResourceError
from app.core.offsets import OffsetTable, OffsetUnit
from app.core.segment import SentenceSegmenter
from app.settings import Settings
from app.telemetry import describe_error, get_logger

if TYPE_CHECKING:  # opening a base costs time and memory: only once somebody asks
    from app.names.link import Decision, Weighed
    from app.names.linker import NameLinker
    from app.names.mentions import Mention
    from app.names.store import Entity

_MOST_CANDIDATES: Final = 5
_MOST_FOUND: Final = 100
Kind = Literal["person", "organisation", "place"]


class EntityName(AnswerBody):
    """A name of an entity."""

    text: str
    kind: str = Field(description="`alias`, `abbreviation` or `reordered`.")
    language: str | None = None


class EntityRole(AnswerBody):
    """An office."""

    title: str
    start: int | None = Field(None, alias="from")
    end: int | None = Field(None, alias="to")


class EntityBody(AnswerBody):
    """A record of the knowledge base; what is not known is left out."""

    id: str = Field(description="Wikidata's where it is known.")
    kind: Kind
    type: str
    name: str = Field(description="The form that is printed.")
    aliases: list[EntityName] = Field([])
    native: dict[str, str] = Field({}, description="By language.")
    country: str | None = Field(None, description="ISO 3166.")
    roles: list[EntityRole] = Field([])
    active_from: int | None = Field(None, alias="from")
    active_to: int | None = Field(None, alias="to")
    born: int | None = None
    died: int | None = None
    popularity: float = Field(description="0 to 1, comparable within a kind.")
    sources: list[str] = Field([])


class EntitiesFound(AnswerBody):
    """What a search found."""

    kb: str = Field(description="Version of the knowledge base.")
    entities: list[EntityBody] = Field(description="The best first.")


class NamesRequest(StrictBody):
    """A text whose names are wanted."""

    text: Text = Field(description="The whole document: what it says of a name in one place counts in all.")
    offset_unit: Annotated[OffsetUnit, Field(strict=False, description="What `start` and `end` count.")] = (
        OffsetUnit.CODEPOINT
    )


class EvidenceBody(AnswerBody):
    """Something that speaks for or against a candidate."""

    feature: str
    score: float
    detail: str = Field(description="In words; empty where a number says it.")


class CandidateBody(AnswerBody):
    """Who may be meant."""

    id: str
    name: str
    kind: Kind
    text: str = Field(description="What would be printed.")
    probability: float
    evidence: list[EvidenceBody]


class NameBody(AnswerBody):
    """A name of the text."""

    start: int
    end: int
    text: str
    status: Literal["right", "wrong", "doubtful", "unknown"] = Field(
        description="`right`: known as it stands. `wrong`: a repair changes it. `doubtful`: it may be one of the "
        "candidates, and none is certain. `unknown`: nothing is known that it could be."
    )
    replacement: str | None = Field(None, description="Of a wrong name.")
    entity_id: str | None = None
    title: str | None = Field(None, description="What stands before it.")
    reason: str | None = None
    candidates: list[CandidateBody] = Field([])


class VariantBody(AnswerBody):
    """A form in which an entity stands in the text."""

    text: str
    count: int
    is_right: bool


class EntityVariants(AnswerBody):
    """The forms of one entity."""

    id: str
    name: str
    forms: list[VariantBody]


class NamesResponse(AnswerBody):
    """The names of a text."""

    kb: str = Field(description="Version of the knowledge base.")
    offset_unit: OffsetUnit
    names: list[NameBody] = Field(description="In the order of the text.")
    variants: list[EntityVariants] = Field(description="Entities that stand in the text in more than one form.")


class NamesDesk:
    """The linker of an application, opened when it is first needed; the base is looked at anew for each request.

    Args:
        settings: Where the knowledge base is.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = Lock()
        self._linker: NameLinker | None = None

    def linker(self) -> NameLinker:
        """The linker.

        Raises:
            ProblemError: ``model-not-ready``: no base, or one that cannot be read.
        """
        from app.names.linker import build_linker

        with self._lock:
            if self._linker is None:
                try:
                    self._linker = build_linker(self._settings.names_dir, self._settings.overlay_folders)
                except ResourceError as exc:
                    get_logger(__name__).warning("names-unavailable", **describe_error(exc))
                    raise ProblemError(
                        "model-not-ready", "The service has no knowledge base of names that it can read."
                    ) from None
            return self._linker

    def search(self, query: str, kind: Kind | None, limit: int) -> EntitiesFound:
        """Entities by name or the beginning of one."""
        from app.names.store import EntityKind

        store = self.linker().store
        found = store.search(query, limit, None if kind is None else EntityKind(kind))
        return EntitiesFound(kb=store.version, entities=[_entity(e) for e in found])

    def get(self, entity_id: str) -> EntityBody:
        """One entity.

        Raises:
            ProblemError: ``not-found``.
        """
        entity = self.linker().store.get(entity_id)
        if entity is None:
            raise ProblemError("not-found", "No entity has this id.")
        return _entity(entity)

    def names(self, text: str, unit: OffsetUnit) -> NamesResponse:
        """Every name of a text."""
        linker = self.linker()
        seen, decisions = linker.decide(text, SentenceSegmenter().segment(text))
        table = OffsetTable(text, unit)
        of_reading = {m.span: d for d in decisions for m in d.reading.mentions}
        right = {m.span for m in seen.right}
        store = linker.store
        forms: dict[str, dict[tuple[str, bool], int]] = defaultdict(lambda: defaultdict(int))
        called: dict[str, str] = {}
        names = []
        for mention in seen.mentions:
            start, end = table.span_to_unit(mention.span)
            decision = of_reading.get(mention.span)
            body = _name(mention, decision, mention.span in right, {"start": start, "end": end})
            if body.status == "right" and (same := store.by_name(mention.text)):
                best = max(same, key=lambda e: (e.id in seen.context.known, e.popularity))
                body = body.model_copy(update={"entity_id": best.id})
                called[best.id] = best.name
            elif body.status == "wrong" and body.entity_id is not None and decision and decision.chosen:
                called[body.entity_id] = decision.chosen.candidate.entity.name
            if body.entity_id is not None:
                forms[body.entity_id][body.text, body.status == "right"] += 1
            names.append(body)
        return NamesResponse(kb=store.version, offset_unit=unit, names=names, variants=_variants(forms, called))


def _variants(forms: dict[str, dict[tuple[str, bool], int]], called: dict[str, str]) -> list[EntityVariants]:
    return [
        EntityVariants(
            id=entity_id,
            name=called[entity_id],
            forms=[VariantBody(text=text, count=n, is_right=ok) for (text, ok), n in sorted(counts.items())],
        )
        for entity_id, counts in forms.items()
        if len(counts) > 1
    ]


def _name(mention: Mention, decision: Decision | None, is_right: bool, place: dict[str, int]) -> NameBody:
    from app.names.linker import explain

    facts: dict[str, Any] = {**place, "text": mention.text, "title": mention.title or None}
    if is_right or decision is None or decision.reason == "already_right":
        return NameBody(status="right" if is_right or decision is not None else "unknown", **facts)
    facts["candidates"] = [_candidate(w) for w in decision.ranked[:_MOST_CANDIDATES]]
    if decision.chosen is None:
        return NameBody(status="doubtful" if decision.ranked else "unknown", reason=decision.reason, **facts)
    chosen = decision.chosen
    return NameBody(
        status="wrong", replacement=chosen.text, entity_id=chosen.candidate.entity.id,
        reason=explain(mention.text, chosen), **facts,
    )  # fmt: skip


def _candidate(weighed: Weighed) -> CandidateBody:
    entity = weighed.candidate.entity
    return CandidateBody(
        id=entity.id, name=entity.name, kind=entity.kind.value, text=weighed.text,
        probability=round(weighed.probability, 4),
        evidence=[
            EvidenceBody(feature=e.feature, score=round(e.score, 3), detail=e.detail) for e in weighed.evidence
        ],
    )  # fmt: skip


def _entity(entity: Entity) -> EntityBody:
    from app.names.store import as_json

    return EntityBody.model_validate({"popularity": entity.popularity, **as_json(entity)})


# --- addresses ---

router = APIRouter(prefix="/v1", tags=["Names"], route_class=LimitedRoute)

_ENTITY: Final[dict[str, Any]] = {
    "id": "Q15031", "kind": "person", "type": "person", "name": "Xi Jinping", "native": {"zh": "习近平"},
    "country": "CN", "roles": [{"title": "president of China", "from": 2013}], "from": 2013, "popularity": 0.9,
    "sources": ["eps"],
}  # fmt: skip
_NAMES: Final[dict[str, Any]] = {
    "kb": "names-en@1a2b3c4d5e6f",
    "offset_unit": "codepoint",
    "names": [
        {"start": 15, "end": 28, "text": "Dmitro Kuleba", "status": "wrong", "replacement": "Dmytro Kuleba",
         "entity_id": "Q12107447", "title": "Foreign Minister", "reason": "“Dmitro Kuleba” is no known name; …"},
    ],
    "variants": [],
}  # fmt: skip


def _success(model: type[AnswerBody], example: Any) -> dict[int | str, dict[str, Any]]:
    return {200: {"description": "Done.", "model": model, "content": {"application/json": {"example": example}}}}


def _desk(request: Request) -> NamesDesk:
    desk: NamesDesk = request.app.state.names
    return desk


@router.get(
    "/entities",
    operation_id="entities",
    summary="Search the knowledge base",
    response_model=EntitiesFound,
    response_model_exclude_none=True,
    responses={**_success(EntitiesFound, {"kb": _NAMES["kb"], "entities": [_ENTITY]}), **problems(422, 500, 503)},
)
async def search_entities(
    request: Request,
    q: Annotated[str, Query(min_length=1, max_length=200, description="A name, or the beginning of one.")],
    kind: Annotated[Kind | None, Query(description="Only these.")] = None,
    limit: Annotated[int, Query(ge=1, le=_MOST_FOUND, description="At most so many.")] = 10,
) -> EntitiesFound:
    """People, organisations and places by any of their names, the best known first among equals."""
    return await anyio.to_thread.run_sync(partial(_desk(request).search, q, kind, limit))


@router.get(
    "/entities/{entity_id}",
    operation_id="entity",
    summary="Look an entity up",
    response_model=EntityBody,
    response_model_exclude_none=True,
    responses={**_success(EntityBody, _ENTITY), **problems(404, 422, 500, 503)},
)
async def get_entity(
    request: Request, entity_id: Annotated[str, Path(max_length=200, description="As an edit's `entity` has it.")]
) -> EntityBody:
    """All that the knowledge base has of one entity."""
    return await anyio.to_thread.run_sync(_desk(request).get, entity_id)


@router.post(
    "/names",
    operation_id="names",
    summary="The names of a text",
    response_model=NamesResponse,
    response_model_exclude_none=True,
    responses={**_success(NamesResponse, _NAMES), **problems(400, 408, 413, 415, 422, 500, 503, 504)},
)
async def names_of_text(body: NamesRequest, request: Request, service: ServiceDep) -> NamesResponse:
    """Every name with what is thought of it, who it may be and why; nothing is repaired. `variants` lists the entities
    that stand in the text in several forms."""
    check_length("/text", body.text, service.settings)
    desk = _desk(request)
    return await service.in_thread(
        lambda _waited_s: desk.names(body.text, body.offset_unit), chars=len(body.text), request=request
    )
