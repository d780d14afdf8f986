"""What optimizers keep, as statistics and roots with their places.

A layout that is added is a file with a `read` and a line in `READERS`. `read` is told the state of a parameter, the parameter and
its group, and gives what it recognizes as `Kept`, or None where the state is not of its layout; of a layout that has skipped
every side it gives nothing. Layouts are told by what is in a state, so that no optimizer is imported.
"""

from __future__ import annotations

from typing import Any, List, Mapping, Optional

from . import distributed_shampoo, heavyball, preconditioner_object, shampoo, soap
from .kept import Kept

READERS = (distributed_shampoo.read, soap.read, shampoo.read, preconditioner_object.read, heavyball.read)


def read(state: Mapping[Any, Any], parameter: Any, group: Mapping[str, Any]) -> Optional[List[Kept]]:
    """What a parameter's state keeps; None where no layout fits."""
    for reader in READERS:
        kept = reader(state, parameter, group)
        if kept is not None:
            return kept
    return None
