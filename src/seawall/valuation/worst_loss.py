"""The worst loss of every account over many shocks, without a table of positions by shocks.

An account's change of value under shock s is the sum over its rows of size x change of one unit,
so each distinct instrument is revalued once and the rest is sums. The worst loss is the smallest of
them: signed, below 0 a loss; above 0 when no shock costs the account anything.

Sums run left to right over the rows in the order given, starting from 0: the plain loop and the
compiled one give the same bits, for any number of threads.
Wrong when a unit's change depends on who holds it or how much (impact, tiers): those are added by
the margin rule.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from seawall.foundation.compiled import Kernel
from seawall.foundation.errors import InputError

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Numbers = NDArray[np.uint32]
Screen = NDArray[np.float32]
Element = TypeVar("Element", np.int16, np.float32)
Result = TypeVar("Result")

# Accounts taken at a time: their rows stay in the processor's cache from one block to the next.
CHUNK = 16_384
# Instruments whose rows of the table are kept near together by the order of accounts.
_NEAR = 32
# Sizes below this count as 0 in single precision, as `worst_loss_kernel.TINY` says of changes.
_TINY = 1e-30
# So few groups of shocks are all decided at once: no screen is worth its time.
_UNSCREENED = 4
# Bytes of a cache line: the compiled code's vectors must not straddle two.
_LINE = 64


@dataclass(frozen=True)
class Holdings:
    """Who holds how much of what, arranged for sums by account; from :func:`arrange`.

    Accounts stand in the order in which they are summed, which is not the book's: those with as
    many rows and the same rare instruments stand together, so that their part of the table is still
    in the cache. Rows of one account keep the order in which they were given.

    account     (a,) the book's number of each account here
    pointer     (a + 1,) rows of account k: pointer[k] to pointer[k + 1] - 1
    instrument  (n,) row of the table of unit changes
    size        (n,) units held, long > 0
    rounded     (n,) the same in single precision, for the screen
    held        (h,) the instruments that anyone holds, most often held first
    place       (n,) where ``instrument`` stands in ``held``
    instruments number of instruments that exist
    """

    account: Ints
    pointer: Ints
    instrument: Numbers
    size: Floats
    rounded: Screen
    held: Numbers
    place: Numbers
    instruments: int


@dataclass(frozen=True)
class WorstLoss:
    """One entry per account (a,), in the book's order.

    change  smallest change of value over all shocks, quote; < 0 is a loss; 0 without positions
    shock   the first shock that gives it, counted from 0
    """

    change: Floats
    shock: Ints


def arrange(
    account: Ints, instrument: Ints, size: Floats, accounts: int, instruments: int
) -> Holdings:
    """Columns of positions (n,), put in the order in which accounts are summed.

    Done once per book; every table of shocks may then use it. Raises InputError for a number of an
    account or an instrument that does not exist and for a size that is no finite number.
    """
    _check_columns(account, instrument, size, accounts, instruments)
    rows = np.bincount(account, minlength=accounts)
    holders = np.bincount(instrument, minlength=instruments)
    held = np.argsort(-holders, kind="stable")[: np.count_nonzero(holders)]
    rank = np.zeros(instruments, dtype=np.int64)
    rank[held] = np.arange(held.size)
    rarest = np.zeros(accounts, dtype=np.int64)
    np.maximum.at(rarest, account, rank[instrument])
    order = np.lexsort((rows, rarest // _NEAR))
    turn = np.empty(accounts, dtype=np.int64)
    turn[order] = np.arange(accounts)
    by_account = np.argsort(turn[account], kind="stable")
    number = instrument[by_account]
    return Holdings(
        account=order,
        pointer=np.concatenate([[0], np.cumsum(rows[order])]).astype(np.int64),
        instrument=number.astype(np.uint32),
        size=np.ascontiguousarray(size[by_account], dtype=np.float64),
        rounded=_rounded(size[by_account]),
        held=held.astype(np.uint32),
        place=rank[number].astype(np.uint32),
        instruments=instruments,
    )


def worst_loss(holdings: Holdings, change: Floats, *, threads: int = 1) -> WorstLoss:
    """Smallest change of value of every account over shocks, and the first shock that gives it.

    change (i, s): change of one unit of each instrument under each shock, quote. Rows of
    instruments that nobody holds are not read. Answers by the plain loop while the compiled code is
    not ready; the bits are the same. Memory beside the arguments: a quarter of the table, and
    some 300 bytes for each account in work (at most 16,384 per thread). Where accounts are hedged
    so closely that 16 bits do not see which shock is worst, half the table and 600 bytes more.

    Raises InputError when the table has the wrong number of rows, no shock, or a held change that
    is no finite number.
    """
    table = _checked(holdings, change)
    if all(one.ready() for one in _kernels()):
        return compiled_worst_loss(holdings, table, threads=threads)
    return plain_worst_loss(holdings, table)


def prepare() -> None:
    """Compile the kernels now, or load them; some seconds when not cached."""
    for one in _kernels():
        one.compile()


def _kernels() -> tuple[Kernel, ...]:
    from seawall.valuation import coarse_screen_kernel as coarse
    from seawall.valuation import worst_loss_kernel as compiled

    fine = (compiled.pack_fine, compiled.screen_fine, compiled.decide_fine)
    return (coarse.pack_coarse, coarse.weigh, coarse.screen_coarse, compiled.decide_coarse, *fine)


def plain_worst_loss(holdings: Holdings, change: Floats) -> WorstLoss:
    """The same, one shock after another: slow and obvious."""
    accounts = holdings.account.size
    owner = np.repeat(np.arange(accounts), np.diff(holdings.pointer))
    least = np.full(accounts, np.inf)
    shock = np.zeros(accounts, dtype=np.int64)
    for number in range(change.shape[1]):
        moved = holdings.size * change[holdings.instrument, number]
        # bincount adds left to right, which sums by reduceat or blocks do not.
        total = np.bincount(owner, weights=moved, minlength=accounts)
        better = total < least
        shock[better] = number
        least = np.where(better, total, least)
    return _in_book_order(holdings, least, shock)


def compiled_worst_loss(holdings: Holdings, change: Floats, *, threads: int = 1) -> WorstLoss:
    """The same by compiled code, compiling it first where it is not."""
    from seawall.valuation.register_kernel import GROUP

    table = np.ascontiguousarray(change, dtype=np.float64)
    if table.shape[1] < GROUP:
        # Repeats of the last shock: they come after it, so it stays the first of its equals.
        table = np.pad(table, ((0, 0), (0, GROUP - table.shape[1])), mode="edge")
    accounts = holdings.account.size
    least, shock = np.empty(accounts), np.empty(accounts, dtype=np.int64)
    if table.shape[1] > _UNSCREENED * GROUP:
        largest, left = _coarse(holdings, table, least, shock, threads)
    else:
        largest, left = np.full(holdings.held.size, np.inf), np.arange(accounts)
    if left.size:
        _fine(holdings, table, largest, left, least, shock, threads)
    return _in_book_order(holdings, least, shock)


def _coarse(
    holdings: Holdings, table: Floats, least: Floats, shock: Ints, threads: int
) -> tuple[Floats, Ints]:
    """Answers of accounts that a screen in 16 bits leaves little of; largest changes, and the rest.

    Fills ``least`` and ``shock``. Largest absolute change of each held instrument (h,), and the
    accounts that are still to be answered.
    """
    from seawall.valuation import coarse_screen_kernel as coarse
    from seawall.valuation import worst_loss_kernel as compiled
    from seawall.valuation.register_kernel import COARSE_BLOCK, COARSE_GROUPS

    h = holdings
    blocks = _aligned((-(-table.shape[1] // COARSE_BLOCK), h.held.size, COARSE_BLOCK), np.int16)
    largest = np.empty(h.held.size)
    coarse.pack_coarse(table, h.held, blocks, largest)

    def work(part: tuple[int, int]) -> Ints:
        first, last = part
        weight = np.empty(h.pointer[last] - h.pointer[first], dtype=np.int16)
        width, left = np.empty(last - first, dtype=np.int32), np.empty(last - first, dtype=np.int64)
        coarse.weigh(h.pointer, h.place, h.size, largest, first, last, weight, width)
        seen = np.empty((blocks.shape[0], last - first, COARSE_GROUPS), dtype=np.int16)
        coarse.screen_coarse(blocks, h.pointer, h.place, weight, first, last, seen)
        count = compiled.decide_coarse(
            table, h.pointer, h.instrument, h.size, first, last, seen, width, least, shock, left
        )
        return left[:count]

    none = np.empty(0, dtype=np.int64)
    return largest, np.concatenate([none, *_by_part(work, h.account.size, threads)])


def _fine(
    holdings: Holdings,
    table: Floats,
    largest: Floats,
    left: Ints,
    least: Floats,
    shock: Ints,
    threads: int,
) -> None:
    """Fill in the answers of the accounts ``left``, screened in single precision."""
    from seawall.valuation import worst_loss_kernel as compiled
    from seawall.valuation.register_kernel import FINE_BLOCK, FINE_GROUPS, GROUP

    h, screened = holdings, table.shape[1] > _UNSCREENED * GROUP
    blocks = _aligned((-(-table.shape[1] // FINE_BLOCK), h.held.size, FINE_BLOCK), np.float32)
    if screened:
        compiled.pack_fine(table, h.held, blocks)

    def work(part: tuple[int, int]) -> None:
        some = left[part[0] : part[1]]
        seen = np.zeros((blocks.shape[0], some.size, FINE_GROUPS), dtype=np.float32)
        if screened:
            compiled.screen_fine(blocks, h.pointer, h.place, h.rounded, some, seen)
        compiled.decide_fine(
            table, h.pointer, h.place, h.instrument, h.size, largest, some, seen, least, shock
        )

    _by_part(work, left.size, threads)


def _by_part(
    work: Callable[[tuple[int, int]], Result], accounts: int, threads: int
) -> list[Result]:
    """What ``work`` gives for each chunk of accounts, in their order."""
    if threads == 1:
        return [work(part) for part in _parts(accounts)]
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(work, _parts(accounts)))


def _parts(accounts: int) -> Iterator[tuple[int, int]]:
    """First account and the one after the last of each chunk."""
    for first in range(0, accounts, CHUNK):
        yield first, min(first + CHUNK, accounts)


def _aligned(shape: tuple[int, int, int], kind: type[Element]) -> NDArray[Element]:
    """Unset numbers of a block's table that start at a cache line."""
    count, each = int(np.prod(shape)), _LINE // np.dtype(kind).itemsize
    room = np.empty(count + each, dtype=kind)
    start = -room.ctypes.data % _LINE // room.itemsize
    return room[start : start + count].reshape(shape)


def _rounded(size: Floats) -> Screen:
    """Sizes in single precision; those too large for it become infinite and are not believed."""
    with np.errstate(over="ignore", under="ignore"):
        return np.where(np.abs(size) < _TINY, 0.0, size).astype(np.float32)


def _in_book_order(holdings: Holdings, least: Floats, shock: Ints) -> WorstLoss:
    change, number = np.empty_like(least), np.empty_like(shock)
    change[holdings.account] = least
    number[holdings.account] = shock
    return WorstLoss(change=change, shock=number)


def _checked(holdings: Holdings, change: Floats) -> Floats:
    """The table, contiguous, of the right shape, and finite where it is held."""
    table = np.ascontiguousarray(change, dtype=np.float64)
    if table.ndim != 2 or table.shape[0] != holdings.instruments or table.shape[1] == 0:
        raise InputError(
            f"the table of unit changes has shape {table.shape}",
            expected=f"({holdings.instruments} instruments, at least 1 shock)",
        )
    # A sum is finite only if all of its terms are, and cheaper than a table of answers.
    with np.errstate(over="ignore", invalid="ignore"):
        doubtful = np.flatnonzero(~np.isfinite(table.sum(axis=1)))
    bad = np.intersect1d(holdings.held, doubtful[~np.isfinite(table[doubtful]).all(axis=1)])
    if bad.size:
        raise InputError(
            f"instrument {int(bad.min())} has a change of value that is no finite number",
            expected="a finite change under every shock for each instrument that is held",
        )
    return table


def _check_columns(
    account: Ints, instrument: Ints, size: Floats, accounts: int, instruments: int
) -> None:
    if not account.shape == instrument.shape == size.shape or account.ndim != 1:
        raise InputError(
            f"positions have {account.shape} accounts, {instrument.shape} instruments and"
            f" {size.shape} sizes",
            expected="three columns of one length",
        )
    for what, column, count in (
        ("account", account, accounts),
        ("instrument", instrument, instruments),
    ):
        wrong = np.flatnonzero((column < 0) | (column >= count))
        if wrong.size:
            raise InputError(
                f"{what} number {int(column[wrong[0]])} does not exist",
                row=int(wrong[0]),
                column=what,
                expected=f"a number from 0 to {count - 1}",
            )
    wrong = np.flatnonzero(~np.isfinite(size))
    if wrong.size:
        raise InputError(
            f"the size is {size[wrong[0]]}",
            row=int(wrong[0]),
            column="size",
            expected="a finite number",
        )
