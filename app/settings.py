"""Every knob of the product, read once from the environment and handed down."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path
from typing import Final, Literal

from pydantic import Field, NonNegativeInt, PositiveFloat, PositiveInt, field_validator
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings, SettingsConfigDict

_DATABASE: Final = re.compile(r"(?:sqlite|postgres(?:ql)?)(?:\+\w+)?://")
_ENDPOINT: Final = re.compile(r"https?://[^\s/]+")
_SHIPPED_MODELS = Path(__file__).resolve().parent.parent / "models"


class GeneratorKind(StrEnum):
    """Which implementation proposes edits."""

    CTRANSLATE2 = "ctranslate2"
    TRANSFORMERS = "transformers"
    ECHO = "echo"


class Settings(BaseSettings):
    """Every knob of the product; ``MT_REPAIR_MAX_ITEMS=16`` sets ``max_items``.

    Raises:
        pydantic.ValidationError: A value has the wrong type or lies out of its range.

    """

    model_config = SettingsConfigDict(env_prefix="MT_REPAIR_", frozen=True, protected_namespaces=())

    # What is loaded.
    generator: GeneratorKind = Field(
        GeneratorKind.CTRANSLATE2,
        description="Who proposes edits: the shipped network (ctranslate2), any seq2seq checkpoint (transformers), "
        "or nobody (echo).",
    )
    model_dir: Path = Field(
        _SHIPPED_MODELS / "repair-en", description="Folder of the shipped network, as written by scripts/export."
    )
    names_dir: Path = Field(_SHIPPED_MODELS / "names-en", description="Folder of the knowledge base of names.")
    use_lm: bool = Field(
        False,
        description="Whether a language model judges edits beside the network: finds more, takes twice the time.",
    )
    lm_dir: Path = Field(
        _SHIPPED_MODELS / "lm-en",
        description="Folder of the language model, as written by `mt-repair lm build`; read only with use_lm.",
    )
    names_overlays: str = Field(
        "", description="Folders of knowledge bases of your own that lie over it, the later over the earlier; parted "
        "as in `PATH`."
    )  # fmt: skip
    checkpoint: str = Field(
        "", description="Hub id or folder of a seq2seq checkpoint; read only with generator=transformers."
    )

    # How it runs.
    device: Literal["cpu", "cuda", "auto"] = Field("cpu", description="Where the network runs.")
    compute_type: str = Field("int8", description="Number format of the network's weights, in CTranslate2's words.")
    threads: NonNegativeInt = Field(0, description="Threads of one forward pass; 0 lets the engine choose.")
    batch_tokens: PositiveInt = Field(2048, description="Most source tokens in one forward pass.")
    cache_sentences: NonNegativeInt = Field(
        4096, description="Proposals kept in memory, in sentences, least recently used first out; 0 keeps none."
    )
    workers: PositiveInt = Field(1, description="Processes of the service that repair, each with a network of its own.")
    concurrent_repairs: PositiveInt = Field(
        8, description="Requests repaired at the same time, in threads; their sentences share the network's batches."
    )
    waiting_repairs: NonNegativeInt = Field(
        64, description="Requests that may wait for a thread; one more is refused with 503."
    )

    # Where it listens, what it says.
    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: int = Field(8080, ge=0, le=65535, description="TCP port to listen on; 0 takes a free one.")
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="Least level that is logged.")

    otlp_endpoint: str = Field(
        "",
        description="Where traces go (OpenTelemetry, OTLP over HTTP), such as http://localhost:4318/v1/traces; none "
        "are made without. Needs the extra otel.",
    )
    reload_s: float = Field(
        5.0, ge=0, le=3600,
        description="How often keys, network and knowledge base on the disk are looked at for a change, in seconds; 0 "
        "never. SIGHUP reads them at once.",
    )  # fmt: skip

    # Who may ask, and how often.
    api_keys: Path | None = Field(
        None,
        description="File of API keys, as `mt-repair key` writes its lines: an id, a hash and, if you like, a limit.",
    )
    keys_required: bool | None = Field(
        None,
        description="Whether a request needs a key; by default where the address to listen on can be reached from "
        "other machines.",
    )
    requests_per_minute: NonNegativeInt = Field(
        600, description="Most requests a minute of one key that has no limit of its own; 0 sets none."
    )
    allow_origins: str = Field(
        "",
        description="Web sites whose pages may ask (CORS), such as https://example.org, with commas; * is every one.",
    )

    # How many at once.
    batch_window_ms: float = Field(
        3.0, ge=0, le=1000, description="How long the network waits for sentences of other requests, in milliseconds."
    )
    waiting_tokens: PositiveInt = Field(
        500_000, description="Most text that waits, in tokens of about four characters; more is refused with 503."
    )

    # What a caller may ask for.
    max_text_chars: PositiveInt = Field(100_000, description="Longest text of one document, in code points.")
    max_text_lines: PositiveInt = Field(5000, description="Most lines of one document.")
    max_body_bytes: PositiveInt = Field(1_048_576, description="Longest request body, in bytes.")
    max_items: PositiveInt = Field(256, description="Most documents in one batch.")
    max_alternatives: NonNegativeInt = Field(5, description="Most alternatives of one edit.")
    max_glossary_entries: NonNegativeInt = Field(200, description="Most glossary entries and name hints of a request.")
    max_patterns: NonNegativeInt = Field(50, description="Most protection patterns of a request.")
    max_pattern_chars: PositiveInt = Field(500, description="Longest protection pattern, in code points.")
    max_spans: NonNegativeInt = Field(1000, description="Most protected spans of a request.")
    max_json_depth: PositiveInt = Field(32, description="Deepest nesting of a JSON request body, in levels.")
    request_timeout_s: PositiveFloat = Field(
        60.0, description="Longest time for one request, in seconds: sentences not reached by then are left alone."
    )
    check_timeout_s: PositiveFloat = Field(
        8.0, description="Longest time for one check under /v2, in seconds: LibreOffice gives up after ten."
    )

    # What editors keep.
    database_url: str = Field(
        "",
        description="Where saved documents go: sqlite:///FILE or postgresql://USER:PASSWORD@HOST/NAME; without one a "
        "SQLite file in the user's data folder, made with the first document that is saved.",
    )
    max_document_chars: PositiveInt = Field(
        2_000_000,
        description="Longest document on the editors' page, in code points; it is repaired section by section.",
    )
    max_upload_bytes: PositiveInt = Field(16_777_216, description="Largest file on the editors' page, in bytes.")
    unsaved_minutes: PositiveInt = Field(
        720, description="How long a document that nobody saved stays in memory, in minutes."
    )
    max_unsaved: PositiveInt = Field(200, description="Most unsaved documents in memory; one more ends the oldest.")
    job_hours: PositiveInt = Field(24, description="How long a job and its result are kept, in hours.")
    max_jobs: PositiveInt = Field(100, description="Most jobs of one key that are kept at once.")

    @field_validator("database_url")
    @classmethod
    def _names_a_database(cls, value: str) -> str:
        if value and not _DATABASE.match(value):
            raise PydanticCustomError("database_url", "must begin with sqlite:/// or postgresql://")
        return value

    @field_validator("otlp_endpoint")
    @classmethod
    def _names_an_endpoint(cls, value: str) -> str:
        if value and not _ENDPOINT.match(value):
            raise PydanticCustomError("otlp_endpoint", "must be an address, such as http://localhost:4318/v1/traces")
        return value

    @classmethod
    def unknown_variables(cls, environment: Iterable[str]) -> list[str]:
        """The variables that look like settings and are none: a slip of the pen would otherwise change nothing."""
        prefix = str(cls.model_config.get("env_prefix", ""))
        known = {(prefix + name).upper() for name in cls.model_fields}
        return sorted(name for name in environment if name.upper().startswith(prefix) and name.upper() not in known)

    @property
    def overlay_folders(self) -> list[Path]:
        """``names_overlays``, one by one."""
        return [Path(folder) for folder in self.names_overlays.split(os.pathsep) if folder]
