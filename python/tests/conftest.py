"""Tests of the package. Those that run the program need it built: FOURTHROOT_PROGRAM, or a `fourthroot` on PATH."""

import os
import warnings

import numpy
import pytest

import fourthroot

# HeavyBall compiles its steps otherwise, which takes minutes.
os.environ.setdefault("TORCHDYNAMO_DISABLE", "1")


@pytest.fixture(scope="session")
def program():
    try:
        return fourthroot.program.find_program()
    except fourthroot.ProgramNotFoundError as error:
        pytest.skip(str(error))


@pytest.fixture(autouse=True)
def warnings_are_errors():
    with warnings.catch_warnings():
        warnings.simplefilter("error", fourthroot.FourthRootWarning)
        yield


@pytest.fixture
def statistic():
    """A matrix of order 24 with eigenvalues from 1 to 1000."""

    def make(seed=0, order=24):
        basis, _ = numpy.linalg.qr(numpy.random.default_rng(seed).normal(size=(order, order)))
        matrix = (basis * numpy.geomspace(1, 1000, order)) @ basis.T
        return (matrix + matrix.T) / 2

    return make
