"""Loads CTranslate2 without what its converters would drag in."""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType

# The package imports its converters, which import these where they are installed: 170 MB and seconds at every start
# (measured with 4.8.0), for nothing that serving uses.
_UNUSED = ("torch", "transformers")


def load_engine() -> ModuleType:
    """The package ``ctranslate2``; torch and transformers stay unloaded unless they are loaded already.

    Call it before other threads start: for a moment, they could not import these two.
    """
    hidden = [name for name in _UNUSED if name not in sys.modules]
    for name in hidden:
        sys.modules[name] = None  # type: ignore[assignment]
    try:
        return import_module("ctranslate2")
    finally:
        for name in hidden:
            del sys.modules[name]
        if hidden:  # who needs a converter imports it again, with what it needs; what it fills looks for torch, too
            for name in [m for m in sys.modules if m.startswith(("ctranslate2.converters", "ctranslate2.specs"))]:
                del sys.modules[name]
