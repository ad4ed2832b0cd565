from __future__ import annotations

import gzip
import os
from collections.abc import Callable
from pathlib import Path

import fsspec
import pytest
import zstandard

from app.core.errors import InputError
from app.formats.registry import SUFFIXES, format_of
from app.formats.storage import Location, expand, join, open_content, read_bytes, remove_stale, write_whole


def test_a_folder_stands_for_its_known_files_in_order(tmp_path: Path) -> None:
    for name in ("b.jsonl", "a.txt.gz", "sub/c.parquet", ".hidden.jsonl", "_tmp/d.jsonl", "readme.xyz"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.touch()
    assert [one.name for one in expand([str(tmp_path)], SUFFIXES)] == ["a.txt.gz", "b.jsonl", "sub/c.parquet"]
    assert [one.name for one in expand([f"{tmp_path}/*.jsonl"], SUFFIXES)] == ["b.jsonl"]
    assert [one.name for one in expand([str(tmp_path / "readme.xyz")], SUFFIXES)] == ["readme.xyz"]


def test_a_name_that_reads_like_a_chain_of_urls_is_a_name(tmp_path: Path) -> None:
    path = tmp_path / "x,y::z.txt"
    path.write_text("text")
    for given in (tmp_path, path, f"file://{path}", tmp_path / "x*"):
        (found,) = expand([str(given)], SUFFIXES)
        assert found == Location(str(path), path.name)
        assert read_bytes(found.url) == b"text"
    with write_whole(str(tmp_path / "a::b.txt")) as file:
        file.write(b"new")
    assert (tmp_path / "a::b.txt").read_text() == "new"


@pytest.mark.parametrize("rows", [10, 40_000])  # less and more than is read at once
@pytest.mark.parametrize(("name", "compress"), [("a.gz", gzip.compress), ("a.zst", zstandard.compress)])
@pytest.mark.parametrize("damage", ["cut off", "overwritten"])
def test_all_that_can_be_decompressed_comes_before_the_error(
    tmp_path: Path, rows: int, name: str, compress: Callable[[bytes], bytes], damage: str
) -> None:
    content = b"".join(b"%x\n" % (i * 7919**3 % 10**9) for i in range(rows * 10))
    data = compress(content)
    path = tmp_path / name
    path.write_bytes(data[:-20] if damage == "cut off" else data[:-2] + b"xx")
    with open_content(Location(str(path), name)) as stream:
        lines: list[bytes] = []
        with pytest.raises(InputError, match="cut off or damaged"):
            lines.extend(stream)
        with pytest.raises(InputError, match="cut off or damaged"):
            stream.read()
    whole = content.splitlines(keepends=True)
    assert lines == whole[: len(lines)]
    assert len(lines) > 0.9 * len(whole) or name == "a.zst"  # whose blocks are large


@pytest.mark.parametrize("given", ["nowhere.jsonl", "*.jsonl", "."])
def test_an_input_that_names_nothing_is_said(tmp_path: Path, given: str) -> None:
    with pytest.raises(InputError, match=r"no such file|no file"):
        expand([str(tmp_path / given)], SUFFIXES)


def test_two_files_that_would_have_one_name_are_refused(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "x.txt").touch()
    with pytest.raises(InputError, match=r"both be written as x\.txt"):
        expand([str(tmp_path / "a/x.txt"), str(tmp_path / "b/x.txt")], SUFFIXES)


@pytest.mark.parametrize(
    ("name", "form"),
    [("a.jsonl.gz", "jsonl"), ("a.CSV", "csv"), ("a.warc.gz", "warc"), ("a.wet", "warc"), ("a.htm", "html")],
)
def test_the_format_is_told_by_the_suffix(name: str, form: str) -> None:
    assert format_of(Location(name, name)).name == form


def test_an_unknown_suffix_needs_a_named_format() -> None:
    with pytest.raises(InputError, match="say it with --format"):
        format_of(Location("a.xyz", "a.xyz"))
    assert format_of(Location("a.xyz", "a.xyz"), "jsonl").name == "jsonl"


def test_a_file_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "a"
    with pytest.raises(TypeError), write_whole(str(path)) as file:
        file.write("not bytes")  # type: ignore[call-overload]
    assert list(path.parent.iterdir()) == []
    with write_whole(str(path)) as file:
        file.write(b"whole")
    path.chmod(0o640)
    with write_whole(str(path)) as file:
        file.write(b"again")
    assert path.read_bytes() == b"again"
    assert path.stat().st_mode & 0o777 == 0o640


def test_a_link_stays_a_link_and_its_target_is_written(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep/a").write_bytes(b"before")
    link = tmp_path / "link"
    link.symlink_to("deep/a")
    with write_whole(str(link)) as file:
        file.write(b"after")
    assert link.is_symlink()
    assert (tmp_path / "deep/a").read_bytes() == b"after"


def test_a_pipe_is_written_into_and_not_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    end = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        with write_whole(str(pipe)) as file:
            file.write(b"through")
        assert os.read(end, 100) == b"through"
    finally:
        os.close(end)
    assert pipe.is_fifo()


def test_what_a_killed_writer_left_is_removed_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "a[1].txt"
    others = [tmp_path / name for name in ("a[1].txt.notes.tmp", "a[1].txt.17.tmp", "a1.txt.17-00.mt-repair.tmp")]
    left = tmp_path / "a[1].txt.17-00.mt-repair.tmp"
    for one in (left, *others):
        one.touch()
    with write_whole(str(path)) as file:
        file.write(b"of another run")
        remove_stale(str(path))
    assert path.read_bytes() == b"of another run"
    assert sorted(tmp_path.iterdir()) == sorted([path, *others])


def test_any_url_is_read_and_written() -> None:
    url = "memory://folder/a.jsonl"
    with write_whole(url) as file:
        file.write(b'{"text": "x"}\n')
    assert read_bytes(url) == b'{"text": "x"}\n'
    assert [one.url for one in expand(["memory://folder"], SUFFIXES)] == ["memory:///folder/a.jsonl"]
    with open_content(Location(url, "a.jsonl"), 2) as stream:
        assert stream.read() == b'text": "x"}\n'
    fsspec.filesystem("memory").rm("/folder", recursive=True)
    assert read_bytes(url) is None


def test_names_are_joined_for_paths_and_urls() -> None:
    assert join("/a/", "b", "c") == "/a/b/c"
    assert join("s3://bucket", "b") == "s3://bucket/b"
