"""SOAP, as its authors and pytorch_optimizer keep it: `GG`, a list with a matrix a dimension, empty where a side is skipped."""

from __future__ import annotations

from typing import Any, List, Mapping, Optional

from .kept import Kept, count, per_dimension


def read(state: Mapping[Any, Any], parameter: Any, group: Mapping[str, Any]) -> Optional[List[Kept]]:
    if not isinstance(state.get("GG"), (list, tuple)):
        return None
    steps = count(state.get("step", group.get("step")))
    # The first call of the authors' code has number 0, and updates the statistic.
    updates = None if steps is None else max(steps, 1)
    return list(per_dimension(state["GG"], updates=updates))
