"""The program's commands as functions."""

from __future__ import annotations

import contextlib
import os
import pathlib
import tempfile
from typing import Any, Dict, List, Optional, Sequence

from . import tables
from .arguments import options as command_line
from .errors import FourthRootError
from .inputs import MEMORY, as_files
from .program import execute

read = tables.read


def run(*words: Any, progress: bool = False, **options: Any) -> str:
    """Runs any command of the program and returns what it has written to standard output.

    >>> fourthroot.run("inspect", "dump.h5")
    """
    return execute([*map(os.fspath, words), *command_line(options)], progress=progress).decode("utf-8")


def table(command: str, source: Any = None, *, progress: bool = False, output: Optional[Any] = None, **options: Any):
    """Runs a command that writes a table, such as `spectrum`, `recode` or `memory`, and returns the table as a DataFrame.

    Args:
        command: the command, a word or several.
        source: matrices (an array or tensor, or a dict, list or stack of them), a path, or a list of paths.
        progress: whether the program's progress, notes and closing line go to standard error.
        output: a file that keeps the table; its ending says the form.
        options: the command's options. `bits=[4, 8]` is `--bits=4 --bits=8`, and `no_cache=True` is `--no-cache`.

    Raises:
        FourthRootError: of the subclass that the exit status says; `result` is the table where one was written.
    """
    if "format" in options:
        raise TypeError("format: a table comes back as a DataFrame; the ending of output says the form of the file")
    with contextlib.ExitStack() as stack:
        paths, temporary = stack.enter_context(as_files(source)) if source is not None else ([], None)
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="fourthroot-"))
        path = pathlib.Path(output) if output is not None else pathlib.Path(folder) / "table.csv"
        words = [*command.split(), *paths, *command_line(options), f"--output={path}"]
        if not progress:
            words.append("--quiet")
        # Where the program fails, only what it has written since counts.
        before = _stamp(path)
        try:
            execute(words, progress=progress)
        except FourthRootError as failure:
            if _stamp(path) != before:
                failure.result = _named(tables.read(path), temporary)
            raise
        return _named(tables.read(path), temporary)


def _stamp(path: pathlib.Path):
    try:
        status = path.stat()
        return status.st_ino, status.st_mtime_ns
    except FileNotFoundError:
        return None


def _named(frame, temporary: Optional[str]):
    """The table without the name of a file that is gone."""
    if temporary is not None and "source" in frame:
        frame["source"] = frame["source"].mask(frame["source"] == temporary, MEMORY)
    return frame


def study(source: Any, *, progress: bool = False, output: Optional[Any] = None, **options: Any):
    """Puts matrices through storages and returns a row for every matrix and case.

    >>> fourthroot.study({"left": L, "right": R}, statistic=["eigenvector", "householder"], bits=[4, 8])
    >>> fourthroot.study("dump.h5", preset="pareto", output="pareto.csv")

    Arguments are those of `table`; options are those of `fourthroot study`, whose default grid runs where none is given.
    """
    if source is None:
        raise TypeError("the input is None; give an array, a tensor, a dict of them, a path or a list of paths")
    return table("study", source, progress=progress, output=output, **options)


def columns(subject: Any = None):
    """What the columns of a file, or of the tables of a command, say: a row a column."""
    words = [] if subject is None else [os.fspath(subject)]
    return tables.parse(execute(["columns", *words, "--format=csv", "--quiet"]))


def quantize(
    source: Any, *, matrix: str = "matrix", codebook: str = "linear-2", bits: int = 4, block: int = 64
) -> Dict[str, Any]:
    """Codes a matrix along its rows: an array or a tensor, or the one that `matrix` names in a dict or a file.

    Returns:
        arrays by name: `codes` (uint8, a code a byte), `packed` (uint8), `block_maxima`, `codebook` and `decoded` (float32).
    """
    import h5py

    with as_files(source) as (paths, _), tempfile.TemporaryDirectory(prefix="fourthroot-") as folder:
        path = pathlib.Path(folder) / "coded.h5"
        execute(
            ["quantize", *paths]
            + command_line({"matrix": matrix, "codebook": codebook, "bits": bits, "block": block, "output": path})
        )
        with h5py.File(path, "r") as file:
            return {name: file[name][()] for name in file if isinstance(file[name], h5py.Dataset)}


def recommend(
    source: Any,
    *,
    nre: Optional[float] = None,
    bits_per_entry: Optional[float] = None,
    bytes: Optional[int] = None,
    output: Optional[Any] = None,
    progress: bool = False,
    **options: Any,
) -> str:
    """Finds for every matrix the storages that a target error, or a budget of bits or bytes, asks for.

    Returns:
        the plan in YAML, as `fourthroot train --storage-plan` takes it; `output` keeps it.
    """
    with as_files(source) as (paths, _), tempfile.TemporaryDirectory(prefix="fourthroot-") as folder:
        path = pathlib.Path(output) if output is not None else pathlib.Path(folder) / "plan.yaml"
        targets = {"nre": nre, "bits_per_entry": bits_per_entry, "bytes": bytes}
        words = ["recommend", *paths, *command_line({**targets, **options}), f"--output={path}"]
        execute(words if progress else [*words, "--quiet"], progress=progress)
        return path.read_text(encoding="utf-8")


def report(*results: Any, output: Any, **options: Any) -> pathlib.Path:
    """Makes one HTML page of tables: DataFrames, and paths of CSV files, of studies and logs of trainings.

    Returns:
        the page's path.
    """
    with tempfile.TemporaryDirectory(prefix="fourthroot-") as folder:
        paths: List[str] = []
        for index, result in enumerate(_flat(results), 1):
            if hasattr(result, "to_csv"):
                path = pathlib.Path(folder) / f"table-{index}.csv"
                path.write_bytes(tables.text(result))
                paths.append(str(path))
            else:
                paths.append(os.fspath(result))
        execute(["report", *paths, *command_line(options), f"--output={os.fspath(output)}"])
    return pathlib.Path(output)


def _flat(values: Sequence[Any]) -> List[Any]:
    return [one for value in values for one in (value if isinstance(value, (list, tuple)) else [value])]
