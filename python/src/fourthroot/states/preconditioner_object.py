"""Blocked Shampoo as pytorch_optimizer's ScalableShampoo keeps it: an object with the matrices of all blocks, one after another.

`statistics` and `pre_conditioners` are lists, or stacks where all have one size; a block has one for every dimension that is
preconditioned. Blocks are in row-major order.
"""

from __future__ import annotations

import math
from typing import Any, Iterator, List, Mapping, Optional

from .kept import Kept, count, is_matrix, side


def read(state: Mapping[Any, Any], parameter: Any, group: Mapping[str, Any]) -> Optional[List[Kept]]:
    held = next((value for value in state.values() if hasattr(value, "statistics") and hasattr(value, "pre_conditioners")), None)
    if held is None:
        return None
    updates = count(state.get("step", group.get("step")))
    return [
        *_placed(held, held.statistics, "statistic", updates),
        *_placed(held, held.pre_conditioners, "root", updates),
    ]


def _placed(held: Any, matrices: Any, kind: str, updates: Optional[int]) -> Iterator[Kept]:
    taken = [dimension for dimension, selected in enumerate(held.should_precondition_dims) if selected]
    if not taken or len(matrices) % len(taken) != 0:
        return
    # Merged shapes begin with a dimension of size 1, which is no side.
    shape = tuple(held.transformed_shape)
    sides = [dimension for dimension, size in enumerate(shape) if size > 1]
    columns = _columns(held, sides)
    for index, matrix in enumerate(matrices):
        block, position = divmod(index, len(taken))
        if taken[position] in sides and is_matrix(matrix):
            name = side(sides.index(taken[position]), len(sides))
            yield Kept(matrix, name, *divmod(block, columns), kind=kind, updates=updates)


def _columns(held: Any, sides: List[int]) -> int:
    """The number of blocks in a row: all splits but those of the first side, where there is a second."""
    splits = dict(held.partitioner.split_sizes) if hasattr(held, "partitioner") else {}
    return math.prod(len(splits.get(dimension, [0])) for dimension in sides[1:])
