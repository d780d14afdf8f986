"""The commands as functions, against numbers that NumPy gives."""

import os
import subprocess
import sys
import warnings

import numpy
import pandas
import pytest

import fourthroot
from fourthroot import inputs, tables
from fourthroot.arguments import options

pytestmark = pytest.mark.usefixtures("program")


def test_condition_number_and_bytes_of_an_array(statistic):
    frame = fourthroot.study(statistic(), statistic="offdiagonal", bits=[4, 8], no_cache=True)
    assert list(frame["bits"]) == [4, 8]
    assert set(frame["source"]) == {inputs.MEMORY} and set(frame["matrix"]) == {"matrix"}
    numpy.testing.assert_allclose(frame["condition_number"], 1000, rtol=1e-6)
    # 24 rows of 24 entries, a block maximum a row, the diagonal in float32.
    assert list(frame["statistic_bytes"]) == [24 * 24 * bits // 8 + 4 * 24 + 4 * 24 for bits in (4, 8)]


def test_error_of_a_coded_root_is_what_quantize_gives(statistic):
    matrix = statistic()
    values, vectors = numpy.linalg.eigh(matrix)
    root = (vectors * values**-0.25) @ vectors.T
    coded = fourthroot.quantize(root, codebook="linear-2", bits=4, block=64)
    assert coded["codes"].shape == (24, 24) and coded["codes"].max() < 16 and coded["codebook"].shape == (16,)
    numpy.testing.assert_array_equal(
        coded["decoded"], (coded["codebook"][coded["codes"]] * coded["block_maxima"].reshape(24, 1)).astype(numpy.float32)
    )
    frame = fourthroot.study({"a": matrix}, statistic="exact", root="full", bits=4, no_cache=True)
    error = numpy.linalg.norm(coded["decoded"] - root) / numpy.linalg.norm(root)
    numpy.testing.assert_allclose(frame["nre"], error, rtol=1e-3)


def test_types_of_columns(statistic):
    frame = fourthroot.study({"NA": statistic(), "nan": statistic(1)}, statistic=["exact", "eigenvector"], root="exact", no_cache=True)
    assert set(frame["matrix"]) == {"NA", "nan"}
    assert str(frame["order"].dtype) == "Int64" and str(frame["nre"].dtype) == "float64"
    assert pandas.api.types.is_string_dtype(frame["statistic"].dtype)
    # A plain statistic has no codes: missing, not zero.
    assert frame.loc[frame["statistic"] == "exact", "bits"].isna().all()


def test_dicts_lists_and_stacks(statistic):
    source = {"layer": {"left": statistic(), "right": statistic(1)}, "experts": numpy.stack([statistic(2), statistic(3)])}
    frame = fourthroot.study(source, statistic="full", no_cache=True)
    assert sorted(frame["matrix"]) == ["experts/0", "experts/1", "layer/left", "layer/right"]
    assert sorted(fourthroot.study([statistic(), statistic(1)], statistic="full", no_cache=True)["matrix"]) == ["0", "1"]


def test_a_dump_groups_by_step_parameter_and_side(statistic, tmp_path):
    path = tmp_path / "dump.h5"
    for step in (10, 20):
        fourthroot.dump({"a.weight": [statistic(step), statistic(step + 1, 16)]}, None, path, step)
    frame = fourthroot.study(path, statistic="full", no_cache=True)
    assert sorted(zip(frame["step"], frame["parameter"], frame["side"], frame["order"])) == [
        (10, "a.weight", "left", 24), (10, "a.weight", "right", 16), (20, "a.weight", "left", 24), (20, "a.weight", "right", 16),
    ]
    assert set(frame["source"]) == {str(path)}


def test_outputs_are_kept_and_read_again(statistic, tmp_path):
    output = tmp_path / "errors.csv"
    frame = fourthroot.study(statistic(), statistic="full", output=output, no_cache=True)
    again = fourthroot.read(output)
    pandas.testing.assert_frame_equal(again.drop(columns="source"), frame.drop(columns="source"))
    pandas.testing.assert_frame_equal(tables.parse(tables.text(frame)), frame)
    with pytest.raises(fourthroot.OutputError, match="errors.csv"):
        fourthroot.study(statistic(), statistic="full", output=output, no_cache=True)
    for ending in ("tsv", "jsonl"):
        other = fourthroot.study(statistic(), statistic="full", output=tmp_path / f"errors.{ending}", no_cache=True)
        assert list(other["nre"]) == list(frame["nre"]) and list(other["bits"]) == list(frame["bits"])


@pytest.mark.parametrize(
    "source, arguments, kind, status, text",
    [
        ("absent.h5", {}, fourthroot.InputNotFoundError, 66, "absent.h5"),
        (numpy.ones((3, 4)), {}, fourthroot.DataError, 65, "3"),
        (numpy.eye(4), {"statistic": "eigenvectr"}, fourthroot.UsageError, 64, "eigenvector"),
        (numpy.eye(4), {"statistics": "full"}, fourthroot.UsageError, 64, "statistic"),
    ],
)
def test_errors_are_exceptions_with_the_program_s_text(source, arguments, kind, status, text):
    with pytest.raises(kind, match=text) as caught:
        fourthroot.study(source, no_cache=True, **arguments)
    assert caught.value.status == status and isinstance(caught.value, fourthroot.FourthRootError)


def test_an_error_keeps_what_was_studied_all_the_same(statistic):
    lopsided = numpy.triu(numpy.ones((5, 5)))
    with pytest.raises(fourthroot.DataError, match="lopsided") as caught:
        fourthroot.study({"good": statistic(), "lopsided": lopsided}, statistic="full", no_cache=True)
    assert list(caught.value.result["matrix"]) == ["good"]


def test_other_tables(statistic):
    spectrum = fourthroot.table("spectrum", {"a": statistic()})
    exact = spectrum[spectrum["statistic"] == "exact"]
    numpy.testing.assert_allclose(sorted(set(exact["singular_value"])), numpy.geomspace(1, 1000, 24), rtol=1e-6)
    assert {"column", "type"} <= set(fourthroot.columns("study").columns)
    assert "nre" in set(fourthroot.columns("study")["column"])
    assert fourthroot.run("--version").startswith("fourthroot ")


@pytest.mark.parametrize("form", ["csv", "tsv", "jsonl"])
def test_tables_without_an_input(form, tmp_path):
    values = fourthroot.table("codebook", codebook="linear", bits=3, output=tmp_path / f"codebook.{form}").value
    assert list(values) == pytest.approx([-1, -5 / 7, -3 / 7, 0, 1 / 7, 3 / 7, 5 / 7, 1], rel=1e-6)


def test_the_form_of_a_table_is_not_the_caller_s(statistic):
    with pytest.raises(TypeError, match="output"):
        fourthroot.study(statistic, bits=4, format="jsonl")


def test_options_are_those_of_the_command_line():
    assert options({"bits": [4, 8], "no_cache": True, "quiet": False, "preset": None}) == ["--bits=4", "--bits=8", "--no-cache"]
    assert options({"damping": numpy.float64(1e-6), "contraction": range(-1, 1)}) == [
        "--damping=1e-06", "--contraction=-1", "--contraction=0",
    ]
    with pytest.raises(TypeError, match="bits"):
        options({"bits": [[4]]})


@pytest.mark.parametrize("wrong", [3, None, object()])
def test_what_is_no_input_is_a_type_error(wrong):
    with pytest.raises(TypeError, match="input"):
        fourthroot.study(wrong)


def test_the_command_is_the_program(program):
    def said(*words):
        return subprocess.run([*words], stdout=subprocess.PIPE, env={**os.environ, "FOURTHROOT_PROGRAM": program}, check=True).stdout

    assert said(sys.executable, "-m", "fourthroot", "--version") == said(program, "--version")
    wrong = subprocess.run([sys.executable, "-m", "fourthroot", "stduy"], stderr=subprocess.PIPE, env={**os.environ, "FOURTHROOT_PROGRAM": program})
    assert wrong.returncode == 64


def test_torch_tensors(statistic):
    torch = pytest.importorskip("torch")
    tensor = torch.tensor(statistic()).to(torch.bfloat16)
    tensor = (tensor + tensor.T) / 2
    frame = fourthroot.study({"w": torch.nn.Parameter(tensor)}, statistic="full", no_cache=True)
    values = numpy.linalg.eigvalsh(tensor.double().numpy())
    numpy.testing.assert_allclose(frame["condition_number"], abs(values).max() / abs(values).min(), rtol=1e-6)


def test_a_recommendation_meets_its_target(statistic, tmp_path):
    path = tmp_path / "dump.h5"
    fourthroot.dump({"a.weight": [statistic(), statistic(1, 16)]}, None, path, 10)
    output = tmp_path / "plan.yaml"
    plan = fourthroot.recommend(path, nre=0.05, output=output, no_cache=True)
    assert "a.weight" in plan and output.read_text(encoding="utf-8") == plan
    with pytest.raises(fourthroot.UsageError):
        fourthroot.recommend(path, no_cache=True)


def test_a_report_is_one_page(statistic, tmp_path):
    errors = fourthroot.study({"layer <b>": statistic()}, statistic=["full", "eigenvector"], no_cache=True)
    with warnings.catch_warnings():
        # Without the chart library the program says that figures do not move.
        warnings.simplefilter("ignore", fourthroot.FourthRootWarning)
        page = fourthroot.report(errors, output=tmp_path / "report.html", title="Mine")
    text = page.read_text(encoding="utf-8")
    assert text.lower().startswith("<!doctype html>") and "<title>Mine" in text and "layer <b>" not in text
