"""What machines make of names: from the native and the English form to the forms that round trips leave behind."""

from __future__ import annotations

from app.names.mangle.engine import mangle
from app.names.mangle.forms import Damage, MangledForm, Nameable

__all__ = ["Damage", "MangledForm", "Nameable", "mangle"]
