"""The cheapest single remedy that brings a desk's DRE under its limit.

Two kinds are tried for each desk account: add quote currency (or repay debt on a lending venue),
and sell part of the leg that breaks first. Adding is searched on the impaired paths alone: a path
on which nothing of the desk broke is the same path with more cash in the account, and more cash
breaks nothing there. Cost: financing at FINANCING_RATE for money added (per day); impact for a sale
(once). Wrong when a transfer takes longer than the deadline stated, or when several limits bind.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from seawall.book.book import Floats, Ints
from seawall.cascade.engine import BASE, Runs, draw
from seawall.cascade.reference import run
from seawall.cascade.setup import Setup
from seawall.cascade.state import Deposit
from seawall.exposure.impairment import Impairment, desk_columns, desk_impairment
from seawall.exposure.proportion import wilson

# Annual cost of cash that is tied up, as a fraction.
FINANCING_RATE = 0.07
# Largest deposit tried, in multiples of the account's equity.
LARGEST = 4.0
# Amounts tried at once, and how often the bracket is narrowed.
CANDIDATES = 8
ROUNDS = 2


def find_remedy(
    setup: Setup,
    impairment: Impairment,
    owner: str,
    limit: dict[str, Any],
    *,
    step: int,
    steps: int,
    seed: int,
) -> tuple[dict[str, Any] | None, str]:
    """The remedy for a breached DRE limit at a step, and a sentence on what was tried."""
    paths = impairment.step.size
    impaired = np.flatnonzero(impairment.step <= step)
    allowed = max(int(np.ceil(limit["limit"] * paths - 1e-9)) - 1, 0)
    counts = [
        (int(np.count_nonzero(impairment.unit[impaired] == u)), int(u))
        for u in setup.desk_units[desk_columns(setup, owner)]
    ]
    best: dict[str, Any] | None = None
    tried = []
    for count, unit in sorted(counts, key=lambda item: -item[0]):
        if count == 0 or impaired.size - count > allowed:
            continue
        tried.append(setup.book.account_names[setup.table.units.account[unit]])
        found = _smallest_deposit(
            setup, owner, unit, impaired, allowed, step=step, steps=steps, seed=seed
        )
        if found is None:
            continue
        amount, left = found
        if best is None or amount < best["amount_quote"]:
            best = _as_remedy(setup, unit, amount, left, paths, limit, impairment)
    if best is not None:
        return best, f"smallest deposit into one account; accounts tried: {', '.join(tried)}"
    if not tried:
        return None, "no single account's deposit can bring DRE under its limit: several break"
    return None, (
        f"no deposit up to four times the equity of {', '.join(tried)} brings DRE under its limit"
    )


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
        np.sort(impairment.step), np.arange(impairment.loss.shape[1]), "right"
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


def _broken(
    setup: Setup,
    owner: str,
    unit: int,
    impaired: Ints,
    amounts: Floats,
    *,
    step: int,
    steps: int,
    seed: int,
) -> Ints:
    """How many of the impaired paths still break for each amount (c,) deposited."""
    runs = Runs(impaired, np.zeros_like(impaired))
    one = draw(setup, (BASE,), runs, steps, seed)[:, : step + 1]
    paths = np.tile(one, (amounts.size, 1, 1))
    deposit = Deposit(unit, _debt_row(setup, unit), np.repeat(amounts, impaired.size))
    tape, _ = run(setup, paths, deposit=deposit)
    again = desk_impairment(setup, tape, owner).step <= step
    broken: Ints = np.count_nonzero(again.reshape(amounts.size, impaired.size), axis=1)
    return broken


def _smallest_deposit(
    setup: Setup,
    owner: str,
    unit: int,
    impaired: Ints,
    allowed: int,
    *,
    step: int,
    steps: int,
    seed: int,
) -> tuple[float, int] | None:
    """Smallest deposit (quote, rounded up) with at most ``allowed`` paths broken, and how many."""
    equity = max(float(setup.desk_equity[np.flatnonzero(setup.desk_units == unit)[0]]), 1.0)
    largest = LARGEST * equity
    row = _debt_row(setup, unit)
    if row >= 0:
        largest = min(largest, -float(setup.row_start[row]))
    low, high, left = 0.0, largest, None
    grid = largest * np.geomspace(0.01, 1.0, CANDIDATES)
    for _ in range(ROUNDS):
        broken = _broken(setup, owner, unit, impaired, grid, step=step, steps=steps, seed=seed)
        good = np.flatnonzero(broken <= allowed)
        if good.size == 0:
            break
        at = int(good[0])
        high, left = float(grid[at]), int(broken[at])
        low = float(grid[at - 1]) if at else low
        grid = np.linspace(low, high, CANDIDATES + 1)[1:]
    if left is None:
        return None
    return high, left
