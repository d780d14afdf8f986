"""HeavyBall: states by the index of a view of the parameter, names with the transform's before and its position after, stacks.

`{0: {"scale_by_soap_GG_3": [(k, m, m), (k, n, n)], …}}`: statistics are called GG as in SOAP, one of several views of a parameter
is a block of it, and so is one of a stack.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any, List, Mapping, Optional

from .kept import Kept, count, per_dimension

NAME = re.compile(r"(.*_)?GG(_\d+)?")


def read(state: Mapping[Any, Any], parameter: Any, group: Mapping[str, Any]) -> Optional[List[Kept]]:
    views = {index: view for index, view in state.items() if isinstance(index, int) and isinstance(view, Mapping)}
    found = [
        (view, value)
        for _, view in sorted(views.items())
        for name, value in view.items()
        if isinstance(name, str) and NAME.fullmatch(name) and isinstance(value, (list, tuple))
    ]
    if not found:
        return None
    # One counter serves all parameters, and stands in one's state.
    updates = count(next((view["step"] for view, _ in found if "step" in view), None))
    return [
        replace(kept, column=column)
        for column, (_, matrices) in enumerate(found)
        for kept in per_dimension(matrices, updates=updates)
    ]
