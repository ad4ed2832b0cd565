"""The command ``mt-repair``. A module with sub-commands has ``register(cli)`` and a line in ``_COMMANDS``.

Exit codes: 0 done; 1 findings, where a command is asked to look for some; 2 wrong usage or a failure; 130 interrupted.
"""

from __future__ import annotations

import errno
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer
from pydantic import ValidationError
from typer.core import TyperGroup

from app import __version__
from app.cli import batch, documents, editors, kb, keys, lm, service
from app.cli.documents import write_stdout
from app.cli.terminal import give_up_stdout, open_closed_streams, say_error
from app.core.errors import RepairError

EXIT_FAILURE = 2
_HELP = "Corrected English, with a diff, from text that a machine translated."

_COMMANDS: tuple[Callable[[typer.Typer], None], ...] = (
    documents.register,
    batch.register,
    kb.register,
    lm.register,
    service.register,
    editors.register,
    keys.register,
)


class _Group(TyperGroup):
    """Says the errors of all commands, and those of --help and --version, which are answered while options are read."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        with _errors_in_one_line():
            return super().parse_args(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        with _errors_in_one_line():
            return super().invoke(ctx)


@contextmanager
def _errors_in_one_line() -> Iterator[None]:
    """Turns the errors that the product raises on purpose, and what the system refuses, into one line and an exit code.

    Raises:
        typer.Exit: There was such an error.
    """
    try:
        try:
            yield
        finally:
            sys.stdout.flush()  # what does not fit is an error now, and not when the program has ended
        return
    except RepairError as exc:
        say_error(str(exc))
    except OSError as exc:
        if exc.errno == errno.EPIPE:  # nobody reads on, which is no error
            raise
        say_error(_explain(exc))
        give_up_stdout()
    except ValidationError as exc:  # only settings are validated before a command has its input
        for error in exc.errors(include_url=False):
            say_error(f"{_variable(error['loc'])}: {error['msg']}; mend or unset it")
    raise typer.Exit(EXIT_FAILURE)


def _explain(error: OSError) -> str:
    """What the system would not do, with whom, and what to do about it."""
    if error.errno == errno.EBADF:
        return "standard output is closed; open it, or name a file to write to"
    where = error.filename2 or error.filename or "input or output"
    return f"{where}: {error.strerror or error}; see that it is there, with room and permission, or name another place"


def _variable(location: tuple[int | str, ...]) -> str:
    """The environment variable of a setting."""
    return "MT_REPAIR_" + "_".join(map(str, location)).upper()


def _print_version(wanted: bool) -> None:
    if wanted:
        write_stdout(f"mt-repair {__version__}\n")
        raise typer.Exit


def _options(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Print the program's version."),
    ] = False,
) -> None:
    """What stands before any sub-command."""


def build_cli() -> typer.Typer:
    """The command with all sub-commands."""
    cli = typer.Typer(
        name="mt-repair",
        cls=_Group,
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,  # a traceback with local variables would show the text
        epilog="Settings come from the environment: MT_REPAIR_GENERATOR=echo, MT_REPAIR_MODEL_DIR=…; see the README.",
    )
    cli.callback(help=_HELP)(_options)
    for register in _COMMANDS:
        register(cli)
    return cli


def main() -> None:
    """Run the command with the arguments of the process."""
    open_closed_streams()
    build_cli()(prog_name="mt-repair")


if __name__ == "__main__":
    main()
