"""Keyword arguments as the program's options."""

from __future__ import annotations

import os
from typing import Any, Iterator, List, Mapping


def options(arguments: Mapping[str, Any]) -> List[str]:
    """The command line of keyword arguments.

    `root_bits=4` is `--root-bits=4`; True is a flag; False and None are left out; each value of a list is an option of its own.
    """
    return [word for name, value in arguments.items() for word in _option("--" + name.strip("_").replace("_", "-"), value)]


def _option(name: str, value: Any) -> Iterator[str]:
    if value is None or value is False:
        return
    if value is True:
        yield name
    elif isinstance(value, (str, os.PathLike)):
        # In one word: a value that begins with a dash is no option.
        yield f"{name}={os.fspath(value)}"
    elif hasattr(value, "__iter__"):
        for one in value:
            if isinstance(one, bool) or one is None or (hasattr(one, "__iter__") and not isinstance(one, (str, os.PathLike))):
                raise TypeError(f"{name.lstrip('-')}: {one!r} is no value of a list")
            yield from _option(name, one)
    else:
        # NumPy's numbers spell themselves otherwise than Python's.
        yield f"{name}={value.item() if hasattr(value, 'item') else value}"
