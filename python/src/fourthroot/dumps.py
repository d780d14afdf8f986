"""Dumps of an optimizer's preconditioners, in the form of the program's own trainings."""

from __future__ import annotations

import pathlib
from typing import Any, Dict, Iterator, Mapping

from . import states
from .dumpfile import DumpFile, Entry
from .states.kept import Kept, is_matrix, per_dimension
from .tensors import is_array


def dump(optimizer: Any, model: Any, path: Any, step: int, *, replace: bool = False) -> int:
    """Appends the statistics and roots that an optimizer keeps to a dump, and returns how many matrices were written.

    Known are the states of Distributed Shampoo, SOAP, the Shampoos and SOAP of pytorch_optimizer, and HeavyBall's. For any other,
    give the matrices themselves: `dump({"layer.weight": [L, R]}, None, path, step)`. A list has a matrix a dimension, None where a
    side is skipped; a dict may name them `left` and `right`; a stack of shape (k, n, n) is k blocks.

    A step appears in the dump whole or not at all, whenever the process is killed; earlier steps stay as they are. From the second
    step on, PATH is a small file of links into the folder PATH.steps, which belongs to it; `join` makes one file of them.

    Args:
        optimizer: a PyTorch optimizer, or a dict of matrices by the names of parameters.
        model: the module whose parameters give the names, a dict or an iterable of names and parameters, or None.
        path: the HDF5 file.
        step: the number of the training's step.
        replace: whether the step may be there already, as after a training was resumed. Otherwise that is a FileExistsError.

    Raises:
        ValueError: nothing in the optimizer's state is a statistic that is known, or there is no state yet.
    """
    if isinstance(step, bool) or not hasattr(step, "__index__") or step < 0:
        raise ValueError(f"step is {step!r}; a step is a whole number from 0 on")
    entries = list(_plain(optimizer) if isinstance(optimizer, Mapping) else _kept(optimizer, model))
    if not any(entry.kept.kind == "statistic" for entry in entries):
        raise ValueError(_why_nothing(optimizer))
    DumpFile(path, optimizer).append(int(step), entries, replace)
    return len(entries)


def join(path: Any) -> None:
    """Makes one file of a dump and its folder of steps, and removes the folder."""
    path = pathlib.Path(path)
    if not path.exists():
        raise FileNotFoundError(f"{path}: there is no such dump")
    DumpFile(path, None).join()


def _kept(optimizer: Any, model: Any) -> Iterator[Entry]:
    """What the optimizer keeps of every parameter, in the order of its groups."""
    if not hasattr(optimizer, "state") and hasattr(optimizer, "optimizer"):
        # A wrapper, as of a scheduler or of mixed precision.
        optimizer = optimizer.optimizer
    if not hasattr(optimizer, "param_groups"):
        raise TypeError(f"{type(optimizer).__name__} is neither an optimizer nor a dict of matrices")
    names = _names(model)
    position = 0
    for group in optimizer.param_groups:
        for parameter in group["params"]:
            name = names.get(id(parameter), f"parameter_{position}")
            position += 1
            state = optimizer.state.get(parameter) or {}
            for kept in states.read(state, parameter, group) or []:
                yield Entry(name, tuple(parameter.shape), kept)


def _names(model: Any) -> Dict[int, str]:
    if model is None:
        return {}
    if hasattr(model, "named_parameters"):
        model = model.named_parameters()
    return {id(parameter): name for name, parameter in (model.items() if isinstance(model, Mapping) else model)}


def _plain(matrices: Mapping[str, Any]) -> Iterator[Entry]:
    for name, value in matrices.items():
        kept = list(_sides(str(name), value))
        shape = tuple(max((one.matrix.shape[-1] for one in kept if one.side == side), default=0) for side in ("left", "right"))
        for one in kept:
            yield Entry(str(name), shape, one)


def _sides(name: str, value: Any) -> Iterator[Kept]:
    if is_array(value):
        value = [value]
    if isinstance(value, Mapping):
        unknown = [key for key in value if key not in ("left", "right")]
        if unknown:
            raise ValueError(f"{name}: {unknown[0]!r} is no side; sides are left and right")
        value = [value.get("left"), value.get("right")]
    if not isinstance(value, (list, tuple)):
        raise TypeError(f"{name}: {type(value).__name__} is neither a matrix nor a list or dict of its sides")
    for part in value:
        if part is not None and len(getattr(part, "shape", part)) > 0 and not is_matrix(part):
            raise ValueError(f"{name}: {_described(part)}; a statistic is square, or a stack of square ones")
    yield from per_dimension(value)


def _described(value: Any) -> str:
    return f"its shape is {tuple(value.shape)}" if is_array(value) else f"{type(value).__name__} is no matrix"


def _why_nothing(optimizer: Any) -> str:
    if isinstance(optimizer, Mapping):
        return "there is no matrix in the dict"
    name = type(optimizer).__name__
    if not any(optimizer.state.values()):
        return f"{name} has no state yet: take a step first"
    keys = sorted({str(key) for state in optimizer.state.values() for key in state})
    return (
        f"no statistic that is known is in the state of {name}, which has {', '.join(keys[:12])}; give the matrices themselves: "
        'dump({"layer.weight": [L, R]}, None, path, step)'
    )
