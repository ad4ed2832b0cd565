"""A folder for as long as a command runs, of which nothing stays for ever, however the command ends."""

from __future__ import annotations

import fcntl
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

_PREFIX: Final = "mt-repair-"
_SUFFIX: Final = ".scratch"
_LOCK: Final = "lock"  # locked for as long as the process lives that the folder belongs to


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """A folder among the temporary files of this machine, gone when the block ends.

    That of a process that was killed is taken away by the next one that makes such a folder; of one that is alive
    nothing is touched.
    """
    _remove_stale()
    with tempfile.TemporaryDirectory(_SUFFIX, _PREFIX, ignore_cleanup_errors=True) as name:
        folder = Path(name)
        with (folder / f"new-{_LOCK}").open("xb") as file:
            with suppress(OSError):  # not every file system has locks: there it stays where the process is killed
                fcntl.flock(file, fcntl.LOCK_EX)
                (folder / f"new-{_LOCK}").rename(folder / _LOCK)  # so that nobody ever finds it without its lock
            yield folder


def _remove_stale() -> None:
    """Remove the folders of processes that are no more."""
    for lock in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*{_SUFFIX}/{_LOCK}"):
        # open for writing: without that, some network file systems give no lock, and only theirs holds among machines
        with suppress(OSError), lock.open("r+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(lock.parent, ignore_errors=True)
