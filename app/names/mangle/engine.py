"""Asks every rule what it would make of a name, weighs the answers and merges those that agree."""

from __future__ import annotations

from collections.abc import Iterable

from app.names.mangle.forms import MangledForm, Nameable


def mangle(entity: Nameable) -> Iterable[MangledForm]:
    """Forms that a machine may have made of the entity's name, likeliest first; never the name or an alias itself.

    The same entity gives the same forms in the same order.
    """
    del entity
    return ()
