"""The progress bar of a run."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn


class Bar:
    """Shows rows done, sentences per second and the time left, on standard error."""

    def __init__(self) -> None:
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}"),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            transient=True,
        )
        self._task: TaskID | None = None
        self._started_s = time.monotonic()
        self._sentences = 0

    def __enter__(self) -> Self:
        self._progress.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._progress.__exit__(kind, value, traceback)

    def begin(self, what: str, total: int) -> None:
        """Another stage begins."""
        if self._task is not None:
            self._progress.remove_task(self._task)
        self._task = self._progress.add_task(what, total=total, rate="")
        self._started_s, self._sentences = time.monotonic(), 0

    def advance(self, done: int, sentences: int) -> None:
        """So much more is done."""
        if self._task is None:
            return
        self._sentences += sentences
        seconds = time.monotonic() - self._started_s
        rate = f"{self._sentences / seconds:,.0f} sentences/s" if self._sentences and seconds > 0 else ""
        self._progress.update(self._task, advance=done, rate=rate)

    def note(self, line: str) -> None:
        """A line above the bar."""
        self._progress.console.print(line, markup=False, highlight=False)

    def warn(self, line: str) -> None:
        """The same for what was given up."""
        self.note(line)
