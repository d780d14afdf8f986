"""Distributed Shampoo of facebookresearch/optimizers: `block_0`, `block_1`, … with the Kronecker factors of a block each.

`state["block_0"]["shampoo"]` has `factor_matrices`, a tuple with a matrix for each dimension that is preconditioned, and, unless
it works by eigenvalues, `inv_factor_matrices`. In a state dict tuples have become dicts by position. Blocks are in row-major order.
"""

from __future__ import annotations

import math
import re
from typing import Any, Iterator, List, Mapping, Optional, Sequence

from .kept import Kept, count, is_matrix, side

# Blocks of a parameter that is spread over processes are named by the process as well.
BLOCK = re.compile(r"(?:rank_\d+-)?block_(\d+)")
KINDS = {"factor_matrices": "statistic", "inv_factor_matrices": "root"}


def read(state: Mapping[Any, Any], parameter: Any, group: Mapping[str, Any]) -> Optional[List[Kept]]:
    blocks = {
        int(match.group(1)): block["shampoo"]
        for name, block in state.items()
        if isinstance(name, str) and (match := BLOCK.fullmatch(name)) and isinstance(block, Mapping) and "shampoo" in block
    }
    if not blocks:
        return None
    columns = _columns(parameter, group, len(blocks))
    updates = count(state.get("step", group.get("step")))
    return [
        kept for index, factors in sorted(blocks.items()) for kept in _block(factors, *divmod(index, columns), updates)
    ]


def _block(factors: Any, row: int, column: int, updates: Optional[int]) -> Iterator[Kept]:
    for name, kind in KINDS.items():
        matrices = _sequence(factors.get(name) if isinstance(factors, Mapping) else getattr(factors, name, None))
        for position, matrix in enumerate(matrices):
            if is_matrix(matrix):
                yield Kept(matrix, side(position, len(matrices)), row, column, kind, updates)


def _sequence(value: Any) -> Sequence[Any]:
    if isinstance(value, Mapping):
        return [value[key] for key in sorted(value, key=int)]
    return value or ()


def _columns(parameter: Any, group: Mapping[str, Any], blocks: int) -> int:
    """The number of blocks in a row of a matrix; dimensions that were merged have one row of blocks after another."""
    shape, largest = tuple(parameter.shape), group.get("max_preconditioner_dim")
    if len(shape) != 2 or not isinstance(largest, int) or largest < 1:
        return 1
    columns = math.ceil(shape[1] / largest)
    return columns if math.ceil(shape[0] / largest) * columns == blocks else 1
