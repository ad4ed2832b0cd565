from __future__ import annotations

import os
from pathlib import Path

import pytest

from app.core.files import write_whole


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_a_write_that_ends_early_leaves_the_old_file_and_no_other(tmp_path: Path, error: BaseException) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"before")

    def write_half() -> None:
        with write_whole(path) as file:
            file.write(b"half")
            raise error

    with pytest.raises(type(error)):
        write_half()
    assert path.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [path]


def test_what_is_being_written_is_as_private_as_what_it_replaces(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.touch(0o600)
    with write_whole(path) as file:
        file.write(b"after")
        assert [one.stat().st_mode & 0o777 for one in tmp_path.iterdir()] == [0o600, 0o600]
    assert (path.read_bytes(), path.stat().st_mode & 0o777) == (b"after", 0o600)


def test_a_new_file_has_the_permissions_of_any_other(tmp_path: Path) -> None:
    (tmp_path / "other").touch()
    with write_whole(tmp_path / "a") as file:
        file.write(b"new")
    assert (tmp_path / "a").stat().st_mode == (tmp_path / "other").stat().st_mode


def test_a_link_to_what_is_not_there_yet_is_followed(tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to("a")
    with write_whole(link) as file:
        file.write(b"new")
    assert link.is_symlink()
    assert (tmp_path / "a").read_bytes() == b"new"


def test_links_that_lead_to_one_another_are_no_place(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    with pytest.raises(OSError, match="symbolic links"), write_whole(tmp_path / "a"):
        raise AssertionError
    assert (tmp_path / "a").is_symlink()


def test_a_folder_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), write_whole(tmp_path / "none" / "a"):
        raise AssertionError
    assert not os.listdir(tmp_path)
