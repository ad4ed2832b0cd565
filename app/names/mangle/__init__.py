"""What machines make of names: from the native and the English form to the forms that round trips leave behind."""

from __future__ import annotations

from app.names.mangle.engine import FAR, Origin, entity_of, mangle, mangle_name, origin_of, propose
from app.names.mangle.forms import Damage, MangledForm
from app.names.mangle.noise import respelling_probability
from app.names.mangle.titles import mangle_title

__all__ = [
    "FAR",
    "Damage",
    "MangledForm",
    "Origin",
    "entity_of",
    "mangle",
    "mangle_name",
    "mangle_title",
    "origin_of",
    "propose",
    "respelling_probability",
]
