"""What functions take as input, as files that the program reads."""

from __future__ import annotations

import contextlib
import os
import pathlib
import tempfile
import zipfile
from typing import Any, Iterator, List, Optional, Tuple

from .tensors import is_array, matrices

# What the column `source` says of matrices that were in memory.
MEMORY = "memory"


def _is_path(value: Any) -> bool:
    return isinstance(value, (str, os.PathLike))


def write_npz(path: pathlib.Path, value: Any) -> None:
    """Writes matrices under any names; `numpy.savez` has no room for some."""
    import numpy

    names = set()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name, array in matrices(value):
            if name in names:
                raise ValueError(f"two matrices have the name {name!r}")
            names.add(name)
            with archive.open(f"{name}.npy", "w", force_zip64=True) as file:
                numpy.lib.format.write_array(file, numpy.ascontiguousarray(array), allow_pickle=False)
    if not names:
        raise ValueError("there is no matrix in the input")


@contextlib.contextmanager
def as_files(value: Any) -> Iterator[Tuple[List[str], Optional[str]]]:
    """Paths of the input, and that of the temporary file among them that holds what was in memory."""
    if _is_path(value):
        yield [os.fspath(value)], None
    elif isinstance(value, (list, tuple)) and value and all(map(_is_path, value)):
        yield [os.fspath(path) for path in value], None
    elif is_array(value) or isinstance(value, (dict, list, tuple)):
        with tempfile.TemporaryDirectory(prefix="fourthroot-") as folder:
            path = pathlib.Path(folder) / "matrices.npz"
            write_npz(path, value)
            yield [str(path)], str(path)
    else:
        raise TypeError(
            f"the input is a {type(value).__name__}; give an array, a tensor, a dict of them, a path or a list of paths"
        )
