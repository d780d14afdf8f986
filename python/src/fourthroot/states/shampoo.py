"""Shampoo as pytorch_optimizer and torch_optimizer keep it: a name a dimension, `pre_cond_0` or `precond_0`, and its root."""

from __future__ import annotations

from typing import Any, List, Mapping, Optional

from .kept import Kept, count, per_dimension

# Statistic and root.
NAMES = (("pre_cond_", "inv_pre_cond_"), ("precond_", "inv_precond_"))


def read(state: Mapping[Any, Any], parameter: Any, group: Mapping[str, Any]) -> Optional[List[Kept]]:
    for statistic, root in NAMES:
        if f"{statistic}0" not in state:
            continue
        updates = count(state.get("step", group.get("step")))
        return [
            *per_dimension(_listed(state, statistic), updates=updates),
            *per_dimension(_listed(state, root), kind="root", updates=updates),
        ]
    return None


def _listed(state: Mapping[Any, Any], name: str) -> List[Any]:
    matrices: List[Any] = []
    while f"{name}{len(matrices)}" in state:
        matrices.append(state[f"{name}{len(matrices)}"])
    return matrices
