"""The cheapest single remedy that brings a desk's DRE under its limit: money into one account.

For each desk account, the smallest deposit of its settlement asset (or repayment of its largest
debt) after which fewer paths break than the limit allows; the account with the smallest one wins.
Only the paths on which that account is the first to break are run again: until the first break the
same things happen with more money in an account that was not touched.
Cost: financing at FINANCING_RATE, per day. Wrong when a transfer takes longer than the deadline
stated, when several limits bind, or when reducing a leg would cost less: sales are not tried.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from seawall.book.book import Bools, Floats, Ints
from seawall.cascade.draws import Draws
from seawall.cascade.engine import BASE, Runs, draw
from seawall.cascade.pieces.blocks import in_blocks
from seawall.cascade.pieces.loops import quickest
from seawall.cascade.setup import Setup
from seawall.cascade.state import Deposit
from seawall.exposure.impairment import Impairment, desk_columns, desk_impairment
from seawall.exposure.proportion import wilson

# Annual cost of cash that is tied up, as a fraction.
FINANCING_RATE = 0.07
# Largest deposit tried, in multiples of the account's equity.
LARGEST = 4.0
# Amounts tried at once, and how often the bracket is narrowed.
CANDIDATES = 6
ROUNDS = 2


@dataclass(frozen=True)
class Search:
    """Where a remedy is sought: the steps and seed of the run, its first ``paths`` paths, and on
    how many workers, which changes no bit.
    """

    steps: int
    seed: int
    paths: int
    workers: int


def allowed_paths(limit: float, paths: int) -> int:
    """How many of ``paths`` may break under a limit on DRE."""
    return max(int(np.ceil(limit * paths - 1e-9)) - 1, 0)


def find_remedy(
    setup: Setup,
    impairment: Impairment,
    owner: str,
    limit: dict[str, Any],
    step: int,
    search: Search,
) -> tuple[dict[str, Any] | None, str]:
    """The remedy for a breached DRE limit at a step, and a sentence on what was tried."""
    paths, seed = search.paths, search.seed
    impaired = np.flatnonzero(impairment.step[:paths] <= step)
    allowed = allowed_paths(limit["limit"], paths)
    units = [
        int(unit)
        for unit in setup.desk_units[desk_columns(setup, owner)]
        if impaired.size - np.count_nonzero(impairment.unit[impaired] == unit) <= allowed
    ]
    if not units:
        return None, "no single account's deposit can bring DRE under its limit: several break"
    runs = Runs(impaired, np.zeros_like(impaired))
    exogenous = draw(setup, (BASE,), runs, search.steps, seed)[:, : step + 1]
    own = [np.flatnonzero(impairment.unit[impaired] == unit) for unit in units]
    draws = Draws(seed, impaired)
    amounts, left = _smallest_deposits(
        setup, owner, np.array(units), own, exogenous, draws, allowed, search.workers
    )
    names = ", ".join(setup.book.account_names[setup.table.units.account[u]] for u in units)
    best = int(np.argmin(amounts))
    if not np.isfinite(amounts[best]):
        return None, (
            f"no deposit up to {LARGEST:g} times the equity of {names} brings DRE under its limit"
        )
    remedy = _as_remedy(
        setup, units[best], float(amounts[best]), int(left[best]), paths, limit, impairment
    )
    return remedy, f"smallest deposit into one account; accounts tried: {names}"


def _as_remedy(
    setup: Setup,
    unit: int,
    amount: float,
    left: int,
    paths: int,
    limit: dict[str, Any],
    impairment: Impairment,
) -> dict[str, Any]:
    row = _debt_row(setup, unit)
    asset = setup.quote if row < 0 else int(setup.table.rows.asset[row])
    if row < 0:
        asset = int(setup.table.feed_asset[setup.table.units.settle[unit]])
    low, high = wilson(left, paths)
    third = limit["limit"] / 3.0
    by_step = np.searchsorted(
        np.sort(impairment.step[:paths]), np.arange(impairment.loss.shape[1]), "right"
    )
    late = np.flatnonzero(by_step / paths >= third)
    deadline = float(late[0] * setup.step_seconds) if late.size else None
    return {
        "action": "add" if row < 0 else "repay",
        "account": setup.book.account_names[setup.table.units.account[unit]],
        "asset": setup.table.assets[asset],
        "amount": amount / float(setup.spot[asset]),
        "amount_quote": amount,
        "dre_after": left / paths,
        "low_after": low,
        "high_after": high,
        "cost": amount * FINANCING_RATE / 365.0,
        "cost_basis": "per day",
        "limit": limit["name"],
        "deadline_seconds": deadline,
    }


def _debt_row(setup: Setup, unit: int) -> int:
    """Largest debt row of a lending account, -1 on venues where cash is margin."""
    venue = int(setup.table.units.venue[unit])
    if setup.rulebooks[venue].liquidation.style != "keeper":
        return -1
    rows = np.arange(setup.table.units.rows[unit], setup.table.units.rows[unit + 1])
    return int(rows[np.argmin(setup.row_start[rows])])


def _smallest_deposits(
    setup: Setup,
    owner: str,
    units: Ints,
    own: list[Ints],
    exogenous: Floats,
    draws: Draws,
    allowed: int,
    workers: int,
) -> tuple[Floats, Ints]:
    """Smallest deposit (n,) into each unit, quote, that leaves at most ``allowed`` broken paths.

    own: for each unit, the paths that it is the first to break on. Nothing happens differently
    before a first break elsewhere, so the other paths stay broken and need no run. Returns the
    deposits and how many paths still break; infinite where none tried is enough.
    """
    rows = np.array([_debt_row(setup, int(unit)) for unit in units])
    equity = setup.desk_equity[np.searchsorted(setup.desk_units, units)]
    largest = LARGEST * np.maximum(equity, 1.0)
    debt = -setup.row_start[np.maximum(rows, 0)]
    largest = np.where(rows >= 0, np.minimum(largest, debt), largest)
    grid = largest[:, None] * np.geomspace(0.01, 1.0, CANDIDATES)
    low, found = np.zeros(units.size), np.full(units.size, np.inf)
    left = np.full(units.size, -1)
    trying = np.arange(units.size)
    for _ in range(ROUNDS):
        broken = _broken(setup, owner, units, rows, own, grid, trying, exogenous, draws, workers)
        for n, counts in zip(trying, broken, strict=True):
            good = np.flatnonzero(counts <= allowed)
            if good.size:
                at = int(good[0])
                found[n], left[n] = grid[n, at], counts[at]
                low[n] = grid[n, at - 1] if at else low[n]
        top = np.where(np.isfinite(found), found, largest)
        grid = low[:, None] + (top - low)[:, None] * np.arange(1, CANDIDATES + 1) / CANDIDATES
        # Only accounts that may still turn out cheapest are worth another look.
        trying = np.flatnonzero(np.isfinite(found) & (low < found.min()))
        if trying.size == 0:
            break
    return found, left


def _broken(
    setup: Setup,
    owner: str,
    units: Ints,
    rows: Ints,
    own: list[Ints],
    grid: Floats,
    trying: Ints,
    exogenous: Floats,
    draws: Draws,
    workers: int,
) -> Ints:
    """How many paths still break for each unit tried and amount (t, c)."""
    total, amounts = exogenous.shape[0], grid.shape[1]
    path = np.concatenate([np.tile(own[n], amounts) for n in trying])
    which = np.repeat(trying, [own[n].size * amounts for n in trying])
    amount = np.concatenate([np.repeat(np.arange(amounts), own[n].size) for n in trying])

    def breaks(some: Ints) -> Bools:
        mine, unit = path[some], which[some]
        deposit = Deposit(units[unit], rows[unit], grid[unit, amount[some]])
        same = Draws(draws.seed, draws.paths[mine])
        tape, _ = quickest(setup)(setup, exogenous[mine], deposit=deposit, draws=same)
        return np.asarray(desk_impairment(setup, tape, owner).step < exogenous.shape[1])

    again = in_blocks(setup, path.size, exogenous.shape[1], workers, breaks)
    cell = np.searchsorted(trying, which) * amounts + amount
    still = np.bincount(cell[again], minlength=trying.size * amounts).reshape(-1, amounts)
    elsewhere = np.array([total - own[n].size for n in trying])
    broken: Ints = still + elsewhere[:, None]
    return broken
