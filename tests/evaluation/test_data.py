"""Reading evaluation sets from small files of the same form."""

import lzma
from pathlib import Path

import orjson
import pytest

from app.core.errors import InputError
from app.evaluation.data import (
    Measure,
    clean_set,
    count_sentences,
    curl_quotes,
    load_file,
    load_set,
    read_documents,
    read_rows,
)
from app.evaluation.splits import is_held_out_row, is_held_out_text


def write_rows(path: Path, rows: list[dict[str, object]]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    content = b"".join(orjson.dumps(r) + b"\n" for r in rows)
    path.write_bytes(lzma.compress(content) if path.suffix == ".xz" else content)
    return path


@pytest.mark.parametrize("name", ["pairs.jsonl", "pairs.jsonl.xz"])
def test_pairs_are_read_plain_and_packed(tmp_path: Path, name: str) -> None:
    path = write_rows(tmp_path / name, [{"id": "a", "mt": "He go.", "ref": "He goes.", "lang": "et"}])
    found = load_file(path)
    assert (found.name, found.measure) == ("pairs", Measure.TRANSLATION)
    (example,) = found.examples
    assert (example.text, example.refs, example.group) == ("He go.", ("He goes.",), "et")
    assert len(found.sha256) == 64


@pytest.mark.parametrize("name", ["rows.jsonl", "rows.jsonl.xz"])
def test_rows_come_one_by_one_as_they_are(tmp_path: Path, name: str) -> None:
    rows: list[dict[str, object]] = [{"mt": "A\u2028b.", "hter": 0.25}, {"names": ["Rīga"]}]
    assert list(read_rows(write_rows(tmp_path / name, rows))) == rows


@pytest.mark.parametrize(
    ("row", "measure"),
    [
        ({"source": "a", "refs": ["b", "c"]}, Measure.CORRECTION),
        ({"source": "a", "refs": ["b"], "source_tok": "a", "refs_tok": ["b"]}, Measure.GLEU),
        ({"mt": "a", "ref": "b"}, Measure.TRANSLATION),
    ],
)
def test_what_is_measured_follows_from_the_rows(tmp_path: Path, row: dict[str, object], measure: Measure) -> None:
    assert load_file(write_rows(tmp_path / "rows.jsonl", [row])).measure is measure


@pytest.mark.parametrize("line", ["{", "[]", '{"mt": "a"}', '{"mt": 1, "ref": "b"}', '{"source": "a", "refs": []}'])
def test_a_bad_row_is_named_by_its_line_without_its_text(tmp_path: Path, line: str) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text('{"mt": "good", "ref": "good"}\n' + line + "\n")
    with pytest.raises(InputError, match="line 2"):
        load_file(path)


def test_a_final_set_opens_only_on_purpose(tmp_path: Path) -> None:
    write_rows(tmp_path / "mt" / "pe-test20.jsonl.xz", [{"mt": "a", "ref": "b", "lang": "et"}])
    with pytest.raises(InputError, match="--final"):
        load_set("pe-test20", tmp_path)
    with pytest.raises(InputError, match="--final"):
        load_file(tmp_path / "mt" / "pe-test20.jsonl.xz")
    assert len(load_set("pe-test20", tmp_path, final=True).examples) == 1


@pytest.mark.parametrize("name", ["pe-dev", "clean", "nonsense"])
def test_a_missing_set_is_an_input_error(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError):
        load_set(name, tmp_path)


def test_the_wmt_set_holds_only_what_training_leaves_out(tmp_path: Path) -> None:
    rows: list[dict[str, object]] = [
        {"id": f"wmt21/de/{i:05}/A", "doc": None, "mt": f"m {i}", "ref": f"r {i}", "lang": "de"} for i in range(2000)
    ]
    write_rows(tmp_path / "mt" / "wmt-train.jsonl.xz", rows)
    found = load_set("wmt-held-out", tmp_path)
    assert {e.id for e in found.examples} == {r["id"] for r in rows if is_held_out_row(r)} != set()


def write_texts(folder: Path) -> Path:
    folder.mkdir()
    for name in ("notes", "speeches"):
        documents = [f'"First one of {i}," he said. It\'s here.\nSecond paragraph {i}. End.\n' for i in range(300)]
        (folder / f"{name}.txt.xz").write_bytes(lzma.compress("\n".join(documents).encode()))
    return folder


def test_clean_text_comes_from_held_out_documents_of_every_file(tmp_path: Path) -> None:
    found = clean_set(write_texts(tmp_path / "text"), sentences=20)
    assert {e.group for e in found.examples} == {"notes", "speeches"}
    assert all(is_held_out_text(*_name_and_index(e.id)) for e in found.examples)
    assert 20 <= sum(count_sentences(e.text) for e in found.examples) < 24
    assert found.examples == clean_set(tmp_path / "text", sentences=20).examples


def test_curly_clean_text_differs_only_in_its_quotation_marks(tmp_path: Path) -> None:
    folder = write_texts(tmp_path / "text")
    straight, curly = clean_set(folder, sentences=20), clean_set(folder, curly=True, sentences=20)
    for a, b in zip(straight.examples, curly.examples, strict=True):
        assert a.text != b.text
        assert a.text == b.text.translate(str.maketrans("“”‘’", "\"\"''"))


@pytest.mark.parametrize(
    ("straight", "curly"),
    [
        ('He said, "No."', "He said, “No.”"),
        ('"It\'s ("so")," she said.', "“It’s (“so”),” she said."),
        ("the '90s dogs' bones", "the ’90s dogs’ bones"),
        ("She said, \"'Tis 'so', he thinks.\"", "She said, “‘Tis ‘so’, he thinks.”"),
        ("\"He said 'no.'\" I left.", "“He said ‘no.’” I left."),
        ('\'"No," he said.\' The album ""', "‘“No,” he said.’ The album “”"),
    ],
)
def test_quotes_curl_by_what_stands_before(straight: str, curly: str) -> None:
    assert curl_quotes(straight) == curly


def test_documents_are_counted_between_blank_lines(tmp_path: Path) -> None:
    path = tmp_path / "t.txt"
    path.write_text("a\nb\n\n\nc\n")
    assert list(read_documents(path)) == [(0, ["a", "b"]), (1, ["c"])]


def test_a_thinned_set_is_evenly_spaced_and_says_so(tmp_path: Path) -> None:
    rows: list[dict[str, object]] = [{"id": str(i), "mt": "a", "ref": "b"} for i in range(10)]
    found = load_file(write_rows(tmp_path / "rows.jsonl", rows))
    assert [e.id for e in found.thin(5).examples] == ["0", "2", "4", "6", "8"]
    assert found.thin(5).name == "rows[5]"
    assert found.thin(None) is found.thin(10) is found


def _name_and_index(example_id: str) -> tuple[str, int]:
    name, index = example_id.rsplit("/", 1)
    return name, int(index)
