"""The 16-bit screen of the worst loss is as far off as it says, never more, and leaves little."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from seawall.valuation import coarse_screen_kernel as coarse
from seawall.valuation import worst_loss_kernel as decided
from seawall.valuation.register_kernel import COARSE_BLOCK, COARSE_GROUPS, GROUP
from seawall.valuation.worst_loss import (
    Holdings,
    arrange,
    compiled_worst_loss,
    plain_worst_loss,
    prepare,
)

Floats = NDArray[np.float64]


def book(rows: Floats, change: Floats) -> Holdings:
    """Accounts by instruments, every entry a row of the account."""
    accounts, instruments = rows.shape
    account = np.repeat(np.arange(accounts), instruments)
    instrument = np.tile(np.arange(instruments), accounts)
    assert change.shape[0] == instruments
    return arrange(account, instrument, rows.ravel(), accounts, instruments)


def screened(
    held: Holdings, change: Floats
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int16], Floats]:
    """Smallest sums seen (a, groups), widths (a,), weights (n,) and largest changes (h,)."""
    accounts = held.account.size
    blocks = np.empty((-(-change.shape[1] // COARSE_BLOCK), held.held.size, COARSE_BLOCK), np.int16)
    largest, weight = np.empty(held.held.size), np.empty(held.size.size, np.int16)
    width = np.empty(accounts, np.int32)
    seen = np.empty((blocks.shape[0], accounts, COARSE_GROUPS), np.int16)
    coarse.pack_coarse(change, held.held, blocks, largest)
    coarse.weigh(held.pointer, held.place, held.size, largest, 0, accounts, weight, width)
    coarse.screen_coarse(blocks, held.pointer, held.place, weight, 0, accounts, seen)
    by_group = seen.transpose(1, 0, 2).reshape(accounts, -1)[:, : -(-change.shape[1] // GROUP)]
    return by_group.astype(np.int64), width.astype(np.int64), weight, largest


def in_units(held: Holdings, change: Floats, largest: Floats) -> Floats:
    """True smallest sums by group (a, groups) in the screen's units, in double precision."""
    accounts, groups = held.account.size, -(-change.shape[1] // GROUP)
    short = groups * GROUP - change.shape[1]
    found = np.empty((accounts, groups))
    for a in range(accounts):
        part = slice(held.pointer[a], held.pointer[a + 1])
        reach = np.abs(held.size[part]) * largest[held.place[part]]
        room = coarse.LIMIT - coarse.PER_ROW * reach.size
        unit = min(room / reach.sum(), (coarse.FULL - 1.0) / reach.max()) * coarse.FULL / 65_536.0
        sums = unit * (held.size[part] @ change[held.instrument[part]])
        found[a] = np.pad(sums, (0, short), mode="edge").reshape(groups, GROUP).min(axis=1)
    return found


@pytest.mark.parametrize("rows", [1, 2, 10, 300])
@pytest.mark.parametrize("spread", [0.0, 1.0, 6.0])
def test_sums_are_no_further_off_than_the_bound(rows: int, spread: float) -> None:
    random = np.random.default_rng(rows)
    change = random.normal(size=(rows, 400)) * np.exp(spread * random.normal(size=(rows, 1)))
    sizes = random.normal(size=(12, rows)) * np.exp(spread * random.normal(size=(12, rows)))
    held = book(sizes, change)
    seen, width, _, largest = screened(held, change)
    off = seen - in_units(held, change, largest)
    assert off.min() > -(1.25 * rows + 0.5) - 0.1
    assert off.max() < 0.25 * rows + 0.5 + 0.1
    # Both sides together are less than how far above the smallest seen the true one may stand.
    np.testing.assert_array_less(1.5 * rows + 1.2, width)
    assert np.abs(off).max() > 0.2  # rounding is there, or the test would see nothing


@pytest.mark.parametrize("rows", [1, 2, 3, 10, 1000, coarse.MOST_ROWS])
@pytest.mark.parametrize("sign", [-1.0, 1.0])
def test_no_sum_leaves_sixteen_bits(rows: int, sign: float) -> None:
    # Every row loses, or gains, all that it can at once: the largest sum there is.
    change = np.full((rows, 40), sign)
    seen, _, weight, largest = screened(book(np.ones((1, rows)), change), change)
    assert np.abs(weight.astype(np.int64)).sum() <= coarse.LIMIT - coarse.PER_ROW * rows + rows / 2
    exact = in_units(book(np.ones((1, rows)), change), change, largest)[0, 0]
    assert np.abs(seen[0] - exact).max() <= 1.25 * rows + 1.0
    assert (np.sign(seen[0]) == sign).all()


def test_most_accounts_are_left_with_one_group() -> None:
    random = np.random.default_rng(3)
    change, sizes = random.normal(size=(10, 1000)), random.normal(size=(500, 10))
    seen, width, _, _ = screened(book(sizes, change), change)
    left = (seen <= seen.min(axis=1, keepdims=True) + width[:, None]).sum(axis=1)
    assert left.mean() < 1.1


@pytest.mark.parametrize(
    ("scale", "rows"),
    [(1e-290, 3), (0.0, 3), (1e290, 3), (1.0, coarse.MOST_ROWS + 1)],
    ids=["tiny", "nothing", "huge", "too many rows"],
)
def test_what_cannot_be_scaled_is_not_screened(scale: float, rows: int) -> None:
    random = np.random.default_rng(4)
    change = scale * random.normal(size=(rows, 40))
    held = book(random.normal(size=(1, rows)), change)
    _, width, weight, _ = screened(held, change)
    assert (width == coarse.NOT_SCREENED).all()
    assert not weight.any()


@pytest.mark.parametrize("left", [1e-9, 1e-5, 1e-3])
def test_hedged_accounts_are_screened_again(left: float, monkeypatch: pytest.MonkeyPatch) -> None:
    # Long and short almost cancel: 16 bits see no difference, single precision or double does.
    random = np.random.default_rng(5)
    one = random.normal(size=(20, 700))
    change = np.concatenate([one, one + left * random.normal(size=one.shape)])
    sizes = random.normal(size=(50, 20))
    hedged = np.concatenate([np.hstack([sizes, -sizes]), random.normal(size=(50, 40))])
    held = book(hedged, change)
    prepare()
    again: list[int] = []
    decide = decided.decide_fine

    def counted(*arguments: NDArray[np.int64]) -> None:
        again.append(arguments[6].size)
        decide(*arguments)

    monkeypatch.setattr(decided, "decide_fine", counted)
    found, plain = compiled_worst_loss(held, change), plain_worst_loss(held, change)
    assert found.change.tobytes() == plain.change.tobytes()
    np.testing.assert_array_equal(found.shock, plain.shock)
    assert sum(again) == 50  # the hedged ones, and none of the others
