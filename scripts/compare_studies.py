#!/usr/bin/env python3
"""Compares the errors of two study CSVs case by case.

    compare_studies.py ONE.csv OTHER.csv

Prints the largest relative difference and fails where a case is missing or a measure differs by more than 3 % and by
more than 1e-4.
"""
import csv
import sys

CASE = ["matrix", "contraction", "statistic", "root", "codebook", "bits", "block", "rectify"]
MEASURES = ["nre", "angle_degrees", "nre_offdiagonal", "angle_offdiagonal_degrees"]


def case(row):
    contraction = row["contraction"]
    return (row["matrix"], float(contraction) if contraction else None) + tuple(row[name] for name in CASE[2:])


def rows(path):
    with open(path, newline="", encoding="utf-8") as file:
        return {case(row): row for row in csv.DictReader(file)}


def main():
    if len(sys.argv) != 3:
        sys.exit("usage: compare_studies.py ONE.csv OTHER.csv")
    one, other = rows(sys.argv[1]), rows(sys.argv[2])
    if not one or one.keys() != other.keys():
        sys.exit(f"the cases differ: {len(one)} and {len(other)}; not in both: {sorted(map(str, one.keys() ^ other.keys()))[:4]}")
    worst, failures = (0.0, ""), []
    for key, row in one.items():
        for measure in MEASURES:
            a, b = float(row[measure]), float(other[key][measure])
            difference = abs(a - b) / max(abs(a), abs(b), 1e-300)
            worst = max(worst, (difference, f"{measure} of {key}: {a} and {b}"))
            if not (difference <= 0.03 or abs(a - b) <= 1e-4):
                failures.append(f"{measure} of {key}: {a} and {b}")
    print(f"{len(one)} cases agree to {worst[0]:.1e} ({worst[1]})")
    if failures:
        sys.exit("\n".join(failures))


if __name__ == "__main__":
    main()
