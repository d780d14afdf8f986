"""What low-bit storage does to the preconditioners of second-order optimizers.

The package runs the program `fourthroot`: every function is one of its commands, keyword arguments are the command's options with `_`
in the place of `-`, a list gives an option several values, and tables come back as DataFrames. `dump` writes the preconditioners of
a PyTorch optimizer to a file that the program reads.
"""

from .commands import columns, quantize, read, recommend, report, run, study, table
from .dumps import dump, join
from .errors import (
    DataError,
    DeviceError,
    FourthRootError,
    FourthRootWarning,
    InputNotFoundError,
    InternalError,
    OutputError,
    ProgramNotFoundError,
    ReadWriteError,
    RunInterruptedError,
    UsageError,
)
from .program import program_version, version

__version__ = version()

__all__ = [
    "DataError",
    "DeviceError",
    "FourthRootError",
    "FourthRootWarning",
    "InputNotFoundError",
    "InternalError",
    "OutputError",
    "ProgramNotFoundError",
    "ReadWriteError",
    "RunInterruptedError",
    "UsageError",
    "columns",
    "dump",
    "join",
    "program_version",
    "quantize",
    "read",
    "recommend",
    "report",
    "run",
    "study",
    "table",
]
