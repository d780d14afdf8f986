"""The program's tables as DataFrames with the types that the program says its columns have."""

from __future__ import annotations

import functools
import io
import pathlib
from typing import Any, Dict, Tuple

from .program import execute

TYPES = {"text": "string", "integer": "Int64", "number": "float64"}


@functools.lru_cache(maxsize=None)
def _described(header: Tuple[str, ...]) -> Dict[str, str]:
    """The types of the columns of a table, by its header."""
    import csv

    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(header)
    said = execute(["columns", "-", "--format", "csv", "--quiet"], input=text.getvalue().encode())
    return {row["column"]: TYPES[row["type"]] for row in csv.DictReader(io.StringIO(said.decode("utf-8")))}


def _types(header) -> Dict[str, str]:
    from .errors import DataError

    try:
        return _described(tuple(header))
    except DataError:
        # A table of another program: pandas judges by what stands in it.
        return {}


def parse(data: bytes):
    """The DataFrame of a CSV text. An empty field is missing; a matrix that is named NA or nan keeps its name."""
    import pandas

    header = pandas.read_csv(io.BytesIO(data), nrows=0).columns
    # Numbers come back exactly; from pandas 3 on, that is how it reads.
    exact = {"float_precision": "round_trip"} if int(pandas.__version__.split(".")[0]) < 3 else {}
    return pandas.read_csv(io.BytesIO(data), dtype=_types(header), keep_default_na=False, na_values=[""], **exact)


def read(path: Any):
    """Reads a table that the program has written: CSV, TSV, JSON Lines or Parquet, by its ending."""
    import pandas

    path = pathlib.Path(path)
    if path.suffix == ".parquet":
        frame = pandas.read_parquet(path)
    elif path.suffix == ".jsonl":
        frame = pandas.read_json(path, lines=True, precise_float=True)
    elif path.suffix == ".tsv":
        return parse(pandas.read_csv(path, sep="\t", dtype=str, keep_default_na=False).to_csv(index=False).encode())
    else:
        return parse(path.read_bytes())
    # An infinite number is text in JSON.
    return frame.astype(_types(frame.columns))


def text(frame) -> bytes:
    """The CSV text of a DataFrame."""
    return frame.to_csv(index=False).encode("utf-8")
