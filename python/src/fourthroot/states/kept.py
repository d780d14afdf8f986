"""A matrix that an optimizer keeps, and its place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Iterator, Optional, Sequence, Tuple


@dataclass(frozen=True)
class Kept:
    """A matrix of one side of one block of a parameter."""

    matrix: Any
    side: str
    row: int = 0
    column: int = 0
    kind: str = "statistic"
    # The gradients that it has seen, where the optimizer counts them.
    updates: Optional[int] = None


def side(dimension: int, dimensions: int) -> str:
    """The name of a dimension's side: rows are left, columns right; a tensor of more dimensions has modes."""
    if dimensions <= 2:
        return ("left", "right")[dimension]
    return f"mode_{dimension}"


def is_matrix(value: Any) -> bool:
    """Whether a value is a square matrix or a stack of them, and not, as for a side that is skipped, an empty list or None."""
    shape = tuple(getattr(value, "shape", ()))
    return len(shape) in (2, 3) and shape[-1] == shape[-2] and shape[-1] > 0


def unstacked(matrix: Any) -> Iterator[Tuple[int, Any]]:
    """The matrices of a stack of shape (k, n, n), which is what blocks of one size are kept as."""
    yield from enumerate(matrix) if len(matrix.shape) == 3 else [(0, matrix)]


def per_dimension(
    matrices: Sequence[Any], kind: str = "statistic", updates: Optional[int] = None
) -> Iterator[Kept]:
    """What a list with an entry a dimension keeps; blocks are counted along the stack."""
    for dimension, entry in enumerate(matrices):
        if is_matrix(entry):
            for row, matrix in unstacked(entry):
                yield Kept(matrix, side(dimension, len(matrices)), row=row, kind=kind, updates=updates)


def count(value: Any) -> Optional[int]:
    """A step counter, which may be a tensor."""
    if value is None or isinstance(value, bool):
        return None
    value = value.item() if hasattr(value, "item") else value
    return int(value) if isinstance(value, (int, float)) and value >= 0 else None
