"""Rows of compiled loops: views where indices follow each other, and whole numbers as floats."""

from __future__ import annotations

import numpy as np
import pytest

from seawall.foundation.rows_kernel import (
    alike_in_a_row,
    copy_row,
    follow_each_other,
    gather_row,
    in_a_row,
    to_float,
)


@pytest.mark.parametrize(
    ("index", "expected"),
    [
        ([0, 1, 2, 3], True),
        ([5], True),
        ([7, 8, 9], True),
        ([], False),
        ([0, 2, 3], False),
        ([2, 1, 0], False),
        # The last is as far from the first as in a row, and those between are not.
        ([0, 2, 1, 3], False),
        ([4, 4, 6], False),
    ],
)
def test_what_is_in_a_row(index: list[int], expected: bool) -> None:
    row = np.array(index, dtype=np.int64)
    assert in_a_row(row) is expected
    assert alike_in_a_row(row, np.full(row.size, 6)) is expected
    if row.size > 1:
        values = np.full(row.size, 6)
        values[-1] = 5
        assert not alike_in_a_row(row, values)


def test_values_at_a_row_may_jump() -> None:
    values = np.array([3, 4, 5, 9, 0])
    assert follow_each_other(values, np.array([0, 1, 2]))
    assert follow_each_other(values, np.array([3]))
    assert not follow_each_other(values, np.array([1, 2, 3]))
    assert not follow_each_other(values, np.array([3, 4]))
    assert not follow_each_other(values, np.array([0, 2]))


def test_whole_numbers_become_floats_exactly() -> None:
    for count in (0, 1, 2, 1_440, 2**31, 2**40 + 7, 2**52 - 1):
        assert to_float(count) == float(count)


def test_rows_are_copied_and_gathered() -> None:
    rng = np.random.default_rng(2)
    for size in (1, 3, 4, 21, 40):
        values, out = rng.normal(size=size), np.zeros(size)
        copy_row(values, out)
        assert np.array_equal(out, values)
        index = rng.integers(0, size, size)
        gather_row(values, index, out)
        assert np.array_equal(out, values[index])
