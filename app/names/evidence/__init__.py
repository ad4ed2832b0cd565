"""Small scores that speak for or against a candidate, each with a reason that an editor understands.

Every feature is a function of what the document says about a name (``Reading``), of a candidate and of the other
candidates (``Comparison``). It returns ``Evidence`` or ``None`` where it has nothing to say, which counts as 0.
Weights are learned (``app.names.link``): the sign of a feature is not fixed here, its meaning is.
"""

from __future__ import annotations

from app.names.evidence.table import FEATURES, Feature, gather

__all__ = ["FEATURES", "Feature", "gather"]
