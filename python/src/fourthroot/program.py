"""Where the program is, and how it is run."""

from __future__ import annotations

import functools
import importlib.metadata
import os
import pathlib
import re
import signal
import subprocess
import sys
import warnings
from typing import Mapping, Optional, Sequence

from .errors import FourthRootWarning, ProgramNotFoundError, error

BUNDLED = pathlib.Path(__file__).resolve().parent / "program" / "bin" / "fourthroot"


def version() -> str:
    """The version of this package."""
    try:
        return importlib.metadata.version("fourthroot")
    except importlib.metadata.PackageNotFoundError:
        return "0+unknown"


def _is_script(path: str) -> bool:
    """Whether a file is interpreted: a command `fourthroot` of a Python environment would call this package again."""
    with open(path, "rb") as file:
        return file.read(2) == b"#!"


def find_program() -> str:
    """The path of the program: FOURTHROOT_PROGRAM, else that of the wheel, else the first `fourthroot` of PATH.

    Raises:
        ProgramNotFoundError: there is none.
    """
    named = os.environ.get("FOURTHROOT_PROGRAM")
    if named:
        if os.access(named, os.X_OK) and not os.path.isdir(named):
            return named
        raise ProgramNotFoundError(f"FOURTHROOT_PROGRAM names no program: {named}")
    if os.access(BUNDLED, os.X_OK):
        return str(BUNDLED)
    for folder in os.get_exec_path():
        path = os.path.join(folder, "fourthroot")
        if os.path.isfile(path) and os.access(path, os.X_OK) and not _is_script(path):
            return path
    raise ProgramNotFoundError(
        "the program fourthroot is not here: install the wheel that scripts/build-wheel makes, put the program on PATH "
        "(scripts/install PREFIX), or name it in FOURTHROOT_PROGRAM"
    )


def environment() -> Mapping[str, str]:
    """The environment of the program: this Python writes its Parquet files."""
    return {"FOURTHROOT_PYTHON": sys.executable or "python3", **os.environ}


def execute(arguments: Sequence[str], *, input: Optional[bytes] = None, progress: bool = False) -> bytes:
    """Runs the program and returns what it has written to standard output.

    What it says on standard error becomes the text of an exception, or a warning where it succeeds; with `progress` it goes to
    standard error as it comes.

    Raises:
        FourthRootError: of the subclass that its exit status says.
    """
    process = subprocess.Popen(
        [find_program(), *arguments],
        stdin=subprocess.PIPE if input is not None else subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=None if progress else subprocess.PIPE,
        env=environment(),
    )
    try:
        output, said = process.communicate(input)
    except KeyboardInterrupt:
        # The terminal has told the program, too; where it has not, it is told here. It leaves what can be resumed.
        process.send_signal(signal.SIGINT)
        process.wait()
        raise
    text = (said or b"").decode("utf-8", "replace").strip()
    if process.returncode != 0:
        raise error(process.returncode, re.sub(r"^(fourthroot: )?error: ", "", text))
    if text:
        warnings.warn(text, FourthRootWarning, stacklevel=3)
    return output


@functools.lru_cache(maxsize=None)
def program_version() -> str:
    """What `fourthroot --version` says: the versions of the program and of its libraries."""
    return execute(["--version"]).decode("utf-8").strip()
