#!/usr/bin/env python3
"""The study's grids `table1` and `figure6` as a user of NumPy writes them: the other side of scripts/benchmark-study.

    study_numpy.py INPUT.h5 --preset table1|figure6 > rows.csv

One eigendecomposition of A serves every case; for figure6 the decoded eigenvectors serve every τ. The seconds without
the imports and the name of the BLAS kernel go to standard error.
"""
import argparse
import csv
import ctypes
import sys
import time

import h5py
import numpy as np

COLUMNS = (
    "matrix contraction statistic root codebook bits block rectify nre angle_degrees nre_offdiagonal "
    "angle_offdiagonal_degrees orthogonality_defect minimum_eigenvalue".split()
)


def codebook(name, bits):
    if name == "linear-2":
        u = np.linspace(-1, 1, 2**bits)
        u[2 ** (bits - 1) - 1] = 0
        return (np.sign(u) * u**2).astype(np.float32)
    values = [np.array([0.0, 1.0])]
    for exponent in range(bits - 1):
        ends = np.linspace(0.1, 1, 2 ** (bits - 2 - exponent) + 1)
        middles = (ends[:-1] + ends[1:]) / 2 * 10.0**-exponent
        values += [middles, -middles]
    return np.sort(np.concatenate(values)).astype(np.float32)


def through(matrix, coding):
    """Each row coded in blocks and decoded; a midpoint goes to the even code."""
    name, bits, block = coding
    values = codebook(name, bits)
    middles = (values[1:] + values[:-1]) * np.float32(0.5)
    n = matrix.shape[1]
    blocks = -(-n // block)
    x = np.zeros((len(matrix), blocks * block), np.float32)
    x[:, :n] = matrix
    x = x.reshape(len(matrix), blocks, block)
    maxima = np.abs(x).max(axis=2, keepdims=True)
    x *= np.float32(1) / np.where(maxima > 0, maxima, np.float32(1))
    codes = np.searchsorted(middles, x)
    ties = (codes % 2 == 1) & (middles[np.minimum(codes, len(middles) - 1)] == x)
    return (values[codes + ties] * maxima).reshape(len(matrix), -1)[:, :n].astype(np.float64)


def offdiagonal(matrix, coding):
    """The storage `offdiagonal`: the diagonal apart, in float32."""
    rest = matrix.copy()
    np.fill_diagonal(rest, 0)
    decoded = through(rest, coding)
    np.fill_diagonal(decoded, np.diag(matrix).astype(np.float32))
    return decoded


def power(eigenvalues, vectors):
    return (vectors * np.abs(eigenvalues) ** -0.25) @ vectors.T


def root(matrix):
    eigenvalues, vectors = np.linalg.eigh((matrix + matrix.T) / 2)
    return power(eigenvalues, vectors), eigenvalues[0]


def error_and_angle(x, r):
    norm = np.linalg.norm(r)
    cosine = np.vdot(x, r) / (np.linalg.norm(x) * norm)
    return np.linalg.norm(x - r) / norm, np.degrees(np.arccos(np.clip(cosine, -1, 1)))


def without_diagonal(matrix):
    result = matrix.copy()
    np.fill_diagonal(result, 0)
    return result


def measures(x, r):
    return error_and_angle(x, r) + error_and_angle(without_diagonal(x), without_diagonal(r))


class Study:
    def __init__(self, name, matrix):
        self.name = name
        self.matrix = (matrix + matrix.T) / 2
        self.eigenvalues, vectors = np.linalg.eigh(self.matrix)
        largest = vectors[np.abs(vectors).argmax(axis=0), np.arange(len(vectors))]
        self.vectors = vectors * np.sign(largest)

    def decoded_vectors(self, coding, steps):
        """Blocks lie inside one eigenvector. -> (vectors, max|VᵀV − I|)"""
        v = through(self.vectors.T, coding).T
        for _ in range(steps):
            v = 1.5 * v - 0.5 * v @ (v.T @ v)
        return v, np.abs(v.T @ v - np.eye(len(v))).max()

    def row(self, contraction, statistic, root, coding, rectify, results):
        return [self.name, contraction, statistic, root, *coding, rectify, *results]

    def rows(self, statistic, coding, rectify, x, reference, defect, least):
        """A root kept exactly and kept off the diagonal in few bits."""
        for kind, kept in (("exact", x), ("offdiagonal", offdiagonal(x, coding))):
            results = [*measures(kept, reference), defect, least]
            yield self.row("", statistic, kind, coding, rectify, results)

    def table1(self):
        reference = power(self.eigenvalues, self.vectors)
        for name in ("dynamic-tree", "linear-2"):
            coding = (name, 8, 256)
            x, least = root(offdiagonal(self.matrix, coding))
            yield self.row("", "offdiagonal", "exact", coding, "", [*measures(x, reference), "", least])
            coding = (name, 4, 64)
            x, least = root(offdiagonal(self.matrix, coding))
            yield from self.rows("offdiagonal", coding, "", x, reference, "", least)
            for steps in (0, 1):
                v, defect = self.decoded_vectors(coding, steps)
                x, least = root((v * self.eigenvalues.astype(np.float32)) @ v.T)
                yield from self.rows("eigenvector", coding, steps, x, reference, defect, least)
            results = [*measures(offdiagonal(reference, coding), reference), "", self.eigenvalues[0]]
            yield self.row("", "exact", "offdiagonal", coding, "", results)

    def figure6(self):
        coding = ("linear-2", 4, 64)
        v, defect = self.decoded_vectors(coding, 1)
        least = self.eigenvalues[0]
        for contraction in range(0, -21, -1):
            t = 2.0**contraction
            eigenvalues = t * (self.eigenvalues - least) + least
            reference = power(eigenvalues, self.vectors)
            x, low = root(offdiagonal(t * self.matrix + (1 - t) * least * np.eye(len(v)), coding))
            yield self.row(contraction, "offdiagonal", "exact", coding, "", [*measures(x, reference), "", low])
            x, low = root((v * eigenvalues.astype(np.float32)) @ v.T)
            yield self.row(contraction, "eigenvector", "exact", coding, 1, [*measures(x, reference), defect, low])


def matrices(path):
    with h5py.File(path, "r") as file:
        names = []
        file.visititems(
            lambda name, item: names.append(name)
            if isinstance(item, h5py.Dataset) and item.ndim == 2 and item.shape[0] == item.shape[1]
            else None
        )
        for name in names:
            yield name, file[name][()].astype(np.float64)


def blas_core():
    """The kernel of the OpenBLAS that NumPy has loaded."""
    try:
        with open("/proc/self/maps") as maps:
            paths = sorted({line.split()[-1] for line in maps if "blas" in line and ".so" in line})
    except OSError:
        return "unknown"
    for path in paths:
        library = ctypes.CDLL(path)
        for symbol in ("openblas_get_corename", "openblas_get_corename64_", "scipy_openblas_get_corename64_"):
            function = getattr(library, symbol, None)
            if function is not None:
                function.restype = ctypes.c_char_p
                return function().decode()
    return "unknown"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("input")
    parser.add_argument("--preset", choices=["table1", "figure6"], required=True)
    arguments = parser.parse_args()
    start = time.perf_counter()
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(COLUMNS)
    for name, matrix in matrices(arguments.input):
        study = Study(name, matrix)
        writer.writerows(study.table1() if arguments.preset == "table1" else study.figure6())
    sys.stdout.flush()
    print(f"seconds {time.perf_counter() - start:.4f}", file=sys.stderr)
    print(f"core {blas_core()}", file=sys.stderr)


if __name__ == "__main__":
    main()
