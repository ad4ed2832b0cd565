"""Where bytes come from and go to: any fsspec URL, compressed or not, and writes that appear whole or not at all."""

from __future__ import annotations

import fcntl
import io
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from glob import escape
from pathlib import Path, PurePosixPath
from typing import IO, Any, Self, cast

import pyarrow as pa
from fsspec import filesystem
from fsspec.core import url_to_fs

from app.core import files
from app.core.errors import InputError

STREAM = "-"  # stdin or stdout
_CODECS = {".gz": "gzip", ".gzip": "gzip", ".zst": "zstd", ".zstd": "zstd"}
_READ_BYTES = 1 << 20
_SMALL_STEP = 1 << 12
# Of an object store nothing can be seen before the upload is complete, so its writes need no temporary name.
_LOCAL = frozenset({"file", "local"})


@dataclass(frozen=True, slots=True)
class Location:
    """One file: an fsspec URL or a local path, and its name relative to the folder that the caller named."""

    url: str
    name: str

    @property
    def codec(self) -> str | None:
        """``"gzip"``, ``"zstd"`` or ``None``, by the name's suffix."""
        return _CODECS.get(PurePosixPath(self.name).suffix.lower())

    @property
    def suffix(self) -> str:
        """The suffix that tells the format, lower case, without that of the compression: ``".jsonl"``."""
        path = PurePosixPath(self.name)
        return (path.with_suffix("") if self.codec else path).suffix.lower()


@dataclass(frozen=True, slots=True)
class Stamp:
    """What tells cheaply whether a file is still the one that was looked at: its size and its version."""

    size: int
    version: str


def _fs(url: str) -> tuple[Any, str]:
    if "://" not in url or url.startswith(("file://", "local://")):
        # not by url_to_fs: it would take a :: in the name of a file for a chain of URLs
        fs = filesystem("file")
        return fs, cast(str, fs._strip_protocol(url))
    try:
        fs, path = url_to_fs(url)
    except (ImportError, ValueError) as exc:
        raise InputError(f"{url}: {exc}") from exc
    return fs, cast(str, path)


def is_local(url: str) -> bool:
    """Whether the URL names a file of this machine."""
    fs, _ = _fs(url)
    protocols = (fs.protocol,) if isinstance(fs.protocol, str) else tuple(fs.protocol)
    return not _LOCAL.isdisjoint(protocols)


def is_special(url: str) -> bool:
    """Whether a pipe or a device of this machine stands there: what goes in does not stay."""
    return is_local(url) and files.is_special(Path(_fs(url)[1]))


def canonical_url(url: str) -> str:
    """One name for one place, so that two can be compared: absolute, and of a local file behind every link."""
    fs, path = _fs(url)
    return os.path.realpath(path) if is_local(url) else cast(str, fs.unstrip_protocol(path))


def expand(inputs: list[str], suffixes: frozenset[str]) -> list[Location]:
    """The files that files, folders and glob patterns stand for, sorted by name; each once.

    Args:
        inputs: URLs or local paths. Of a folder, files below it with a known suffix are taken; hidden ones are not.
        suffixes: What counts as known.

    Raises:
        InputError: One of them names nothing, or two of them would get the same name in the output.
    """
    found: dict[str, Location] = {}
    for given in inputs:
        for location in _expand(given, suffixes):
            found.setdefault(location.url, location)
    names: dict[str, str] = {}
    for location in found.values():
        other = names.setdefault(location.name, location.url)
        if other != location.url:
            raise InputError(
                f"{other} and {location.url} would both be written as {location.name}: "
                "name the folder above them, or run them apart"
            )
    return sorted(found.values(), key=lambda one: (one.name, one.url))


def _expand(given: str, suffixes: frozenset[str]) -> Iterator[Location]:
    fs, path = _fs(given)
    local = is_local(given)

    def url(of: str) -> str:
        return of if local else fs.unstrip_protocol(of)

    if any(mark in given for mark in "*?["):
        root = path[: min(path.find(mark) for mark in "*?[" if mark in path)].rpartition("/")[0]
        matches = sorted(p for p in fs.glob(path) if fs.isfile(p) and not _is_hidden(p[len(root) :].lstrip("/")))
        if not matches:
            raise InputError(f"{given}: no file matches")
        for match in matches:
            yield Location(url(match), match[len(root) :].lstrip("/"))
    elif fs.isdir(path):
        root = path.rstrip("/")
        matches = sorted(p for p in fs.find(path) if _is_wanted(p[len(root) :].lstrip("/"), suffixes))
        if not matches:
            raise InputError(f"{given}: no file with a known suffix in this folder ({', '.join(sorted(suffixes))})")
        for match in matches:
            yield Location(url(match), match[len(root) :].lstrip("/"))
    elif fs.exists(path):
        yield Location(url(path), path.rpartition("/")[2])
    else:
        raise InputError(f"{given}: no such file or folder")


def _is_wanted(name: str, suffixes: frozenset[str]) -> bool:
    return not _is_hidden(name) and Location(name, name).suffix in suffixes


def _is_hidden(name: str) -> bool:
    return any(part.startswith((".", "_")) for part in PurePosixPath(name).parts)


def stamp(url: str) -> Stamp:
    """Size and version of a file.

    Raises:
        InputError: It is not there (any more).
    """
    fs, path = _fs(url)
    try:
        info = fs.info(path)
    except FileNotFoundError as exc:
        raise InputError(f"{url}: the file is gone") from exc
    version = next((str(info[key]) for key in ("ETag", "etag", "mtime", "created", "LastModified") if key in info), "")
    return Stamp(int(info.get("size") or 0), version)


def open_raw(url: str) -> IO[bytes]:
    """The bytes of a file as stored, seekable.

    Raises:
        InputError: It is not there or cannot be read.
    """
    fs, path = _fs(url)
    try:
        return cast(IO[bytes], fs.open(path, "rb"))
    except FileNotFoundError as exc:
        raise InputError(f"{url}: the file is gone") from exc
    except PermissionError as exc:
        raise InputError(f"{url}: no permission to read it") from exc


class _Decompressed(io.RawIOBase):
    """A decompressed stream whose errors name the file, and come behind all that can be decompressed."""

    def __init__(self, url: str, raw: IO[bytes], codec: str) -> None:
        self._url, self._raw, self._codec = url, raw, codec
        self._stream = pa.CompressedInputStream(pa.PythonFile(raw, "r"), codec)
        self._position = 0
        self._error: InputError | None = None

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if self._error is not None:
            raise self._error
        try:
            data = self._stream.read(len(buffer))
        except (OSError, pa.ArrowException) as exc:
            self._error = InputError(
                f"{self._url}: the {self._codec} data is cut off or damaged ({exc}); fetch the file again"
            )
            self._error.__cause__ = exc
            data = _salvage(self._url, self._codec, self._position, len(buffer))
            if not data:
                raise self._error from exc
        self._position += len(data)
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        if not self.closed:
            self._stream.close()
            self._raw.close()
        super().close()


def _salvage(url: str, codec: str, start: int, most: int) -> bytes:
    """What of a damaged content can be decompressed from byte ``start`` on, at most so many bytes.

    The fast stream throws away what it has when it comes to the damage; this one goes in small steps.
    """
    import gzip
    import zlib

    import zstandard

    data = bytearray()
    with open_raw(url) as raw, suppress(OSError, EOFError, zlib.error, zstandard.ZstdError):
        stream: Any = (
            gzip.GzipFile(fileobj=raw)
            if codec == "gzip"
            else zstandard.ZstdDecompressor().stream_reader(raw, read_size=_SMALL_STEP, read_across_frames=True)
        )
        while len(data) < most and (piece := stream.read1(_READ_BYTES if start > 2 * _READ_BYTES else _SMALL_STEP)):
            skipped = min(start, len(piece))
            start -= skipped
            data += piece[skipped:]
    return bytes(data[:most])


def open_content(location: Location, start: int = 0) -> IO[bytes]:
    """The content of a file, decompressed, from byte ``start`` of it on.

    In compressed data the way to ``start`` is read and thrown away: hundreds of MB/s, little beside a repair.

    Raises:
        InputError: The file is gone or cannot be read; reading raises it where the data is damaged.
    """
    raw = open_raw(location.url)
    if location.codec is None:
        raw.seek(start)
        return cast(IO[bytes], io.BufferedReader(cast(io.RawIOBase, raw), _READ_BYTES))
    stream = cast(IO[bytes], io.BufferedReader(_Decompressed(location.url, raw, location.codec), _READ_BYTES))
    while start > 0:
        skipped = len(stream.read(min(start, _READ_BYTES)))
        if skipped == 0:
            raise InputError(f"{location.url}: shorter than when the run was planned")
        start -= skipped
    return stream


@contextmanager
def compressed(sink: IO[bytes], codec: str | None) -> Iterator[IO[bytes]]:
    """A stream that compresses into ``sink``; the same bytes for the same input, whenever and wherever.

    Each use makes one gzip member or zstd frame, and such pieces put one after the other are a valid file.
    """
    if codec is None:
        yield sink
    elif codec == "gzip":
        import gzip

        with gzip.GzipFile(filename="", mode="wb", fileobj=sink, compresslevel=6, mtime=0) as stream:
            yield cast(IO[bytes], stream)
    else:
        import zstandard

        with zstandard.ZstdCompressor(level=3).stream_writer(sink, closefd=False) as writer:
            yield cast(IO[bytes], writer)


@contextmanager
def write_whole(url: str) -> Iterator[IO[bytes]]:
    """A stream to ``url`` that appears there when the block ends without an error, and not before.

    On a local disk by ``app.core.files``, in a folder that is made where there is none. On an object store, where
    nothing is visible before the upload is complete, written directly.
    """
    fs, path = _fs(url)
    parent = path.rpartition("/")[0]
    if not is_local(url):
        if parent:
            fs.makedirs(parent, exist_ok=True)
        with fs.transaction, fs.open(path, "wb") as stream:
            yield stream
        return
    if is_special(path):
        with files.write_whole(Path(path)) as file:
            yield file
        return
    os.makedirs(os.path.dirname(os.path.realpath(path)), exist_ok=True)
    with files.write_whole(Path(path)) as file:
        with suppress(OSError):  # not every file system has locks
            fcntl.flock(file, fcntl.LOCK_EX)  # says to ``remove_stale`` that its writer is at work
        yield file


def remove_stale(url: str) -> None:
    """Remove what killed writers of ``url`` left behind; the writer of a file that is locked is at work."""
    if not is_local(url):
        return
    path = Path(os.path.realpath(_fs(url)[1]))
    for left in path.parent.glob(f"{escape(path.name)}.*{files.TEMPORARY}"):
        with suppress(OSError), left.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            left.unlink()


def read_bytes(url: str) -> bytes | None:
    """The whole of a small file, or ``None`` where there is none."""
    fs, path = _fs(url)
    try:
        return cast(bytes, fs.cat_file(path))
    except FileNotFoundError:
        return None


def exists(url: str) -> bool:
    """Whether there is a file or folder."""
    fs, path = _fs(url)
    return bool(fs.exists(path))


def list_folder(url: str) -> list[str]:
    """Names directly inside a folder, sorted; empty where there is none."""
    fs, path = _fs(url)
    try:
        return sorted(str(entry).rstrip("/").rpartition("/")[2] for entry in fs.ls(path, detail=False))
    except FileNotFoundError:
        return []


def remove(url: str) -> None:
    """Remove a file or a folder with all it holds; none is fine."""
    fs, path = _fs(url)
    if fs.exists(path):
        with suppress(FileNotFoundError):  # another process was quicker
            fs.rm(path, recursive=True)


def join(base: str, *names: str) -> str:
    """A place below ``base``, for URLs and local paths alike."""
    return "/".join([base.rstrip("/"), *names])


class ContentReader:
    """The content of a file from some byte on, with the position reached."""

    def __init__(self, location: Location, start: int) -> None:
        self.location, self.position = location, start
        self._stream = open_content(location, start)

    def readline(self, most: int = -1) -> bytes:
        """Up to and with the next line feed, or ``most`` bytes, or what is left."""
        line = self._stream.readline(most)
        self.position += len(line)
        return line

    def read(self, most: int = -1) -> bytes:
        """``most`` bytes, fewer only at the end."""
        data = self._stream.read(most)
        self.position += len(data)
        return data

    def skip_to(self, start: int) -> None:
        """Read on to byte ``start``."""
        while self.position < start:
            if not self.read(min(start - self.position, _READ_BYTES)):
                raise InputError(f"{self.location.url}: shorter than when the run was planned")

    def close(self) -> None:
        """Close the file."""
        self._stream.close()


class Opener:
    """Opens contents; in compressed data it reads on where it left off rather than from the start again."""

    def __init__(self) -> None:
        self._last: ContentReader | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def open(self, location: Location, start: int = 0) -> ContentReader:
        """A reader at byte ``start`` of the content; the one handed out before is closed or goes on."""
        last, self._last = self._last, None
        if last is not None:
            if last.location == location and last.position <= start and location.codec is not None:
                last.skip_to(start)
                self._last = last
                return last
            last.close()
        self._last = ContentReader(location, start)
        return self._last

    def close(self) -> None:
        """Close what is open."""
        if self._last is not None:
            self._last.close()
            self._last = None
