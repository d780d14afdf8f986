"""The file of a dump as it grows, in the form in which the program's trainings keep theirs.

A dump of one step is one file. From the second step on, DUMP.h5 is a small file whose `/steps/<8 digits>` are external links into
the folder DUMP.h5.steps, which holds a file a step. Every one of these appears whole, by a rename, and is never changed: nobody who
reads is in the way, and a process that is killed at any moment leaves a dump that reads.
"""

from __future__ import annotations

import contextlib
import datetime
import json
import os
import pathlib
import re
from dataclasses import dataclass
from typing import Any, Dict, Iterator, List, Sequence, Tuple

from .program import version
from .states.kept import Kept
from .tensors import numpy_array

PART = re.compile(r"(through-)?\d{8,}\.h5")
FOLDER_ATTRIBUTE = "steps_folder"


@dataclass(frozen=True)
class Entry:
    """A matrix, and the parameter that it is of."""

    parameter: str
    shape: Tuple[int, ...]
    kept: Kept

    @property
    def group(self) -> str:
        return f"{self.parameter}/{self.kept.row}_{self.kept.column}/{self.kept.side}"


class DumpFile:
    def __init__(self, path: Any, optimizer: Any):
        self.path = pathlib.Path(path)
        self.folder = self.path.with_name(self.path.name + ".steps")
        self.optimizer = optimizer

    def append(self, step: int, entries: Sequence[Entry], replace: bool) -> None:
        """Adds a step, whole or not at all."""
        name = f"{step:08d}"
        with self._claimed():
            steps, attributes = self._steps()
            if name in steps and not replace:
                raise FileExistsError(f"{self.path}: step {step} is there already; replace=True writes it anew")
            if not steps:
                self._write(self.path, attributes, lambda file: _write_step(file, name, entries))
                return
            self._write(self.folder / f"{name}.h5", attributes, lambda file: _write_step(file, name, entries))
            self._take_joined(steps)
            self._link({**steps, name: f"{name}.h5"}, attributes)

    def join(self) -> None:
        """Makes one file of all steps."""
        import h5py

        with self._claimed():
            steps, attributes = self._steps()
            if any(steps.values()):
                self._take_joined(steps)

                def copy(file: Any) -> None:
                    for name, part in sorted(steps.items()):
                        with h5py.File(self.folder / part, "r") as source:
                            source.copy(f"steps/{name}", file.require_group("steps"))

                self._write(self.path, attributes, copy)
            for part in self._parts():
                (self.folder / part).unlink()

    # The folder is locked as the program locks it. Its owner removes it, where it is empty, before it gives back the lock.
    @contextlib.contextmanager
    def _claimed(self) -> Iterator[None]:
        import fcntl

        while True:
            self.folder.mkdir(exist_ok=True)
            descriptor = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY)
            try:
                try:
                    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except OSError as failure:
                    raise BlockingIOError(f"{self.path}: another process is writing this dump") from failure
                try:
                    if not os.path.samestat(os.fstat(descriptor), os.stat(self.folder)):
                        continue
                except FileNotFoundError:
                    continue
                for left in self.folder.glob("*.partial"):
                    left.unlink()
                try:
                    yield
                finally:
                    with contextlib.suppress(OSError):
                        self.folder.rmdir()
                return
            finally:
                os.close(descriptor)

    def _parts(self) -> List[str]:
        return sorted(name for name in os.listdir(self.folder) if PART.fullmatch(name))

    def _steps(self) -> Tuple[Dict[str, str], Dict[str, Any]]:
        """The name of the file of each step, empty for the dump itself, and the attributes of the root."""
        import h5py

        steps: Dict[str, str] = {}
        attributes = _root_attributes(self.optimizer)
        # Those of one step last: they replace what an earlier whole has.
        for part in reversed(self._parts()):
            with h5py.File(self.folder / part, "r") as file:
                steps.update((name, part) for name in file.get("steps", ()))
        if self.path.exists():
            with h5py.File(self.path, "r") as file:
                if file.attrs.get("format") != "fourthroot":
                    raise ValueError(f"{self.path} is no dump of this package; give another path")
                attributes = dict(file.attrs)
                if attributes.pop(FOLDER_ATTRIBUTE, None) is None:
                    for name in file.get("steps", ()):
                        steps.setdefault(name, "")
        return steps, attributes

    def _take_joined(self, steps: Dict[str, str]) -> None:
        """Makes a part of the file that holds steps so far. It stays readable under its own name until links replace it."""
        held = [name for name, part in steps.items() if not part]
        if not held:
            return
        part = f"through-{max(held)}.h5"
        target = self.folder / part
        target.unlink(missing_ok=True)
        try:
            os.link(self.path, target)
        except OSError:
            # Not every file system has hard links.
            import shutil

            shutil.copyfile(self.path, self.folder / "copy.partial")
            os.replace(self.folder / "copy.partial", target)
        for name in held:
            steps[name] = part

    def _link(self, steps: Dict[str, str], attributes: Dict[str, Any]) -> None:
        import h5py

        def links(file: Any) -> None:
            file.attrs[FOLDER_ATTRIBUTE] = self.folder.name
            group = file.create_group("steps")
            for name, part in sorted(steps.items()):
                group[name] = h5py.ExternalLink(f"{self.folder.name}/{part}", f"/steps/{name}")

        self._write(self.path, attributes, links)

    def _write(self, path: pathlib.Path, attributes: Dict[str, Any], body: Any) -> None:
        """Writes a file that appears whole: it is on the disk before it has its name."""
        import h5py

        new = self.folder / f"{path.name}.partial"
        try:
            with h5py.File(new, "w") as file:
                file.attrs.update(attributes)
                body(file)
            _synchronize(new)
            os.replace(new, path)
        finally:
            new.unlink(missing_ok=True)
        _synchronize(path.parent)


def _synchronize(path: pathlib.Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _root_attributes(optimizer: Any) -> Dict[str, Any]:
    kind = type(optimizer)
    return {
        "format": "fourthroot",
        "format_version": 1,
        "producer": f"fourthroot for Python {version()}",
        "created": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "configuration": json.dumps({"optimizer": f"{kind.__module__}.{kind.__qualname__}"}),
    }


def _write_step(file: Any, name: str, entries: Sequence[Entry]) -> None:
    import numpy

    step = file.create_group(f"steps/{name}")
    for entry in entries:
        values = numpy_array(entry.kept.matrix)
        data = step.create_dataset(
            f"{entry.group}/{entry.kept.kind}", data=values, chunks=True, shuffle=True, compression="gzip", compression_opts=4
        )
        data.attrs["parameter_shape"] = numpy.array(entry.shape, dtype=numpy.int64)
        data.attrs["side"] = entry.kept.side
        data.attrs["storage"] = "exact"
        # A study leaves out what has seen nothing: zeros, where the optimizer has no count.
        updates = entry.kept.updates if entry.kept.updates is not None else None if values.any() else 0
        if updates is not None:
            data.attrs["updates"] = updates
