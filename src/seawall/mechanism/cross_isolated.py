"""Cross against isolated margin on one crowd: margin saved, and joint-tail loss added, in quote.

The same book twice on the same random numbers: as it is, and with the positions of each cross
account margined alone. An account's equity E is split pro rata to maintenance, E_i = E M_i / M, so
both have the same positions, equity and, under rules that add positions up, the same requirement.

- margin saved: requirement of the isolated book less that of the cross book, initial and
  maintenance. Tiered rules add positions up and save nothing there; what cross margin shares is
  equity, so ``equity_saved`` says what isolated margin would lock besides to keep every position's
  liquidation price where cross margin has it: (n - 1)(E - M) for n positions whose price can take
  the buffer E - M within a factor of ten;
- loss of the venue, by payer: deficits that fund, vault, deleveraged winners and others bore;
- loss of the accounts that were split: their equity at the start less that at the end, with what
  they paid in; forced sales; and each one's expected shortfall over paths.

An isolated position dies alone and cannot take the rest with it, but finds no help there either.
Which is dearer is measured, not assumed. Wrong for accounts with options or coins for collateral,
which stay as they are and are counted; and where owners would trade otherwise, margined otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from seawall.book import Book
from seawall.book.book import Bools, Floats, Ints
from seawall.cascade.engine import populated, prepare
from seawall.cascade.setup import Setup
from seawall.cascade.state import State
from seawall.cascade.tape import FORCED, Tape
from seawall.case import Case
from seawall.exposure.impairment import bad_debt
from seawall.foundation.arrays import segment_sums
from seawall.foundation.errors import InputError
from seawall.margin.table.assess import (
    option_quotes,
    requirement,
    row_worth,
    starting_holdings,
    unit_equity,
)
from seawall.margin.table.margin_table import RowKind
from seawall.mechanism.paired_runs import (
    Plan,
    mean,
    resampled,
    run_paths,
    tail_difference,
    tail_mean,
)

TAIL = 0.975
# Relative: below this nothing is saved but rounding.
NOTHING = 1e-9
# A price further away than this factor threatens nobody.
REACH = 10.0


@dataclass(frozen=True)
class Split:
    """The Case with its crowd joined, as it is and isolated; accounts (n,) that were split.

    together: cross accounts with several positions that stay as they are (options, coins, no
    equity); equity_saved quote
    """

    cross: Case
    isolated: Case
    accounts: Ints
    together: int
    equity_saved: float


def split(case: Case) -> Split:
    """Both books. Raises InputError where no account holds two positions on cross margin."""
    joined = replace(case, book=populated(case), crowds=())
    setup = prepare(joined)
    table, book = setup.table, joined.book
    price = setup.spot[table.feed_asset]
    need = requirement(table, price)
    rows, units = table.rows, table.units
    traded = rows.kind != RowKind.BALANCE
    count = np.bincount(rows.unit[traded], minlength=units.account.size)
    several = ~units.isolated & (count + np.diff(units.options) >= 2)
    plain = (np.diff(units.options) == 0) & (count == np.diff(units.rows))
    chosen = several & plain & (need.equity > 0.0)
    if not chosen.any():
        raise InputError(
            f"no account of case {case.name} holds two positions on cross margin",
            expected="accounts with several positions, margin_mode cross",
        )
    quotes = option_quotes(table, price[None, :], price, 0.0)
    quotes.integral = np.zeros((1, price.size))
    every = np.arange(units.account.size)
    worth = row_worth(table, starting_holdings(table), quotes, np.zeros_like(every), every)
    own = np.flatnonzero(chosen[rows.unit])
    unit = rows.unit[own]
    equity = need.equity[unit] * worth.maintenance[own] / need.maintenance[unit]
    settle = price[units.settle[unit]]
    cash = (equity - worth.worth[own]) / settle
    isolated = replace(joined, book=_isolated(book, setup, chosen, own, cash))
    extra = _equity_saved(setup, chosen, need.equity - need.maintenance, worth.exposure, own)
    accounts = np.unique(units.account[chosen])
    return Split(joined, isolated, accounts, int((several & ~chosen).sum()), extra)


def _isolated(book: Book, setup: Setup, chosen: Bools, own: Ints, cash: Floats) -> Book:
    """The book with the positions of chosen units isolated; ``cash`` (n,) of rows ``own``."""
    rows, units = setup.table.rows, setup.table.units
    position = rows.position[own]
    inverse = rows.kind[own] == RowKind.INVERSE
    entry = rows.entry[own]
    # The table folds what a position cost into its cash: here it comes out again.
    cost = np.where(inverse, -rows.size[own] / entry, rows.size[own] * entry)
    flag, margin = book.isolated.copy(), book.isolated_margin.copy()
    flag[position], margin[position] = True, cash + cost
    quantity = book.quantity.copy()
    for u in np.flatnonzero(chosen):
        asset = setup.table.feed_asset[units.settle[u]]
        gone = (book.balance_account == units.account[u]) & (book.balance_asset == asset)
        quantity[gone] = 0.0
    return replace(book, isolated=flag, isolated_margin=margin, quantity=quantity)


def _equity_saved(
    setup: Setup, chosen: Bools, buffer: Floats, exposure: Floats, own: Ints
) -> float:
    """Sum over chosen units of (n - 1) x buffer, n prices that can take the buffer; quote."""
    rows = setup.table.rows
    # A long loses at most nine tenths on the way to a tenth of the price, a short nine times it.
    most = np.where(rows.size[own] > 0, 1.0 - 1.0 / REACH, REACH - 1.0) * exposure[own]
    unit = rows.unit[own]
    threat = (most >= buffer[unit]).astype(np.float64)
    prices = segment_sums(threat, unit, buffer.size)
    saved = np.maximum(prices - 1.0, 0.0) * np.maximum(buffer, 0.0)
    return float(saved[chosen].sum())


def measures(accounts: Ints) -> Any:
    """A measure of who bears what on each path; ``accounts`` that are cross or split."""

    def measure(setup: Setup, tape: Tape, state: State, _: Floats) -> dict[str, Floats]:
        units = np.flatnonzero(np.isin(setup.table.units.account, accounts))
        mine = np.isin(tape.unit, units)

        def total(amount: Floats, keep: Bools) -> Floats:
            return segment_sums(amount[keep], tape.path[keep], tape.paths)

        forced = np.isin(tape.kind, FORCED)
        out = {
            payer: total(np.maximum(getattr(tape, payer), 0.0), tape.path >= 0)
            for payer in ("fund", "backstop", "adl", "socialised")
        }
        return out | {
            "bad_debt": total(bad_debt(tape), tape.path >= 0) + tape.open_deficit.sum(axis=1),
            "bad_debt_own": total(bad_debt(tape), mine),
            "accounts_loss": _loss(setup, state, units),
            "forced": total(tape.notional, forced),
            "forced_own": total(tape.notional, forced & mine),
        }

    return measure


def _loss(setup: Setup, state: State, units: Ints) -> Floats:
    """What the owners of units lost on each path (p,): equity at the start, what they paid in,
    less equity at the end, quote.
    """
    paths = state.depth.size
    path, unit = np.repeat(np.arange(paths), units.size), np.tile(units, paths)
    end = unit_equity(setup.table, state.holdings, state.quotes, path, unit)
    lost = setup.start_equity[state.start[path], unit] - end
    if state.behaviour.owners is not None:
        lost = lost + state.behaviour.owners.paid[path, unit]
    return segment_sums(lost, path, paths)


def compare(
    case: Case,
    *,
    horizon_seconds: float = 86_400.0,
    paths: int = 400,
    seed: int = 1,
    volatility: float = 1.0,
) -> dict[str, Any]:
    """Margin saved by cross margin, and losses under both with 95% intervals."""
    both = split(case)
    plan = Plan(paths, max(1, round(horizon_seconds / case.step_seconds)), seed, volatility)
    cross, isolated = prepare(both.cross), prepare(both.isolated)
    one, other = (run_paths(s, plan, measures(both.accounts)) for s in (cross, isolated))
    sample = resampled(plan)
    rows: dict[str, Any] = {}
    for name in one:
        rows[name] = {
            "cross": mean(one[name], sample),
            "isolated": mean(other[name], sample),
            "difference": mean(one[name] - other[name], sample),
        }
        rows[f"{name}_tail"] = {
            "cross": tail_mean(one[name], sample, TAIL),
            "isolated": tail_mean(other[name], sample, TAIL),
            "difference": tail_difference(one[name], other[name], sample, TAIL),
        }
    return {
        "accounts": int(both.accounts.size),
        "equity": _equity(cross, both.accounts),
        "left_as_they_are": both.together,
        "margin": margin_saved(cross, isolated, both.equity_saved),
        "paths": paths,
        "horizon_seconds": plan.steps * case.step_seconds,
        "volatility": volatility,
        "tail_level": TAIL,
        "numbers": rows,
    }


def _equity(setup: Setup, accounts: Ints) -> float:
    """Equity of accounts at the start, quote."""
    mine = np.isin(setup.table.units.account, accounts)
    return float(setup.start_equity[0][mine].sum())


def margin_saved(cross: Setup, isolated: Setup, equity_saved: float) -> dict[str, float]:
    """Requirements of both books at the start, and what cross margin saves, quote."""
    out: dict[str, float] = {}
    for name, setup in (("cross", cross), ("isolated", isolated)):
        need = requirement(setup.table, setup.spot[setup.table.feed_asset])
        out[f"initial_{name}"] = float(np.sum(need.initial))
        out[f"maintenance_{name}"] = float(np.sum(need.maintenance))
    for kind in ("initial", "maintenance"):
        saved = out[f"{kind}_isolated"] - out[f"{kind}_cross"]
        # The last bits of two sums are no saving.
        real = abs(saved) > NOTHING * out[f"{kind}_isolated"]
        out[f"{kind}_saved"] = saved if real else 0.0
    return out | {"equity_saved": equity_saved}
