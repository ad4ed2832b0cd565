"""Words that callers want left alone: kept per key, obeyed by every check."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Final, Protocol

from sqlalchemy.exc import SQLAlchemyError

from app.core.errors import ResourceError
from app.core.types import GlossaryEntry, TermKind
from app.store.lazy import LazyStore
from app.store.records import NotFoundError

MAX_WORD_CHARS: Final = 200
_PROJECT: Final = "Words to leave alone"


class WordStore(Protocol):
    """Keeps words; ``owner`` is the id of an API key, empty where none is asked for.

    Raises:
        ResourceError: It cannot be read or written just now.
    """

    def words(self, owner: str) -> list[str]:
        """The owner's words, sorted."""
        ...

    def add(self, owner: str, word: str) -> bool:
        """Keep a word; False where it was kept already."""
        ...

    def delete(self, owner: str, word: str) -> bool:
        """Forget a word; False where it was not kept."""
        ...


class StoredWords:
    """Words in the editors' store: a glossary of terms to keep, in a project of their own, where the key that they
    belong to finds them on the editors' page.

    Nothing is opened, and no database made, before the first word is added.

    Args:
        url: Of the database; the user's own file where it is empty.
    """

    def __init__(self, url: str) -> None:
        self._store = LazyStore(url)

    def words(self, owner: str) -> list[str]:
        """The owner's words, sorted."""
        with _reaching_the_database():
            store = self._store.saved()
            project = store.find_project(_name(owner)) if store is not None else None
            terms = store.terms(project) if store is not None and project is not None else []
        return sorted(term.source for term in terms if term.kind == TermKind.KEEP)

    def add(self, owner: str, word: str) -> bool:
        """Keep a word; False where it was kept already."""
        if word in self.words(owner):
            return False
        with _reaching_the_database():
            store = self._store.open()
            store.put_term(
                store.project(_name(owner)), word, "", kind=TermKind.KEEP, case_sensitive=False, who=owner or "editor"
            )
        return True

    def delete(self, owner: str, word: str) -> bool:
        """Forget a word; False where it was not kept."""
        try:
            with _reaching_the_database():
                store = self._store.saved()
                if store is None:
                    return False
                project = store.find_project(_name(owner))
                found = [term.id for term in store.terms(project) if term.source == word] if project is not None else []
                for term in found:
                    store.delete_term(term)
        except NotFoundError:  # somebody else was faster
            return False
        return bool(found)

    def close(self) -> None:
        """Close the database."""
        self._store.close()


def as_entries(words: Iterable[str], text: str) -> tuple[GlossaryEntry, ...]:
    """The words that stand in ``text``, as terms that no edit may change."""
    folded = text.casefold()
    standing = (word for word in words if word.casefold() in folded)
    return tuple(GlossaryEntry(word, kind=TermKind.KEEP, id=f"words/{i}") for i, word in enumerate(standing))


def is_of_words(project: str) -> bool:
    """Whether a project holds a key's words and nothing else."""
    return project == _PROJECT or project.startswith(f"{_PROJECT} (")


def may_use(project: str, owner: str) -> bool:
    """Whether a project is shared by all editors, or holds the words of the very key that asks."""
    return not is_of_words(project) or project == _name(owner)


def _name(owner: str) -> str:
    return f"{_PROJECT} ({owner})" if owner else _PROJECT


@contextmanager
def _reaching_the_database() -> Iterator[None]:
    """Database trouble as a ``WordStore`` raises it: who asks may go on without the words."""
    try:
        yield
    except SQLAlchemyError as exc:
        raise ResourceError("the database of kept words cannot be used; see MT_REPAIR_DATABASE_URL") from exc
