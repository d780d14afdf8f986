"""The file of a dump: what is in it, and what is left of it when its writer dies."""

import os
import random
import signal
import subprocess
import sys
import textwrap
import time

import h5py
import numpy
import pytest

import fourthroot


def matrix(step, order=6):
    """Values that say which step they are of."""
    return numpy.full((order, order), float(step + 1), numpy.float32)


def steps(path):
    with h5py.File(path, "r") as file:
        return {name: file[f"steps/{name}/w/0_0/left/statistic"][()] for name in file["steps"]}


def append(path, step, **options):
    return fourthroot.dump({"w": [matrix(step), None]}, None, path, step, **options)


def test_one_step_is_one_file_of_the_form_of_a_training(tmp_path):
    path = tmp_path / "dump.h5"
    count = fourthroot.dump({"a.weight": {"left": matrix(0), "right": matrix(1, 4)}}, None, path, 7)
    assert count == 2
    assert os.listdir(tmp_path) == ["dump.h5"]
    with h5py.File(path, "r") as file:
        assert file.attrs["format"] == "fourthroot" and file.attrs["format_version"] == 1
        data = file["steps/00000007/a.weight/0_0/right/statistic"]
        assert data.dtype == numpy.float32 and numpy.array_equal(data[()], matrix(1, 4))
        assert data.attrs["side"] == "right" and list(data.attrs["parameter_shape"]) == [6, 4]
        assert data.compression == "gzip" and data.shuffle


def test_steps_add_up_and_become_one_file(tmp_path):
    path = tmp_path / "dump.h5"
    for step in (3, 1, 200):
        append(path, step)
    expected = {f"{step:08d}": matrix(step) for step in (1, 3, 200)}
    before = steps(path)
    fourthroot.join(path)
    assert os.listdir(tmp_path) == ["dump.h5"]
    append(path, 5)
    after = steps(path)
    for found in (before, {name: after[name] for name in expected}):
        assert found.keys() == expected.keys()
        assert all(numpy.array_equal(found[name], values) for name, values in expected.items())
    assert numpy.array_equal(after["00000005"], matrix(5))
    fourthroot.join(path)
    assert sorted(steps(path)) == ["00000001", "00000003", "00000005", "00000200"]


def test_a_step_that_is_there_is_replaced_only_on_request(tmp_path):
    path = tmp_path / "dump.h5"
    append(path, 1)
    append(path, 2)
    for step in (1, 2):
        with pytest.raises(FileExistsError, match=f"step {step} is there already"):
            fourthroot.dump({"w": [matrix(70), None]}, None, path, step)
        fourthroot.dump({"w": [matrix(70 + step), None]}, None, path, step, replace=True)
    fourthroot.join(path)
    assert {name: values[0, 0] for name, values in steps(path).items()} == {"00000001": 72.0, "00000002": 73.0}


def test_other_files_are_left_alone(tmp_path):
    path = tmp_path / "other.h5"
    with h5py.File(path, "w") as file:
        file["mine"] = [1]
    with pytest.raises(ValueError, match="no dump"):
        append(path, 1)
    with h5py.File(path, "r") as file:
        assert list(file) == ["mine"]
    assert os.listdir(tmp_path) == ["other.h5"]


def test_a_failing_step_leaves_the_dump_as_it_was(tmp_path):
    path = tmp_path / "dump.h5"
    append(path, 1)
    with pytest.raises(TypeError):
        # HDF5 has no type for it.
        fourthroot.dump({"w": numpy.full((2, 2), object())}, None, path, 2)
    assert list(steps(path)) == ["00000001"]
    assert os.listdir(tmp_path) == ["dump.h5"]


@pytest.mark.parametrize(
    "wrong, message",
    [
        ({"w": numpy.zeros((2, 3))}, r"w: its shape is \(2, 3\)"),
        ({"w": {"top": numpy.eye(2)}}, "'top' is no side"),
        ({}, "no matrix"),
        ({"w": [None, []]}, "no matrix"),
    ],
)
def test_what_is_no_statistic_is_refused_by_name(tmp_path, wrong, message):
    with pytest.raises(ValueError, match=message):
        fourthroot.dump(wrong, None, tmp_path / "dump.h5", 1)
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("step", [-1, 1.5, True, "1"])
def test_a_step_is_a_whole_number(tmp_path, step):
    with pytest.raises(ValueError, match="whole number"):
        fourthroot.dump({"w": matrix(0)}, None, tmp_path / "dump.h5", step)


def test_two_processes_do_not_write_one_dump(tmp_path):
    import fcntl

    path = tmp_path / "dump.h5"
    append(path, 1)
    folder = tmp_path / "dump.h5.steps"
    folder.mkdir()
    descriptor = os.open(folder, os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    with pytest.raises(BlockingIOError, match="another process"):
        append(path, 2)
    os.close(descriptor)
    append(path, 2)
    assert len(steps(path)) == 2


WRITER = textwrap.dedent(
    """
    import sys
    import numpy, fourthroot
    path = sys.argv[1]
    step = int(sys.argv[2])
    while True:
        values = numpy.full((200, 200), float(step + 1), numpy.float32)
        fourthroot.dump({"w": [values, None]}, None, path, step, replace=True)
        if step % 5 == 4:
            fourthroot.join(path)
        print(step, flush=True)
        step += 1
    """
)


def test_a_kill_at_any_moment_leaves_the_steps_before(tmp_path):
    path = tmp_path / "dump.h5"
    done, moments = -1, random.Random(1)
    for _ in range(6):
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(path), str(done + 1)], stdout=subprocess.PIPE, text=True
        )
        # At least one step of this writer, then a moment anywhere in the next ones.
        said = [writer.stdout.readline()]
        time.sleep(moments.random() * 0.05)
        writer.send_signal(signal.SIGKILL)
        said += writer.stdout.readlines()
        writer.wait()
        done = int(said[-1])
        found = steps(path)
        # The step after the last one that was reported may be there, whole.
        assert sorted(found) in ([f"{step:08d}" for step in range(count)] for count in (done + 1, done + 2))
        assert all((values == float(int(name) + 1)).all() for name, values in found.items())
