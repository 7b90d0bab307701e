"""Worst loss by account: the compiled code equals the plain loop bit for bit, in every corner."""

from __future__ import annotations

import tracemalloc
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seawall.foundation.errors import InputError
from seawall.valuation.register_kernel import COARSE_BLOCK, FINE_BLOCK, GROUP
from seawall.valuation.worst_loss import (
    Holdings,
    WorstLoss,
    arrange,
    compiled_worst_loss,
    plain_worst_loss,
    worst_loss,
)
from seawall.valuation.worst_loss_kernel import TINY

BLOCK = COARSE_BLOCK
EDGES = (
    *(GROUP - 1, GROUP, GROUP + 1, 4 * GROUP, 4 * GROUP + 1),
    *(BLOCK - 1, BLOCK, BLOCK + 1, FINE_BLOCK - 1, FINE_BLOCK, FINE_BLOCK + 1),
)


def random_book(seed: int, accounts: int = 300, instruments: int = 40, most: int = 12) -> Holdings:
    random = np.random.default_rng(seed)
    rows = random.integers(0, most, accounts)
    account = np.repeat(np.arange(accounts), rows)
    random.shuffle(account)
    instrument = random.integers(0, instruments, account.size)
    return arrange(account, instrument, random.normal(size=account.size), accounts, instruments)


def same(one: WorstLoss, other: WorstLoss) -> None:
    assert one.change.tobytes() == other.change.tobytes()
    np.testing.assert_array_equal(one.shock, other.shock)


def test_by_hand() -> None:
    # Account 0: +2 of the first, -1 of the second. Account 1: nothing. Account 2: +1 of the second.
    book = arrange(np.array([0, 2, 0]), np.array([0, 1, 1]), np.array([2.0, 1.0, -1.0]), 3, 2)
    change = np.array([[-10.0, 4.0, -10.0], [-3.0, 9.0, -3.0]])
    for found in (plain_worst_loss(book, change), compiled_worst_loss(book, change)):
        np.testing.assert_array_equal(found.change, [-17.0, 0.0, -3.0])
        np.testing.assert_array_equal(found.shock, [0, 0, 0])


def test_a_gain_under_every_shock_is_a_positive_worst_change() -> None:
    book = arrange(np.array([0]), np.array([0]), np.array([-2.0]), 1, 1)
    change = np.array([[-3.0, -1.0, -2.0]])
    for found in (plain_worst_loss(book, change), compiled_worst_loss(book, change)):
        assert (found.change[0], found.shock[0]) == (2.0, 1)


@pytest.mark.parametrize(
    "shocks",
    [1, 2, 55, 56, 57, 111, 112, 113, 168, 169, 225, 1000, *EDGES],
)
def test_compiled_equals_plain_for_any_number_of_shocks(shocks: int) -> None:
    book = random_book(shocks)
    change = np.random.default_rng(7).normal(size=(40, shocks))
    same(compiled_worst_loss(book, change), plain_worst_loss(book, change))


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 2**31),
    shocks=st.integers(1, 400),
    spread=st.sampled_from([0.0, 1.0, 5.0, 15.0]),
    level=st.sampled_from([1e-36, 1e-25, 1e-6, 1.0, 1e9, 1e30, 1e36, 1e120, 1e-200]),
)
def test_compiled_equals_plain_whatever_the_magnitudes(
    seed: int, shocks: int, spread: float, level: float
) -> None:
    # Sizes and changes over many orders of magnitude, hedged books, many ties.
    random = np.random.default_rng(seed)
    book = random_book(seed, accounts=30, instruments=8)
    change = level * np.exp(spread * random.normal(size=(8, shocks)))
    change *= random.choice([-1.0, 0.0, 1.0], size=change.shape)
    same(compiled_worst_loss(book, change), plain_worst_loss(book, change))


def test_differences_that_single_precision_cannot_see_decide() -> None:
    # All shocks cost 1 to eight digits; the true worst is only seen in double precision.
    shocks = 5 * BLOCK + 3
    random = np.random.default_rng(3)
    change = -1.0 - 1e-12 * random.permutation(shocks)[None, :]
    book = arrange(np.array([0]), np.array([0]), np.array([1.0]), 1, 1)
    found = compiled_worst_loss(book, change)
    assert found.shock[0] == int(np.argmin(change[0]))
    assert found.change[0] == change.min()


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("left", [1e-6, 1e-4, 1e-2, 1.0])
def test_a_hedge_that_cancels_is_decided_in_double_precision(seed: int, left: float) -> None:
    # Long and short almost the same: what is left is below single precision's rounding of 0.06.
    random = np.random.default_rng(seed)
    big = 1e6 * random.normal(size=1500)
    change = np.stack([big, big + left * random.normal(size=1500)])
    book = arrange(np.array([0, 0]), np.array([0, 1]), np.array([1.0, -1.0]), 1, 2)
    found = compiled_worst_loss(book, change)
    assert found.shock[0] == int(np.argmin(change[0] - change[1]))


def test_rounding_of_many_rows_is_within_what_is_decided_again() -> None:
    # A hundred rows whose sums lie closer together than single precision adds them up.
    random = np.random.default_rng(6)
    size, shocks = random.normal(size=100), 2000
    change = random.normal(size=(100, shocks))
    # The last row makes every sum the same but for a few units of single precision's last digit.
    change[-1] = -(size[:-1] @ change[:-1] + 1.0 + 1e-6 * random.normal(size=shocks)) / size[-1]
    for k in range(20):
        part = change[:, 100 * k :]
        book = arrange(np.zeros(100, dtype=np.int64), np.arange(100), size, 1, 100)
        same(compiled_worst_loss(book, part), plain_worst_loss(book, part))


def test_the_first_of_equal_shocks_is_named() -> None:
    shocks = 3 * BLOCK
    change = np.zeros((1, shocks))
    change[0, [GROUP + 5, BLOCK + 2, shocks - 1]] = -1.0
    book = arrange(np.array([0]), np.array([0]), np.array([3.0]), 1, 1)
    assert compiled_worst_loss(book, change).shock[0] == GROUP + 5
    assert plain_worst_loss(book, change).shock[0] == GROUP + 5


def test_sums_are_left_to_right_and_rounded_after_each_operation() -> None:
    # Against exact arithmetic, rounded where the plain loop rounds.
    random = np.random.default_rng(5)
    sizes, change = random.normal(size=9), random.normal(size=(9, 70))
    book = arrange(np.zeros(9, dtype=np.int64), np.arange(9), sizes, 1, 9)
    sums = []
    for shock in range(70):
        total = 0.0
        for size, unit in zip(sizes, change[:, shock], strict=True):
            product = float(Fraction(float(size)) * Fraction(float(unit)))
            total = float(Fraction(total) + Fraction(product))
        sums.append(total)
    found = compiled_worst_loss(book, change)
    assert found.change[0] == min(sums)
    assert found.shock[0] == int(np.argmin(sums))


def test_threads_and_chunks_change_no_bit(monkeypatch: pytest.MonkeyPatch) -> None:
    book = random_book(11, accounts=1000)
    change = np.random.default_rng(12).normal(size=(40, 300))
    whole = compiled_worst_loss(book, change)
    monkeypatch.setattr("seawall.valuation.worst_loss.CHUNK", 37)
    same(compiled_worst_loss(book, change), whole)
    same(compiled_worst_loss(book, change, threads=3), whole)


def test_the_order_of_accounts_and_unheld_instruments_do_not_matter() -> None:
    account, instrument = np.array([2, 0, 2, 1]), np.array([5, 3, 3, 5])
    size = np.array([1.0, -2.0, 0.5, 4.0])
    change = np.full((9, 80), np.nan)
    change[[3, 5]] = np.random.default_rng(1).normal(size=(2, 80))
    found = worst_loss(arrange(account, instrument, size, 4, 9), change)
    for a in range(4):
        mine = account == a
        total = (size[mine][:, None] * change[instrument[mine]]).sum(axis=0)
        assert found.change[a] == pytest.approx(total.min(), rel=1e-14)
        assert found.shock[a] == int(np.argmin(total))


def test_agrees_with_a_sparse_matrix() -> None:
    sparse = pytest.importorskip("scipy.sparse")
    book = random_book(21, accounts=2000, instruments=100)
    change = np.random.default_rng(22).normal(size=(100, 250))
    matrix = sparse.csr_matrix(
        (book.size, book.instrument.astype(np.int64), book.pointer), shape=(2000, 100)
    )
    expected = np.empty(2000)
    expected[book.account] = (matrix @ change).min(axis=1)
    np.testing.assert_allclose(worst_loss(book, change).change, expected, rtol=0, atol=1e-12)


def test_memory_stays_far_below_positions_by_shocks() -> None:
    accounts, shocks, instruments = 20_000, 1000, 200
    random = np.random.default_rng(31)
    account = np.repeat(np.arange(accounts), 10)
    instrument = random.integers(0, instruments, account.size)
    book = arrange(account, instrument, random.normal(size=account.size), accounts, instruments)
    change = random.normal(size=(instruments, shocks))
    compiled_worst_loss(book, change)
    tracemalloc.start()
    compiled_worst_loss(book, change)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    # A quarter of the table, answers twice, two bytes per row and per group of shocks of an account
    # in work, numbers and pairs of those.
    in_work = 2 * 10 + 2 * BLOCK // GROUP * -(-shocks // BLOCK) + 12
    assert peak < 0.27 * change.nbytes + (32 + 1.1 * in_work) * accounts + 1e6
    assert peak < account.size * shocks * 8 / 100


def test_what_cannot_be_summed_is_refused_in_a_sentence() -> None:
    one = np.array([0])
    with pytest.raises(InputError, match="account number 0 does not exist"):
        arrange(one, one, np.array([1.0]), 0, 1)
    with pytest.raises(InputError, match="instrument number 3 does not exist"):
        arrange(one, np.array([3]), np.array([1.0]), 1, 3)
    with pytest.raises(InputError, match="the size is nan"):
        arrange(one, one, np.array([np.nan]), 1, 1)
    with pytest.raises(InputError, match="three columns of one length"):
        arrange(one, one, np.array([1.0, 2.0]), 1, 1)
    book = arrange(one, one, np.array([1.0]), 1, 1)
    with pytest.raises(InputError, match="instrument 0 has a change"):
        worst_loss(book, np.array([[1.0, np.inf]]))
    with pytest.raises(InputError, match="at least 1 shock"):
        worst_loss(book, np.empty((1, 0)))
    with pytest.raises(InputError, match="has shape"):
        worst_loss(book, np.empty((2, 5)))


def test_sizes_and_changes_vanish_from_the_screen_at_the_same_bound() -> None:
    just, below = TINY, np.nextafter(TINY, 0.0)
    book = arrange(np.array([0, 0]), np.array([0, 0]), np.array([just, below]), 1, 1)
    np.testing.assert_array_equal(book.rounded == 0.0, [False, True])


def test_a_book_without_positions() -> None:
    none = np.array([], dtype=np.int64)
    found = worst_loss(arrange(none, none, np.array([]), 3, 2), np.zeros((2, 5)))
    np.testing.assert_array_equal(found.change, 0.0)
    np.testing.assert_array_equal(found.shock, 0)
