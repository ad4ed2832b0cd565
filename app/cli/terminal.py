"""What goes to the terminal and is not the product's output: errors, summaries, colours."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import TextIO, cast

from rich.console import Console
from rich.style import Style
from rich.text import Text

from app.core.diff_forms import Piece, PieceKind

_STYLES = {
    PieceKind.KEPT: Style(),
    PieceKind.DELETED: Style(color="red", strike=True),
    PieceKind.INSERTED: Style(color="green", underline=True),
}


def open_closed_streams() -> None:
    """Let a process that was started without them write to standard output and error.

    What goes to standard output is refused by the system as it would be without Python; and no file that is opened
    later gets its number. What goes to standard error is not wanted.
    """
    if cast(TextIO | None, sys.stdout) is None:
        os.dup2(os.open(os.devnull, os.O_RDONLY), 1)
        sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    if cast(TextIO | None, sys.stderr) is None:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        sys.stderr = open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115


def give_up_stdout() -> None:
    """Forget what standard output would not take, so that the end of the program does not try again."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def say(line: str) -> None:
    """One line to standard error."""
    print(line, file=sys.stderr)


def say_error(message: str) -> None:
    """One line that says what went wrong and what to do."""
    say("mt-repair: " + " ".join(message.split()))


def print_pieces(pieces: Sequence[Piece], stream: TextIO) -> None:
    """Deletions struck and insertions underlined on a terminal; marked with brackets and braces everywhere."""
    console = Console(file=stream, highlight=False, markup=False, emoji=False, soft_wrap=True)
    console.print(Text.assemble(*((piece.marked(), _STYLES[piece.kind]) for piece in pieces)), end="")
