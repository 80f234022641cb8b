"""Finds the distinct rows of several columns, so that exports format each of them once instead of once per span."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from warploom.timeline.timeline import IntArray


def distinct_rows(columns: Sequence[IntArray]) -> tuple[IntArray, IntArray]:
    """(position of each distinct row's first occurrence, number of the distinct row of each row).

    Rows are told apart by a 64-bit hash, which takes one sort whatever the number of columns; should two different
    rows ever share one, they are sorted column by column instead.

    Args:
        columns: int, all (n,).
    """
    if not columns or not len(columns[0]):
        none = np.zeros(0, dtype=np.int64)
        return none, none
    hashes = np.zeros(len(columns[0]), dtype=np.uint64)
    for column in columns:
        hashes = _mixed(hashes + column.astype(np.int64).view(np.uint64))
    _, first, number = np.unique(hashes, return_index=True, return_inverse=True)
    if all(bool((column == column[first][number]).all()) for column in columns):
        return first, number
    _, first, number = np.unique(np.stack(columns, axis=1), axis=0, return_index=True, return_inverse=True)
    return first, number.ravel()


def _mixed(values: np.typing.NDArray[np.uint64]) -> np.typing.NDArray[np.uint64]:
    """The finalizer of SplitMix64 (Steele, Lea and Flood, 2014): every bit of the input changes half of the output."""
    values = values + np.uint64(0x9E3779B97F4A7C15)
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(values ^ (values >> np.uint64(31)), dtype=np.uint64)
