"""Compiled rows: part of a row as a view where its indices follow each other, else as a copy.

Mechanisms of a venue act on its feeds, which nearly always follow each other: then a loop over
them reads memory in one piece and becomes vector code.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from seawall.foundation.compiled import record_helper, row_helper

Array = np.ndarray[Any, Any]


@row_helper
def count_gaps(index: Array) -> int:
    """How many indices (n,) do not follow the one before."""
    count = np.int64(0)
    for n in range(index.size):
        count += np.int64(index[n] != index[0] + n)
    return int(count)


@row_helper
def count_unlike(index: Array, values: Array) -> int:
    """The same, or stand beside another value (n,) than the first."""
    count = np.int64(0)
    for n in range(index.size):
        count += np.int64((index[n] != index[0] + n) | (values[n] != values[0]))
    return int(count)


@record_helper
def in_a_row(index: Array) -> bool:
    """Whether indices (n,), at least one, follow each other without a gap."""
    return index.size > 0 and count_gaps(index) == 0


@record_helper
def alike_in_a_row(index: Array, values: Array) -> bool:
    """The same, with one value (n,) for all."""
    return index.size > 0 and count_unlike(index, values) == 0


@record_helper
def choose(first: bool, one: float, other: float) -> float:
    """One number or the other, to be stored where the other stands; neither is -0.

    A store of what is there already becomes a store under a mask, which some processors (AMD) do
    far slower than a whole one. The compiler does not know that to add 0 changes nothing.
    """
    return (one if first else other) + 0.0


@record_helper
def lower(one: float, other: float) -> float:
    """As min(one, other), by `choose`."""
    return choose(other < one, other, one)


@record_helper
def higher(one: float, other: float) -> float:
    """As max(one, other), by `choose`."""
    return choose(other > one, other, one)


@record_helper
def to_float(count: int) -> float:
    """A whole number from 0 to 2^52 as a float: laid over the bits of 2^52, from which that is
    taken off. Processors without AVX-512 have no vector instruction for it.
    """
    bits = np.int64(count | 0x4330000000000000)
    return float(bits.view(np.float64) - 4503599627370496.0)


@row_helper
def copy_row(values: Array, out: Array) -> None:
    """Copy a row (n,)."""
    for n in range(out.size):
        out[n] = values[n]


@row_helper
def gather_row(values: Array, index: Array, out: Array) -> None:
    """Values at ``index`` (n,) into ``out`` (n,)."""
    for n in range(out.size):
        out[n] = values[index[n]]


@record_helper
def follow_each_other(values: Array, index: Array) -> bool:
    """Whether indices (n,), and the values at them, follow each other without a gap."""
    if not in_a_row(index):
        return False
    same = True
    for n in range(index.size):
        same = same and values[index[n]] == values[index[0]] + n
    return same
