"""Articles with their damaged names marked: how they are read, and what counts as repaired."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.core.types import Edit, EditKind, Origin, Span
from scripts.measure_articles import Article, Result, judge, measure, read_articles
from tests.names.linking import linker

TWO = """\
a1
In [[Valkeabory|Valkeapori]] they met.

a2
Nobody was there.
"""


def edit(text: str, old: str, new: str) -> Edit:
    start = text.index(old)
    return Edit(Span(start, start + len(old)), new, EditKind.NAME, Origin.NAMES, 0.9, "R", "why")


def written(folder: Path, text: str) -> Path:
    path = folder / "articles.txt"
    path.write_text(text, "utf-8")
    return path


def test_marks_are_read_and_taken_out(tmp_path: Path) -> None:
    first, second = read_articles(written(tmp_path, TWO))
    assert (first.id, first.text) == ("a1", "In Valkeabory they met.")
    (damaged,) = first.damaged
    assert damaged.span.of(first.text) == "Valkeabory"
    assert damaged.right == "Valkeapori"
    assert (second.id, second.damaged) == ("a2", ())


@pytest.mark.parametrize("block", ["a1\nIn [[Valkeabory they met.", "In Valkeapori they met.", "a1"])
def test_a_broken_block_is_named(tmp_path: Path, block: str) -> None:
    with pytest.raises(ValueError, match=r"articles\.txt: block"):
        read_articles(written(tmp_path, block))


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ("Valkeabory", "Valkeapori", "repaired"),
        ("Valkeabory", "VALKEÁPORI", "repaired"),  # case and diacritics do not count
        ("In Valkeabory", "In Valkeapori", "repaired"),
        ("bory", "pori", "repaired"),
        ("Valkeabory", "Valga", "made_wrong"),
        ("met", "meet", "harmed"),
    ],
)
def test_what_an_edit_does_is_told(tmp_path: Path, old: str, new: str, found: str) -> None:
    article = read_articles(written(tmp_path, TWO))[0]
    result = Result()
    judge(article, [edit(article.text, old, new)], result)
    assert len(getattr(result, found)) == 1
    assert len(result.left) == (found == "harmed")
    assert len(result.repaired) + len(result.made_wrong) + len(result.left) == 1


def test_one_edit_may_repair_two_names_and_without_one_nothing_is_repaired(tmp_path: Path) -> None:
    block = "a1\nIn [[Bosna|Bosnia]] and [[Herzegowina|Herzegovina]], in [[Istánbul|Istanbul]]."
    (article,) = read_articles(written(tmp_path, block))
    result = Result()
    judge(article, [edit(article.text, "Bosna and Herzegowina", "Bosnia and Herzegovina")], result)
    assert (len(result.repaired), len(result.left)) == (2, 1)
    judge(article, [edit(article.text, "Bosna and Herzegowina", "Bosnia and Herzegowina")], spoilt := Result())
    assert (len(spoilt.made_wrong), len(spoilt.repaired)) == (2, 0)


def test_articles_are_linked(tmp_path: Path) -> None:
    articles = [*read_articles(written(tmp_path, TWO)), Article("a3", "Near Mustvesi.", ())]
    result = measure(linker(tmp_path / "kb"), articles)
    assert [len(x) for x in (result.repaired, result.left, result.made_wrong, result.harmed)] == [1, 0, 0, 0]


@pytest.mark.parametrize(("half", "damaged"), [("dev", 525), ("test", 290)])
def test_the_shipped_articles_are_whole(half: str, damaged: int) -> None:
    articles = read_articles(Path(f"tests/data/names/articles-{half}.txt"))
    assert len({a.id for a in articles}) == len(articles)
    assert sum(len(a.damaged) for a in articles) == damaged
    assert all(d.span.of(a.text) != d.right for a in articles for d in a.damaged)
