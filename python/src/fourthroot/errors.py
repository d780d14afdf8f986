"""The program's exit statuses as exceptions, with the program's text."""

from __future__ import annotations

from typing import Optional


class FourthRootWarning(UserWarning):
    """What the program says of a run that has succeeded."""


class FourthRootError(Exception):
    """The program has failed.

    `status` is its exit status and `result` the table that it has written all the same: a study of a whole file that had to leave
    out some of its matrices ends with an error, but has studied the others.
    """

    def __init__(self, text: str, status: Optional[int] = None, result: object = None):
        super().__init__(text)
        self.status = status
        self.result = result


class UsageError(FourthRootError, ValueError):
    """A command or an option is wrong (64)."""


class DataError(FourthRootError, ValueError):
    """The input is wrong: not square, not symmetric, not finite, of a wrong type, or damaged (65)."""


class InputNotFoundError(FourthRootError, FileNotFoundError):
    """There is no such input (66)."""


class DeviceError(FourthRootError):
    """The device that was asked for is not available (69)."""


class InternalError(FourthRootError):
    """A fault of the program's own (70)."""


class OutputError(FourthRootError):
    """The output cannot be created (73)."""


class ReadWriteError(FourthRootError):
    """Reading or writing failed (74)."""


class RunInterruptedError(FourthRootError):
    """The run was interrupted and can be resumed (75)."""


class ProgramNotFoundError(FourthRootError):
    """The package was installed without the program, and there is none on the search path."""


BY_STATUS = {
    64: UsageError,
    65: DataError,
    66: InputNotFoundError,
    69: DeviceError,
    70: InternalError,
    73: OutputError,
    74: ReadWriteError,
    75: RunInterruptedError,
}


def error(status: int, text: str, result: object = None) -> FourthRootError:
    """The exception of an exit status; of a signal, where the status is negative."""
    if status < 0:
        text = text or f"the program was ended by signal {-status}"
    return BY_STATUS.get(status, InternalError)(text or f"the program has ended with status {status}", status, result)
