"""The version, which the program's sources have, and the wheel's kind, which depends on whether the program is inside."""

import pathlib
import platform
import re

from setuptools import Distribution, setup
from setuptools.command.bdist_wheel import bdist_wheel

HERE = pathlib.Path(__file__).resolve().parent
VERSIONS = [
    (HERE.parent / "Sources/fourthroot/version.swift", r'(?m)^let version = "(.*)"$'),
    (HERE / "PKG-INFO", r"(?m)^Version: (.*)$"),
]


class Package(Distribution):
    """With the program inside, a package for one kind of machine, whatever is Python in it."""

    def has_ext_modules(self):
        return (HERE / "src/fourthroot/program").exists()


class Wheel(bdist_wheel):
    """With the program inside, for any Python 3 on a Linux of this machine's C library or a newer one."""

    def get_tag(self):
        if self.root_is_pure:
            return super().get_tag()
        library = platform.libc_ver()[1].replace(".", "_")
        return "py3", "none", f"manylinux_{library}_{platform.machine()}"


def version():
    for path, pattern in VERSIONS:
        if path.exists():
            return re.search(pattern, path.read_text(encoding="utf-8")).group(1)
    raise RuntimeError(f"no version: neither {VERSIONS[0][0]} nor {VERSIONS[1][0]} is there")


setup(version=version(), distclass=Package, cmdclass={"bdist_wheel": Wheel})
