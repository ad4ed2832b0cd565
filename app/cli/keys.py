"""Sub-command ``key``: makes an API key."""

from __future__ import annotations

import re
import sys
from typing import Annotated

import typer

from app.cli.documents import write_stdout
from app.core.errors import InputError

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}")


def key(
    name: Annotated[str, typer.Argument(metavar="ID", help="What logs call the key, such as newsroom-1.")],
    per_minute: Annotated[int | None, typer.Option(min=0, help="Its own limit of requests a minute.")] = None,
) -> None:
    """Make an API key: its line for the file goes to standard output, the key itself to standard error, this once.

    mt-repair key newsroom-1 >> keys.txt
    """
    from app.api.auth import hash_key, new_key

    if not _ID.fullmatch(name):
        raise InputError("an id has 1 to 40 letters, digits, dashes and underscores")
    made = new_key()
    limit = "" if per_minute is None else f" {per_minute}"
    write_stdout(f"{name} {hash_key(made)}{limit}\n")
    sys.stderr.write(f"{made}\n")


def register(cli: typer.Typer) -> None:
    """Add the sub-command."""
    cli.command()(key)
