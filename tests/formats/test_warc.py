from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from warcio.archiveiterator import ArchiveIterator
from warcio.warcwriter import WARCWriter

from app.core.errors import InputError
from app.formats.base import Wanted
from app.formats.warc import Warc, load_extractor
from tests.formats.twins import locate, repair_file

FORM = Warc()
PAGE = (
    "<html><head><title>News</title></head><body><nav><a href='/'>Home</a></nav><article><h1>He goed away</h1>"
    "<p>The minister goed to the capital on Monday and spoke there about the budget for the next year.</p>"
    "<p>She said that the talks would go on for another week, and that nobody should expect a quick answer.</p>"
    "</article><footer>Share this article</footer></body></html>"
)


def write_archive(path: Path, pages: int, *, gzipped: bool, wet: bool = False) -> None:
    with path.open("wb") as file:
        writer = WARCWriter(file, gzip=gzipped)
        writer.write_record(writer.create_warcinfo_record(path.name, {"software": "test"}))
        for i in range(pages):
            if wet:
                record = writer.create_warc_record(
                    f"http://example.org/{i}", "conversion", payload=io.BytesIO(b"He goed home.\n"), length=14,
                    warc_content_type="text/plain",
                )  # fmt: skip
            else:
                block = b"HTTP/1.0 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\n" + PAGE.encode()
                record = writer.create_warc_record(
                    f"http://example.org/{i}", "response", payload=io.BytesIO(block), length=len(block)
                )
            writer.write_record(record)


def records(data: bytes) -> list[tuple[str, str | None, bytes]]:
    found = []
    for record in ArchiveIterator(io.BytesIO(data)):
        head = record.rec_headers
        found.append((record.rec_type, head.get_header("WARC-Refers-To"), record.content_stream().read()))
    return found


@pytest.mark.parametrize("suffix", [".warc", ".warc.gz"])
def test_conversion_records_stand_behind_untouched_originals(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    write_archive(path, 3, gzipped=suffix.endswith("gz"))
    data, _ = repair_file(FORM, path, tmp_path)
    found = records(data)
    assert [kind for kind, _, _ in found] == ["warcinfo", *["response", "conversion"] * 3]
    text = found[2][2].decode()
    assert "The minister went to the capital" in text
    assert "Home" not in text
    ids = [r.rec_headers.get_header("WARC-Record-ID") for r in ArchiveIterator(io.BytesIO(data))]
    assert found[2][1] == ids[1]
    assert len(set(ids)) == len(ids)
    before = path.read_bytes()
    start = before.index(b"WARC/1.0") if suffix == ".warc" else 0
    assert data.startswith(before[start : start + 200])


@pytest.mark.parametrize("gzipped", [True, False])
def test_the_units_do_not_show_in_the_output(tmp_path: Path, gzipped: bool) -> None:
    path = tmp_path / ("a.warc.gz" if gzipped else "a.warc")
    write_archive(path, 6, gzipped=gzipped)
    one, _ = repair_file(FORM, path, tmp_path)
    many, plan = repair_file(FORM, path, tmp_path, unit_bytes=500)
    assert len(plan.units) >= 3
    assert records(one) == records(many)
    only, _ = repair_file(FORM, path, tmp_path, Wanted(keep_originals=False))
    assert [kind for kind, _, _ in records(only)] == ["conversion"] * 6


def test_the_text_of_a_wet_file_is_repaired(tmp_path: Path) -> None:
    path = tmp_path / "a.wet.gz"
    write_archive(path, 2, gzipped=True, wet=True)
    data, _ = repair_file(FORM, path, tmp_path, Wanted(keep_originals=False))
    assert [content for _, _, content in records(data)] == [b"He went home.\n"] * 2


def shout(page: bytes, url: str) -> str:
    return f"{url} goed {len(page)}"


def fail(page: bytes, url: str) -> str:
    raise RuntimeError("no")


def test_another_extractor_can_be_plugged_in(tmp_path: Path) -> None:
    path = tmp_path / "a.warc"
    write_archive(path, 1, gzipped=False)
    name = f"{__name__}:shout"
    data, _ = repair_file(FORM, path, tmp_path, Wanted(keep_originals=False, extractor=name))
    assert records(data)[0][2].decode() == f"http://example.org/0 went {len(PAGE)}"
    with pytest.raises(InputError, match=r"give it as package\.module:function"):
        load_extractor("nowhere:nothing")


def test_an_extractor_that_fails_costs_one_record(tmp_path: Path) -> None:
    path = tmp_path / "a.warc"
    write_archive(path, 2, gzipped=False)
    data, _ = repair_file(FORM, path, tmp_path, Wanted(extractor=f"{__name__}:fail"))
    assert [kind for kind, _, _ in records(data)] == ["warcinfo", "response", "response"]


def test_an_archive_compressed_as_a_whole_is_refused_with_the_remedy(tmp_path: Path) -> None:
    import gzip

    write_archive(tmp_path / "b.warc", 3, gzipped=False)
    path = tmp_path / "a.warc.gz"
    path.write_bytes(gzip.compress((tmp_path / "b.warc").read_bytes()))
    with pytest.raises(InputError, match="recompress"):
        FORM.plan(locate(path), Wanted(), 1000)


@pytest.mark.parametrize(
    ("head", "spoilt"),
    [(rb"Content-Length: [0-9]+(?=\r\n\r\nHTTP)", b"Content-Length: 9\xa0y"), (rb"WARC-Target-URI: .+\r\n", b"")],
)
def test_a_record_whose_head_is_damaged_is_reported_as_that(tmp_path: Path, head: bytes, spoilt: bytes) -> None:
    path = tmp_path / "a.warc"
    write_archive(path, 1, gzipped=False)
    damaged, count = re.subn(head, spoilt, path.read_bytes())
    assert count
    path.write_bytes(damaged)
    with pytest.raises(InputError, match="damaged"):
        repair_file(FORM, path, tmp_path)
