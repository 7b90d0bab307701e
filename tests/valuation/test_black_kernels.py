"""The compiled Black equals its plain twin, in every corner where they could part."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hard_options import NAMES, Columns, hard_set, realistic_book

from seawall.foundation.errors import InputError
from seawall.valuation import black, black_kernel, fastblack, grid_kernel


@pytest.fixture(autouse=True, scope="module")
def _compiled() -> None:
    fastblack.prepare()
    assert black_kernel.values.ready()
    assert black_kernel.value_and_greeks.ready()
    assert grid_kernel.revalue_grid.ready()


@pytest.mark.parametrize("n", [1, 3, 127, 128, 129, 1000])
@pytest.mark.parametrize("options", [realistic_book, hard_set])
def test_values_equal_the_plain_ones(options: object, n: int) -> None:
    columns: Columns = options(n, n)  # type: ignore[operator]
    scale = np.minimum(columns[0], columns[1])
    difference = np.abs(fastblack.values(*columns) - black.black(*columns))
    assert (difference <= 1e-13 * scale + 4e-16 * np.maximum(columns[0], columns[1])).all()


def test_greeks_equal_the_plain_ones() -> None:
    columns = realistic_book(1000, 3)
    fast, plain = fastblack.greeks(*columns), black.greeks(*columns)
    for name in NAMES:
        a, b = getattr(fast, name), getattr(plain, name)
        np.testing.assert_allclose(a, b, rtol=2e-13, atol=1e-13 * np.abs(b).max(), err_msg=name)


def test_settled_options_are_their_intrinsic_value() -> None:
    forward = np.array([90.0, 100.0, 110.0] * 4)
    years = np.repeat([0.0, -0.1, 1.0, 0.0], 3)
    volatility = np.repeat([0.5, 0.5, 0.0, 0.0], 3)
    for call in (True, False):
        fast = fastblack.greeks(forward, 100.0, years, volatility, call)
        plain = black.greeks(forward, 100.0, years, volatility, call)
        for name in NAMES:
            np.testing.assert_array_equal(getattr(fast, name), getattr(plain, name), err_msg=name)


def test_extremes_stay_finite_and_within_bounds() -> None:
    ends = np.array([0.0, 1e-300, 1e-3, 1.0, 1e8, 1e200])
    f, k, t, v = (x.ravel() for x in np.meshgrid(ends, ends, [0.0, 1e-9, 50.0], [0.0, 1e-9, 20.0]))
    for call in (True, False):
        fast, plain = fastblack.greeks(f, k, t, v, call), black.greeks(f, k, t, v, call)
        for name in NAMES:
            assert np.isfinite(getattr(fast, name)).all(), name
            assert np.isfinite(getattr(plain, name)).all(), name
        np.testing.assert_allclose(fast.value, plain.value, rtol=1e-12, atol=1e-150)


@pytest.mark.parametrize("column", range(4))
def test_what_is_not_a_number_stays_one_and_spoils_no_neighbour(column: int) -> None:
    columns = [np.full(8, x) for x in (100.0, 110.0, 0.5, 0.6)]
    columns[column][3] = np.nan
    values = fastblack.values(*columns, True)
    assert np.isnan(values[3])
    assert np.isfinite(np.delete(values, 3)).all()


def test_whole_numbers_and_single_numbers_are_taken_as_columns() -> None:
    values = fastblack.values([90, 100, 110], 100, 1, 0.2, [True, False, True])
    np.testing.assert_allclose(
        values, black.black([90.0, 100.0, 110.0], 100.0, 1.0, 0.2, [True, False, True]), rtol=1e-13
    )


def test_columns_of_two_lengths_are_refused_with_a_sentence() -> None:
    with pytest.raises(InputError, match=r"columns of \[2, 3\] entries; expected columns of one"):
        fastblack.values([1.0, 2.0], [1.0, 2.0, 3.0], 1.0, 0.2, True)


def test_a_kernel_refuses_other_types_instead_of_compiling_again() -> None:
    with pytest.raises(TypeError):
        black_kernel.values(1, 2, 3, 4, 5, 6, 7)


SHOCKS = (
    np.array([1.0, 0.85, 1.2, 1.0, 1.0, 0.01, 1.0]),
    np.array([1.0, 1.3, 0.7, 1.0, 0.0, 2.0, 1.0]),
    np.array([0.0, 0.0, 0.1, -5.0, 0.3, 0.0, 0.0]),
    np.array([0.0, 3600.0, 86400.0, 0.0, 0.0, 0.0, 1e9]),
)


@pytest.mark.parametrize("shocks", [1, 7, 300])
def test_shock_grid_equals_the_plain_one_and_the_meaning_of_each_shock(shocks: int) -> None:
    f, k, t, vol, call = realistic_book(150, 5)
    f[:10] = k[:10]
    scale = np.linspace(-3.0, 3.0, f.size)
    grid = tuple(np.resize(x, shocks) for x in SHOCKS)
    got = fastblack.revalue_grid((f, k, t, vol, call, scale), grid)
    wanted = fastblack.plain_grid((f, k, t, vol, call, scale), grid, np.empty(got.shape))
    tolerance = 1e-13 * np.abs(scale) * np.maximum(1.2 * f, k)
    assert (np.abs(got - wanted) <= tolerance[:, None]).all()
    if shocks == 7:
        # The shock that takes all volatility away, and the one after expiry, leave the intrinsic.
        intrinsic = scale * np.maximum(np.where(call, f - k, k - f), 0.0)
        np.testing.assert_allclose(got[:, 3], intrinsic, atol=1e-9)
        np.testing.assert_allclose(got[:, 6], intrinsic, atol=1e-9)
        np.testing.assert_allclose(got[:, 0], scale * black.black(f, k, t, vol, call), atol=1e-7)


def test_shock_grid_fills_a_given_array_and_refuses_a_wrong_one() -> None:
    out = np.empty((2, 3))
    options = ([100.0, 90.0], 100.0, 0.5, 0.6, True, 1.0)
    factors = ([0.9, 1.0, 1.1], 1.0, 0.0, 0.0)
    assert fastblack.revalue_grid(options, factors, out) is out
    with pytest.raises(InputError, match="2 options under 3 shocks has shape"):
        fastblack.revalue_grid(options, factors, np.empty((3, 2)))


@pytest.mark.parametrize("options", [realistic_book, hard_set])
def test_an_option_has_the_same_bits_wherever_it_stands(options: object) -> None:
    # The last block of a column overlaps the one before; fewer than a block are padded.
    columns: Columns = options(300, 11)  # type: ignore[operator]
    cuts = (0, 1, 128, 129, 300)
    values, greeks = fastblack.values(*columns), fastblack.greeks(*columns)
    grid = tuple(np.resize(x, 300) for x in SHOCKS)
    table = fastblack.revalue_grid((*columns, 1.0), grid)
    for first, last in itertools.pairwise(cuts):
        part: Columns = tuple(x[first:last] for x in columns)  # type: ignore[assignment]
        some = tuple(x[first:last] for x in grid)
        again = fastblack.greeks(*part)
        np.testing.assert_array_equal(fastblack.values(*part), values[first:last])
        for name in NAMES:
            whole = getattr(greeks, name)[first:last]
            np.testing.assert_array_equal(getattr(again, name), whole, err_msg=name)
        np.testing.assert_array_equal(
            fastblack.revalue_grid((*part, 1.0), some), table[first:last, first:last]
        )
    nothing = fastblack.greeks(*(x[:0] for x in columns))
    assert nothing.value.shape == fastblack.values(*(x[:0] for x in columns)).shape == (0,)
