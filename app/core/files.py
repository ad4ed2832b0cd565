"""Files that appear whole or not at all."""

from __future__ import annotations

import errno
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

TEMPORARY = ".mt-repair.tmp"  # ends the name of a file that is not yet whole


def is_special(path: Path) -> bool:
    """Whether a pipe or a device stands there: what goes in does not stay."""
    return path.exists() and not path.is_file() and not path.is_dir()


@contextmanager
def write_whole(path: Path) -> Iterator[IO[bytes]]:
    """A stream to ``path``, whose content appears there when the block ends without an error, and not before.

    A temporary name beside it, flushed to the disk, then renamed; a link stays a link, and permissions stay as they
    are. A pipe or a device is written into directly.

    Raises:
        OSError: The file or its folder cannot be written to.
    """
    if is_special(path):
        with path.open("wb") as file:
            yield file
        return
    target = Path(os.path.realpath(path))
    if target.is_symlink():  # after all links: they lead to one another
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(path))
    temporary = Path(f"{target}.{os.getpid()}-{secrets.token_hex(4)}{TEMPORARY}")
    try:
        with temporary.open("xb") as file:
            if target.exists():  # before there is anything to read in it
                temporary.chmod(target.stat().st_mode & 0o7777)
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
