"""Tensors of PyTorch, NumPy and others as NumPy arrays, without importing any of them before it is needed."""

from __future__ import annotations

from typing import Any, Iterator, Mapping, Tuple


def is_array(value: Any) -> bool:
    """Whether a value is a tensor or an array: it has a shape and a type of elements. Tables have a type for each column."""
    return hasattr(value, "shape") and hasattr(value, "dtype")


def numpy_array(tensor: Any):
    """The values of a tensor; those of less than 32 bits in float32, which holds them exactly."""
    import numpy

    if hasattr(tensor, "to_local"):
        # A tensor that is spread over processes: this one's part.
        tensor = tensor.to_local()
    if hasattr(tensor, "detach"):
        tensor = tensor.detach()
        if tensor.dtype.itemsize < 4 and tensor.dtype.is_floating_point:
            # NumPy has no bfloat16.
            tensor = tensor.float()
        tensor = tensor.cpu().numpy()
    array = numpy.asarray(tensor)
    # Extended types, as JAX has them, are of kind V.
    if array.dtype.itemsize < 4 and array.dtype.kind in "fV":
        array = array.astype(numpy.float32)
    return array


def named_arrays(value: Any, name: str = "") -> Iterator[Tuple[str, Any]]:
    """The arrays of an array, which is named `matrix`, or of a mapping or sequence of them at any depth, named by their places."""
    if is_array(value):
        yield name or "matrix", numpy_array(value)
    elif isinstance(value, (Mapping, list, tuple)):
        for key, part in value.items() if isinstance(value, Mapping) else enumerate(value):
            yield from named_arrays(part, f"{name}/{key}" if name else str(key))
    elif value is not None:
        raise TypeError(f"{name or 'the input'}: {type(value).__name__} is neither an array nor a tensor")


def matrices(value: Any) -> Iterator[Tuple[str, Any]]:
    """Those of `named_arrays`, a stack of shape (k, n, n) as k matrices."""
    for name, array in named_arrays(value):
        if array.ndim == 3:
            for index, matrix in enumerate(array):
                yield f"{name}/{index}", matrix
        else:
            yield name, array
