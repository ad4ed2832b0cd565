"""The names of a text, each with who it may be and why, and the knowledge base behind them."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable
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
from app.names.normalise import normalise
from app.settings import Settings
from app.telemetry import describe_error, get_logger

if TYPE_CHECKING:  # opening a base costs time and memory: only once somebody asks
    from app.names.examine import Examined
    from app.names.link import Decision, Weighed
    from app.names.linker import NameChange, NameLinker
    from app.names.mentions import Mention
    from app.names.store import Entity, EntityStore

_MOST_CANDIDATES: Final = 5
_MOST_FOUND: Final = 100
_LEAST_LETTERS: Final = 3  # of a part of a name: initials and *bin* are none
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
        description="`right`: known as it stands, or part of a name that is. `wrong`: a repair changes it. `doubtful`: "
        "it may be one of the candidates, and none is certain. `unknown`: nothing is known that it could be."
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

    def names(self, text: str, unit: OffsetUnit, limit_s: float = float("inf")) -> NamesResponse:
        """Every name of a text.

        Raises:
            DeadlineError: It would take longer than ``limit_s``.
        """
        from app.names.linker import changes_of

        deadline = time.monotonic() + limit_s
        linker = self.linker()
        store = linker.store
        seen, decisions = linker.decide(text, SentenceSegmenter().segment(text), store, deadline=deadline)
        table = OffsetTable(text, unit)
        decision_of = {m.span: d for d in decisions for m in d.reading.mentions}
        change_of = {c.mention.span: c for c in changes_of(text, decisions, seen)}
        known = _Known(store, seen, decisions)
        forms: dict[str, dict[tuple[str, bool], int]] = defaultdict(lambda: defaultdict(int))
        called: dict[str, str] = {}
        names = []
        for mention in seen.mentions:
            start, end = table.span_to_unit(mention.span)
            facts: dict[str, Any] = {"start": start, "end": end, "text": mention.text, "title": mention.title or None}
            change = change_of.get(mention.span)
            whose = known.entity(mention.text) if change is None else change.entity
            if whose is not None:
                facts["entity_id"], called[whose.id] = whose.id, whose.name
                forms[whose.id][mention.text, change is None] += 1
            names.append(_name(decision_of.get(mention.span), change, known.is_right(mention), facts))
        return NamesResponse(kb=store.version, offset_unit=unit, names=names, variants=_variants(forms, called))


class _Known:
    """The names of a document that are as they should be.

    Those of the base are, at the beginning of a sentence, too, where the linker does not tell a name from a word. So
    are the words of the full names of people that the document has, or has once it is repaired.
    """

    def __init__(self, store: EntityStore, seen: Examined, decisions: Iterable[Decision]) -> None:
        from app.names.mentions import MentionKind
        from app.names.store import EntityKind

        self._store, self._in_document = store, seen.context.known
        self._of_name: dict[str, Entity | None] = {}
        self._of_part: dict[str, Entity | None] = {}
        self._right = {m.span for m in seen.right}
        for mention in seen.right:
            entity = self.entity(mention.text)
            of_no_person = mention.kind in (MentionKind.ORGANISATION, MentionKind.PLACE)
            if entity.kind is EntityKind.PERSON if entity is not None else not of_no_person:
                self._add_parts(mention.text, entity)
        for decision in decisions:
            if decision.reason == "already_right":
                self._right.update(m.span for m in decision.reading.mentions)
            elif decision.chosen is not None and decision.chosen.candidate.entity.kind is EntityKind.PERSON:
                self._add_parts(decision.chosen.text, decision.chosen.candidate.entity)

    def is_right(self, mention: Mention) -> bool:
        """Whether a name is known as it stands."""
        return (
            mention.span in self._right
            or self.entity(mention.text) is not None
            or normalise(mention.text) in self._of_part
        )

    def entity(self, name: str) -> Entity | None:
        """Whose name it is, of several the one that the document speaks of or that is best known; none if unknown."""
        if name not in self._of_name:
            same = self._store.by_name(name)
            best = max(same, key=lambda e: (e.id in self._in_document, e.popularity), default=None)
            self._of_name[name] = best or self._of_part.get(normalise(name))
        return self._of_name[name]

    def _add_parts(self, name: str, entity: Entity | None) -> None:
        for word in name.split():
            if len(key := normalise(word)) >= _LEAST_LETTERS:
                self._of_part.setdefault(key, entity)


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


def _name(decision: Decision | None, change: NameChange | None, is_right: bool, facts: dict[str, Any]) -> NameBody:
    """What is thought of a name; ``facts`` are its place, its text and whose it is."""
    if change is None and is_right:
        return NameBody(status="right", **facts)
    if decision is not None:
        facts["candidates"] = [_candidate(w) for w in decision.ranked[:_MOST_CANDIDATES]]
    if change is not None:
        return NameBody(status="wrong", replacement=change.name, reason=change.edit.reason, **facts)
    if decision is None:
        return NameBody(status="unknown", **facts)
    return NameBody(status="doubtful" if decision.ranked else "unknown", reason=decision.reason, **facts)


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
         "entity_id": "Q12107447", "title": "Foreign Minister",
         "reason": "No “Dmitro Kuleba” is in the knowledge base; …"},
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
    limit_s = service.settings.request_timeout_s
    return await service.in_thread(
        lambda waited_s: desk.names(body.text, body.offset_unit, limit_s - waited_s),
        chars=len(body.text),
        request=request,
    )
