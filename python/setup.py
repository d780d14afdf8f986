"""Takes the version from where the program has its own, or, in a source distribution, from its metadata."""

import pathlib
import re

from setuptools import setup

HERE = pathlib.Path(__file__).resolve().parent
PLACES = [
    (HERE.parent / "Sources/fourthroot/version.swift", r'(?m)^let version = "(.*)"$'),
    (HERE / "PKG-INFO", r"(?m)^Version: (.*)$"),
]


def version():
    for path, pattern in PLACES:
        if path.exists():
            return re.search(pattern, path.read_text(encoding="utf-8")).group(1)
    raise RuntimeError(f"no version: neither {PLACES[0][0]} nor {PLACES[1][0]} is there")


setup(version=version())
