from __future__ import annotations

import io
import shutil
import subprocess
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from lxml import etree

from app.core.diff import Change, apply_changes, diff
from app.core.errors import InputError
from app.core.types import Span
from app.formats.docx import Docx, Revisions, fits, read_docx, resolve_revisions, track_changes, write_docx
from tests.formats.changing import texts_with_changes

BY = Revisions("mt-repair", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC))
W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"


def word(body: str, **parts: bytes) -> bytes:
    """A Word file with this body."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr(
            "word/document.xml",
            f'<w:document xmlns:w="{W}" xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" '
            f'mc:Ignorable="w14" xmlns:w14="urn:w14"><w:body>{body}</w:body></w:document>',
        )
        for name, content in parts.items():
            archive.writestr(name, content)
    return target.getvalue()


def xml_of(data: bytes) -> etree._Element:
    return etree.fromstring(zipfile.ZipFile(io.BytesIO(data)).read("word/document.xml"))


STYLED = word(
    '<w:p><w:pPr><w:pStyle w:val="Title"/></w:pPr><w:r><w:rPr><w:b/></w:rPr><w:t xml:space="preserve">The the </w:t>'
    "</w:r><w:r><w:rPr><w:i/></w:rPr><w:t>minis</w:t></w:r><w:r><w:t>tor has went.</w:t></w:r></w:p><w:p/>"
    '<w:p><w:r><w:t>One</w:t><w:tab/><w:t xml:space="preserve">two </w:t><w:br/><w:t>three</w:t></w:r>'
    '<w:hyperlink w:anchor="x"><w:r><w:t>four</w:t></w:r></w:hyperlink><w:r><w:t> five</w:t></w:r></w:p>'
    "<w:tbl><w:tr><w:tc><w:p><w:r><w:t>cell</w:t></w:r></w:p></w:tc></w:tr></w:tbl>"
)


def test_the_text_of_paragraphs_links_and_cells_is_read() -> None:
    assert read_docx(STYLED).text == "The the ministor has went.\n\nOne\ttwo \nthreefour five\n\ncell"


@pytest.mark.parametrize(
    "target",
    [
        "The minister went.\n\nOne\ttwo \nthreefour five\n\ncell",
        "The the ministor has went!\n\nOne 2 \nthree four five\n\ncells",
        "A the ministor has went.\n\nOne\ttwo five\n\nSome cell",
    ],
)
def test_accepting_all_gives_the_new_text_and_rejecting_all_the_old(target: str) -> None:
    source = read_docx(STYLED)
    changes = [c for c in diff(source.text, target) if any(fits(c, p, source.seams) for p in source.paragraphs)]
    assert changes
    tracked = track_changes(STYLED, changes, BY)
    wanted = apply_changes(source.text, changes)
    assert "\n\n".join(t for t in resolve_revisions(tracked, accept=True) if t) == wanted
    assert resolve_revisions(tracked, accept=False) == resolve_revisions(STYLED, accept=False)


def test_each_edit_is_one_revision_of_the_author_and_keeps_the_formatting() -> None:
    tracked = track_changes(STYLED, [Change(Span(0, 8), "The "), Change(Span(17, 25), "went")], BY)
    root = xml_of(tracked)
    deleted, inserted = ([*root.iter(f"{{{W}}}{name}")] for name in ("del", "ins"))
    assert [len(deleted), len(inserted)] == [2, 2]
    assert {e.get(f"{{{W}}}author") for e in deleted + inserted} == {"mt-repair"}
    assert len({e.get(f"{{{W}}}id") for e in deleted + inserted}) == 4
    assert inserted[0].find(f".//{{{W}}}b") is not None
    assert inserted[1].find(f".//{{{W}}}b") is None


def test_the_deletion_stands_before_the_insertion() -> None:
    paragraph = xml_of(track_changes(STYLED, [Change(Span(0, 3), "A")], BY)).find(f".//{{{W}}}p")
    assert paragraph is not None
    names = [etree.QName(child).localname for child in paragraph]
    assert names[:4] == ["pPr", "del", "ins", "r"]


def test_other_parts_of_the_file_stay_as_they_were() -> None:
    data = word("<w:p><w:r><w:t>teh</w:t></w:r></w:p>", **{"word/styles.xml": b"<styles/>", "x/y.bin": b"\x00\xff"})
    archive = zipfile.ZipFile(io.BytesIO(track_changes(data, [Change(Span(0, 3), "the")], BY)))
    assert archive.read("word/styles.xml") == b"<styles/>"
    assert archive.read("x/y.bin") == b"\x00\xff"


def test_text_that_is_deleted_already_is_not_text() -> None:
    data = word(
        '<w:p><w:r><w:t>a</w:t></w:r><w:del w:id="9" w:author="x"><w:r><w:delText>b</w:delText></w:r></w:del>'
        '<w:ins w:id="10" w:author="x"><w:r><w:t>c</w:t></w:r></w:ins></w:p>'
    )
    assert read_docx(data).text == "ac"


def test_ids_go_on_behind_those_that_are_there() -> None:
    data = word('<w:p><w:bookmarkStart w:id="41" w:name="n"/><w:r><w:t>teh</w:t></w:r></w:p>')
    [deleted] = xml_of(track_changes(data, [Change(Span(0, 3), "the")], BY)).iter(f"{{{W}}}del")
    assert deleted.get(f"{{{W}}}id") == "42"


def test_a_change_across_a_link_is_left_out() -> None:
    source = read_docx(STYLED)
    at = source.text.index("threefour")
    across = Change(Span(at, at + 9), "x")
    assert not any(fits(across, paragraph, source.seams) for paragraph in source.paragraphs)
    assert resolve_revisions(track_changes(STYLED, [across], BY), accept=True) == resolve_revisions(STYLED, accept=True)


def test_with_a_change_across_a_link_its_group_is_left_out() -> None:
    text = read_docx(STYLED).text
    at = text.index("threefour")
    changes = [Change(Span(0, 3), "A", "both"), Change(Span(4, 7), "An"), Change(Span(at, at + 9), "x", "both")]
    tracked = resolve_revisions(track_changes(STYLED, changes, BY), accept=True)
    assert tracked == resolve_revisions(track_changes(STYLED, changes[1:2], BY), accept=True)
    assert tracked != resolve_revisions(STYLED, accept=True)


@given(texts_with_changes())
def test_a_new_document_has_both_texts(given_: tuple[str, tuple[Change, ...], str]) -> None:
    source, changes, target = given_
    data = write_docx(source, changes, BY)
    for text, accept in ((target, True), (source, False)):
        # A line break is a paragraph or a break inside one; as text both are a line feed.
        assert "\n".join(resolve_revisions(data, accept=accept)) == text


@given(texts_with_changes())
def test_what_is_written_is_read_again(given_: tuple[str, tuple[Change, ...], str]) -> None:
    source, _, _ = given_
    lines = [line for line in source.split("\n") if line]
    assert read_docx(write_docx(source, (), BY)).text == "\n\n".join(lines)


def test_the_same_input_gives_the_same_bytes() -> None:
    assert write_docx("a", (), BY) == write_docx("a", (), BY)


def _bomb(size: int) -> bytes:
    return word("<w:p><w:r><w:t>" + "a" * size + "</w:t></w:r></w:p>")


_ENTITIES = io.BytesIO()
with zipfile.ZipFile(_ENTITIES, "w") as _archive:
    _archive.writestr(
        "word/document.xml",
        f'<!DOCTYPE d [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><w:document xmlns:w="{W}"><w:body><w:p><w:r><w:t>&b;'
        "</w:t></w:r></w:p></w:body></w:document>",
    )


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "not a Word document"),
        (b"PK\x03\x04 but no more", "not a Word document"),
        (STYLED[:200], "not a Word document"),
        (_bomb(1 << 24), "unpacks to more"),
        (_ENTITIES.getvalue(), "entities"),
        (word("<w:p>"), "damaged"),
    ],
)
def test_what_is_no_sound_document_is_refused(data: bytes, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_docx(data)


def test_an_archive_of_very_many_parts_is_refused() -> None:
    data = word("", **{f"p{n}": b"" for n in range(2100)})
    with pytest.raises(InputError, match="unpacks"):
        read_docx(data)


def test_a_header_that_lies_about_the_size_is_not_believed() -> None:
    data = bytearray(_bomb(1 << 24))
    at = data.rindex(b"PK\x01\x02")  # the last entry of the directory is the text
    data[at + 24 : at + 28] = (1000).to_bytes(4, "little")
    with pytest.raises(InputError):
        read_docx(bytes(data))


def test_libreoffice_opens_what_we_write_and_sees_both_texts(tmp_path: Path) -> None:
    program = shutil.which("soffice") or shutil.which("libreoffice")
    if program is None:
        pytest.skip("LibreOffice is not installed")
    source, target = "The the man has went to Pariss.\n\nAll is well.", "The man went to Paris.\n\nAll is well."
    (tmp_path / "tracked.docx").write_bytes(write_docx(source, diff(source, target), BY))
    subprocess.run(
        [program, f"-env:UserInstallation=file://{tmp_path}/profile", "--headless", "--convert-to", "fodt",
         "--outdir", tmp_path, tmp_path / "tracked.docx"],
        check=True, timeout=300, capture_output=True,
    )  # fmt: skip
    root = etree.fromstring((tmp_path / "tracked.fodt").read_bytes())
    for text, gone in ((target, "deletion"), (source, "insertion")):  # all accepted, all rejected
        lines = _opendocument_lines(root, gone)
        assert [line for line in lines if line] == [line for line in text.split("\n") if line]


def _opendocument_lines(root: etree._Element, gone: str) -> list[str]:
    """The paragraphs without the text that stands between the marks of one kind of tracked change."""
    text, office = (f"{{urn:oasis:names:tc:opendocument:xmlns:{name}:1.0}}" for name in ("text", "office"))
    regions = root.iter(f"{text}changed-region")
    hidden = {r.get(f"{text}id") for r in regions if r.find(f"{text}{gone}") is not None}
    assert hidden
    body = root.find(f".//{office}text")
    assert body is not None
    lines: list[str] = []
    inside: set[str | None] = set()

    def read(element: etree._Element, is_in_paragraph: bool = False) -> None:
        if element.tag == f"{text}tracked-changes":
            return
        if element.tag == f"{text}p":
            lines.append("")
            is_in_paragraph = True
        if not is_in_paragraph:  # what stands between paragraphs is the file's indentation
            for child in element:
                read(child)
            return
        if element.tag == f"{text}change-start":
            inside.add(element.get(f"{text}change-id"))
        if element.tag == f"{text}change-end":
            inside.discard(element.get(f"{text}change-id"))
        add(" " * int(str(element.get(f"{text}c", "1"))) if element.tag == f"{text}s" else element.text)
        for child in element:
            read(child, is_in_paragraph)
            add(child.tail)

    def add(part: str | None) -> None:
        if lines and part and not inside & hidden:
            lines[-1] += part.strip("\n")

    read(body)
    return lines


def test_an_empty_document_is_one_empty_text() -> None:
    assert read_docx(word("<w:p/>")) == Docx("", (), ())


def test_damage_in_a_part_without_text_is_reported_as_that() -> None:
    whole = write_docx("He left.", (), Revisions("x", datetime(2026, 1, 1, tzinfo=UTC)))
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        part = archive.getinfo("_rels/.rels")
    spoilt = bytearray(whole)
    spoilt[part.header_offset : part.header_offset + 4] = b"XXXX"
    assert read_docx(bytes(spoilt)).text.strip() == "He left."
    with pytest.raises(InputError, match="damaged"):
        track_changes(bytes(spoilt), (), Revisions("x", datetime(2026, 1, 1, tzinfo=UTC)))
