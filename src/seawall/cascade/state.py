"""What changes while the paths run: holdings of traders and of the system's accounts, and prices.

The order book, the backstop vault, the insurance fund, the keepers, a lending pool and the outside
world have accounts here, so that every fill, fee, bonus and write-off has two sides (law L1).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from seawall.book.book import Bools, Floats, Ints
from seawall.cascade.setup import Setup
from seawall.foundation.arrays import segment_sums
from seawall.margin.assess import Holdings, Quotes, option_quotes
from seawall.margin.table import RowKind
from seawall.oracle.feed import FeedState, start

ROLES = ("book", "outside", "keeper", "backstop", "fund", "pool")
# Bounds are used up a little early, so that rounding (wake is single precision: half the memory to
# scan at each step) never delays a check.
SLACK = 1.0 - 1e-6


@dataclass
class Accounts:
    """System accounts: units of each asset (p, v, k) by role, contracts (p, c) of book and vault.

    For balances a contract is the asset at that venue: ``book_contracts`` then holds the lenders'
    claims against the borrowers' debts and the custody of deposits.
    """

    assets: dict[str, Floats]
    book_contracts: Floats
    vault_contracts: Floats


@dataclass
class State:
    """Arrays over p paths; see the fields' comments. Mutable: it is the memory of one run."""

    holdings: Holdings
    accounts: Accounts
    depth: Floats  # (p,) factor on depth
    exogenous: Floats  # (p, k) path price now
    market: Floats  # (p, k) path price x displacement
    temporary: Floats  # (p, k) outstanding flow that decays
    permanent: Floats  # (p, k) outstanding flow that stays
    restlessness: Floats  # (p, k) moving average of |return| over its expectation
    quotes: Quotes
    feeds: FeedState
    origin: Floats  # (p, f) prices at the start: displacement is measured from here
    reached: Floats  # (p,) largest weighted displacement from the origin so far
    clock: Floats  # (p,) product of (1 + largest weighted move): the wake-up clock
    wake: NDArray[np.float32]  # (p, u by rank) clock at which to check a unit again; inf = asleep
    awake: Ints  # (p,) how many ranks the displacement has woken
    ranks: int  # ranks below this may be awake on some path
    elapsed: float  # seconds since the start
    ready: Ints  # (p, u) step from which the engine may act again
    tried: Bools  # (p, u) already cut once


@dataclass(frozen=True)
class Deposit:
    """Money put in at the start: ``amount`` (p,) quote into a unit's cash, or, where ``row`` is not
    -1, used to repay that debt; it comes from the outside world. Amounts are >= 0.
    """

    unit: int
    row: int
    amount: Floats


@dataclass(frozen=True)
class PathWorlds:
    """Which start (p,) of the setup each path has, and its factor (p,) on depth."""

    start: Ints
    depth: Floats


def base_worlds(paths: int) -> PathWorlds:
    """Every path in the base world."""
    return PathWorlds(np.zeros(paths, dtype=np.int64), np.ones(paths))


def begin(
    setup: Setup,
    exogenous: Floats,
    deposit: Deposit | None = None,
    worlds: PathWorlds | None = None,
) -> State:
    """State at step 0 for starting prices (p, k), after an optional deposit."""
    table, paths = setup.table, exogenous.shape[0]
    price = np.ascontiguousarray(exogenous[:, table.feed_asset])
    quotes = option_quotes(table, price, setup.spot[table.feed_asset], 0.0)
    quotes.integral = np.zeros_like(price)
    units = setup.threshold.size
    always = setup.threshold[setup.unit_of_rank] <= 0.0
    zeros = np.zeros_like(exogenous)
    worlds = base_worlds(paths) if worlds is None else worlds
    holdings = Holdings(
        setup.start_size[worlds.start],
        np.tile(table.options.size, (paths, 1)),
        setup.start_cash[worlds.start],
    )
    accounts = _system_accounts(setup, worlds.start)
    if deposit is not None:
        _deposit(setup, holdings, accounts, exogenous, deposit)
    return State(
        holdings=holdings,
        accounts=accounts,
        depth=worlds.depth,
        exogenous=exogenous.copy(),
        market=exogenous.copy(),
        temporary=zeros.copy(),
        permanent=zeros.copy(),
        restlessness=np.ones_like(zeros),
        quotes=quotes,
        feeds=start(setup.feed_rule, price),
        origin=price.copy(),
        reached=np.zeros(paths),
        clock=np.ones(paths),
        wake=np.tile(np.where(always, 0.0, np.inf).astype(np.float32), (paths, 1)),
        awake=np.full(paths, int(always.sum()), dtype=np.int64),
        ranks=int(always.sum()),
        elapsed=0.0,
        ready=np.zeros((paths, units), dtype=np.int32),
        tried=np.zeros((paths, units), dtype=bool),
    )


def _deposit(
    setup: Setup, holdings: Holdings, accounts: Accounts, price: Floats, deposit: Deposit
) -> None:
    """Book a deposit. Units are woken by thresholds without it, which is early, never late, for
    amounts that add to the unit.
    """
    table, unit, row = setup.table, deposit.unit, deposit.row
    venue = int(table.units.venue[unit])
    asset = int(table.feed_asset[table.units.settle[unit]]) if row < 0 else table.rows.asset[row]
    units = deposit.amount / price[:, asset]
    accounts.assets["outside"][:, venue, asset] -= units
    if row < 0:
        holdings.cash[:, unit] += units
    else:
        holdings.size[:, row] += units
        accounts.book_contracts[:, table.rows.contract[row]] -= units
        accounts.assets["pool"][:, venue, asset] += units


def wake_units(setup: Setup, state: State, path: Ints, unit: Ints) -> None:
    """These pairs must be checked at the next look, whatever the prices do."""
    rank = setup.rank_of_unit[unit]
    state.wake[path, rank] = 0.0
    state.ranks = max(state.ranks, int(rank.max(initial=-1)) + 1)


def _system_accounts(setup: Setup, start: Ints) -> Accounts:
    table, paths = setup.table, start.size
    shape = (paths, len(table.venues), len(table.assets))
    assets = {role: np.zeros(shape) for role in ROLES}
    for v, rulebook in enumerate(setup.rulebooks):
        assets["fund"][:, v, setup.quote] = rulebook.waterfall.fund
        assets["backstop"][:, v, setup.quote] = rulebook.waterfall.backstop
    count = len(table.contracts)
    options = segment_sums(table.options.size, table.options.contract, count)
    held = segment_sums(setup.start_size, table.rows.contract, count)
    return Accounts(assets, -(held + options)[start], np.zeros((paths, count)))


def vault_equity(setup: Setup, state: State, path: Ints, venue: int) -> Floats:
    """Equity of a venue's backstop vault on chosen paths: cash and contracts at margin prices."""
    table = setup.table
    held = state.accounts.assets["backstop"][path, venue]
    equity: Floats = np.sum(held * state.market[path], axis=1)
    for contract, (owner, _) in enumerate(table.contracts):
        row = setup.contract_row[contract]
        if owner != venue or row < 0:
            continue
        size = state.accounts.vault_contracts[path, contract]
        price = state.quotes.price[path, table.rows.feed[row]] * table.rows.multiplier[row]
        # An inverse contract is worth -1 / price coins, that is about -1 quote whatever the price.
        value = -1.0 if table.rows.kind[row] == RowKind.INVERSE else price
        equity = equity + size * value
    return equity
