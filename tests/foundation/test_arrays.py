"""Segment sums and ragged ranges against plain loops."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.foundation.arrays import distinct, expand_ranges, segment_sums
from seawall.foundation.errors import InputError

ROWS = st.lists(
    st.tuples(st.floats(min_value=-1e12, max_value=1e12, allow_nan=False), st.integers(0, 6)),
    max_size=60,
)


def one_by_one(values: list[float], segment: list[int], count: int) -> list[float]:
    total = [0.0] * count
    for value, place in zip(values, segment, strict=True):
        total[place] += value
    return total


@given(ROWS)
def test_sums_are_left_to_right_bit_for_bit(rows: list[tuple[float, int]]) -> None:
    values, segment = [v for v, _ in rows], [s for _, s in rows]
    got = segment_sums(np.array(values), np.array(segment, dtype=np.int64), 7)
    assert got.dtype == np.float64
    assert got.tolist() == one_by_one(values, segment, 7)


def test_sums_of_each_path_equal_the_sums_of_that_path_alone() -> None:
    rng = np.random.default_rng(4)
    values, segment = rng.normal(size=(5, 400)), rng.integers(0, 30, 400)
    together = segment_sums(values, segment, 31)
    assert together.shape == (5, 31)
    for path in range(5):
        assert np.array_equal(together[path], segment_sums(values[path], segment, 31))


def test_other_rows_do_not_change_a_sum() -> None:
    # What pairwise summation would break: segment 3 alone and among thousands of other rows.
    rng = np.random.default_rng(8)
    values, segment = rng.normal(size=20_000) * 1e6, rng.integers(0, 5, 20_000)
    mine = segment == 3
    alone = segment_sums(values[mine], segment[mine], 5)[3]
    assert segment_sums(values, segment, 5)[3] == alone


def test_segments_without_rows_are_zero() -> None:
    empty = segment_sums(np.zeros(0), np.zeros(0, dtype=np.int64), 3)
    assert empty.tolist() == [0.0, 0.0, 0.0] and empty.dtype == np.float64


@pytest.mark.parametrize("segment", [[0, 3], [-1, 0]])
def test_a_segment_outside_is_refused(segment: list[int]) -> None:
    with pytest.raises(InputError, match="segment numbers run from"):
        segment_sums(np.ones(2), np.array(segment), 3)


@given(st.lists(st.tuples(st.integers(0, 1000), st.integers(0, 5)), max_size=30))
def test_ranges_expand_in_order(ranges: list[tuple[int, int]]) -> None:
    starts = np.array([s for s, _ in ranges], dtype=np.int64)
    counts = np.array([c for _, c in ranges], dtype=np.int64)
    owner, index = expand_ranges(starts, counts)
    expected = [(j, s + n) for j, (s, c) in enumerate(ranges) for n in range(c)]
    assert list(zip(owner.tolist(), index.tolist(), strict=True)) == expected


@given(st.lists(st.integers(0, 6), max_size=30))
def test_distinct_numbers_are_those_of_a_sort(numbers: list[int]) -> None:
    column = np.array(numbers, dtype=np.int64)
    expected = np.unique(column, return_index=True, return_inverse=True)
    for found, wanted in zip(distinct(column, 7), expected, strict=True):
        assert np.array_equal(found, wanted)
