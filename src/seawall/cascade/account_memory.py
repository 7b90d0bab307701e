"""What accounts' behaviour remembers along the paths; None where no venue has the slot."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from seawall.agents.concert import in_concert
from seawall.agents.run import PoolRun, VaultRun, first_level, thresholds
from seawall.agents.stops import distances, round_price, stop_price
from seawall.book.book import Bools, Floats, Ints
from seawall.cascade.account_rules import StopRows
from seawall.cascade.account_watch import Watch, begin_watch
from seawall.cascade.draws import Draws
from seawall.cascade.setup import Setup
from seawall.cascade.tape import NEVER
from seawall.foundation.arrays import segment_sums
from seawall.foundation.random import Stream, uniforms_at
from seawall.margin.table.assess import Holdings
from seawall.margin.table.margin_table import RowKind

if TYPE_CHECKING:
    from seawall.cascade.state import Accounts


@dataclass
class Decisions:
    """Owners' decisions, (p, u) each: whether the account is beyond its trigger, the step from
    which its owner acts (NEVER: it does not), how often it has been beyond it.
    """

    beyond: Bools
    act: NDArray[np.int32]
    times: NDArray[np.int16]


@dataclass
class Owners:
    """Owners who add margin or sell; ``paid`` (p, u) quote so far. None where no venue has one."""

    watch: Watch
    top_up: Decisions | None
    delever: Decisions | None
    paid: Floats


@dataclass
class StopOrders:
    """Stops of one venue: row, feed, long (n,) each; level (p, n) of the feed's price, -inf or inf
    once gone; nearest_long, nearest_short (p, f) of those that are left.
    """

    row: Ints
    feed: Ints
    long: Bools
    level: Floats
    nearest_long: Floats
    nearest_short: Floats


@dataclass
class FirstDepositor:
    """One depositor among equals: its level (p,) of hazard, the step (p,) at which it asked (NEVER:
    not yet), what it has got like Depositors.paid, and its value (p,) then, quote.
    """

    level: Floats
    asked: Ints
    paid: Floats
    value: Floats


@dataclass
class Depositors:
    """Depositors of one pool or vault.

    levels (p, n) of hazard, rising; hazard (p,) so far; asked (p, s + 1) how many had asked by then
    paid (p, k) units (pool), or (p, 1) share of the vault; loss (p,) quote of bad debt so far
    weight (k,) of assets in what the venue holds; at_start (p,) a vault's equity
    claim (p, k) units that depositors have in a pool, idle (p, k) not lent out, at the start
    owing (p, k) rate x time that debts have yet to be charged; read: chunks of the tape so far
    first: the first of the depositors, on its own
    """

    rule: PoolRun | VaultRun
    levels: Floats
    hazard: Floats
    asked: NDArray[np.int16]
    paid: Floats
    loss: Floats
    weight: Floats
    at_start: Floats
    claim: Floats
    idle: Floats
    owing: Floats
    read: int
    first: FirstDepositor


@dataclass
class AccountMemory:
    """owners None without top_up and delever; stops and depositors by venue index."""

    owners: Owners | None
    stops: dict[int, StopOrders]
    depositors: dict[int, Depositors]


def begin_accounts(
    setup: Setup, holdings: Holdings, accounts: Accounts, price: Floats, draws: Draws, steps: int
) -> AccountMemory:
    """Nobody beyond a trigger, all stops in place, all depositors there, at feed prices (p, f)."""
    rules, units = setup.account_rules, setup.table.units.account.size
    owners = None
    if rules.top_up is not None or rules.delever is not None:
        acts = np.zeros(units, dtype=bool)
        for rule in (rules.top_up, rules.delever):
            if rule is not None:
                acts |= rule.acts
        owners = Owners(
            watch=begin_watch(setup, acts, holdings, accounts, price),
            top_up=None if rules.top_up is None else _undecided(holdings),
            delever=None if rules.delever is None else _undecided(holdings),
            paid=np.zeros_like(holdings.cash),
        )
    depositors = {}
    for v, slots in enumerate(setup.mechanisms):
        run = slots.get("run")
        if isinstance(run, PoolRun | VaultRun):
            depositors[v] = _deposits(setup, v, run, holdings, draws, steps)
    stops = {v: _stops(setup, v, given, holdings, draws) for v, given in rules.stops.items()}
    return AccountMemory(owners, stops, depositors)


def _undecided(holdings: Holdings) -> Decisions:
    shape = holdings.cash.shape
    act = np.full(shape, NEVER, dtype=np.int32)
    return Decisions(np.zeros(shape, dtype=bool), act, np.zeros(shape, dtype=np.int16))


def _stops(setup: Setup, v: int, given: StopRows, holdings: Holdings, draws: Draws) -> StopOrders:
    """Where the stops of venue ``v`` stand on each path.

    Who has one, and whether it goes with the herd, is the crowd's and the same on all paths; how
    far it is from the price is drawn on each.
    """
    rows, rule = setup.table.rows, given.rule
    paths = holdings.cash.shape[0]
    nobody, number = np.zeros(given.row.size, dtype=np.int64), setup.account_rules.row_number
    has = uniforms_at(draws.seed, Stream.STOP, nobody, 1, 2 * number[given.row]) < rule.share
    row = np.concatenate([given.row[has], given.own])
    mine = number[row]
    joins = uniforms_at(draws.seed, Stream.STOP, np.zeros_like(row), 1, 2 * mine + 1) < rule.herd
    joins[row.size - given.own.size :] = False
    path = np.repeat(np.arange(paths), row.size)
    own = draws.at(Stream.STOP, path, 0, 1 + np.tile(mine, paths))
    common = draws.at(Stream.STOP, path, 0, np.zeros_like(path))
    draw = in_concert(np.full(path.size, rule.concert), common, own)
    distance = distances(rule, draw).reshape(paths, row.size)
    distance[:, row.size - given.own.size :] = given.distance
    # An inverse contract that is long gains with the price as a linear one does.
    long = rows.size[row] > 0
    price = setup.spot[setup.table.feed_asset[rows.feed[row]]] * rows.multiplier[row]
    level = stop_price(price, long, distance)
    herd = np.flatnonzero(joins)
    rounded = round_price(price[herd], long[herd], level[:, herd], rule.digits)
    # No round price lies between 0 and the first one: such a stop stays where it was drawn.
    level[:, herd] = np.where(rounded > 0.0, rounded, level[:, herd])
    level /= rows.multiplier[row]
    orders = StopOrders(
        row=row,
        feed=rows.feed[row],
        long=long,
        level=level,
        nearest_long=np.full((paths, setup.table.feed_asset.size), -np.inf),
        nearest_short=np.full((paths, setup.table.feed_asset.size), np.inf),
    )
    find_nearest(orders, np.arange(paths))
    return orders


def find_nearest(orders: StopOrders, path: Ints) -> None:
    """The nearest stops that are left on distinct paths (n,)."""
    long, short = np.flatnonzero(orders.long), np.flatnonzero(~orders.long)
    high = np.full((path.size, orders.nearest_long.shape[1]), -np.inf)
    low = np.full_like(high, np.inf)
    every = np.arange(path.size)[:, None]
    np.maximum.at(high, (every, orders.feed[long][None, :]), orders.level[path][:, long])
    np.minimum.at(low, (every, orders.feed[short][None, :]), orders.level[path][:, short])
    orders.nearest_long[path], orders.nearest_short[path] = high, low


def _deposits(
    setup: Setup, v: int, rule: PoolRun | VaultRun, holdings: Holdings, draws: Draws, steps: int
) -> Depositors:
    paths, assets = holdings.cash.shape[0], len(setup.table.assets)
    count = rule.depositors
    path = np.repeat(np.arange(paths), count)
    # Venues' depositors are different people: elements of their own.
    first = v * 1_001
    own = draws.at(Stream.DEPOSITOR, path, 0, first + 1 + np.tile(np.arange(count), paths))
    common = draws.at(Stream.DEPOSITOR, path, 0, np.full_like(path, first))
    drawn = in_concert(np.full(path.size, rule.concert), common, own)
    levels = thresholds(drawn).reshape(paths, count)
    levels[:, 0] = first_level(rule, levels[:, 0])
    paid = np.zeros((paths, assets if isinstance(rule, PoolRun) else 1))
    debts, custody = lent_and_held(setup, v, holdings)
    deposits = np.zeros_like(debts)
    if isinstance(rule, PoolRun):
        deposits = np.maximum(debts / rule.utilisation, custody) * (debts > 0)
    capital = setup.rulebooks[v].waterfall.backstop
    return Depositors(
        rule=rule,
        levels=np.sort(levels, axis=1),
        hazard=np.zeros(paths),
        asked=np.zeros((paths, steps + 1), dtype=np.int16),
        paid=paid,
        loss=np.zeros(paths),
        weight=_weights(setup, v),
        at_start=np.full(paths, capital),
        claim=np.maximum(deposits - custody, 0.0) * (debts > 0),
        idle=np.where(debts > 0, deposits - debts, custody),
        owing=np.zeros((paths, assets)),
        read=0,
        first=FirstDepositor(
            levels[:, 0].copy(), np.full(paths, NEVER), paid.copy(), np.zeros(paths)
        ),
    )


def lent_and_held(setup: Setup, v: int, holdings: Holdings) -> tuple[Floats, Floats]:
    """Debts and deposits (p, k), units of each asset, of the accounts of a lending venue."""
    rows = setup.table.rows
    mine = np.flatnonzero(
        (setup.table.units.venue[rows.unit] == v) & (rows.kind == RowKind.BALANCE)
    )
    size, asset, assets = holdings.size[:, mine], rows.asset[mine], len(setup.table.assets)
    debts = segment_sums(np.maximum(-size, 0.0), asset, assets)
    return debts, segment_sums(np.maximum(size, 0.0), asset, assets)


def _weights(setup: Setup, v: int) -> Floats:
    """Shares (k,) of assets in what accounts of a venue hold at the start, by value; 0 if nothing.

    Collateral at a lending venue, notional of derivatives elsewhere.
    """
    rows, assets = setup.table.rows, len(setup.table.assets)
    lends = setup.rulebooks[v].liquidation.style == "keeper"
    mine = np.flatnonzero(setup.table.units.venue[rows.unit] == v)
    price = setup.spot[rows.asset[mine]] * rows.multiplier[mine]
    inverse = rows.kind[mine] == RowKind.INVERSE
    value = np.abs(rows.size[mine]) * np.where(inverse, 1.0, price)
    balance = rows.kind[mine] == RowKind.BALANCE
    counts = balance & (rows.size[mine] > 0) if lends else ~balance
    held = segment_sums(np.where(counts, value, 0.0), rows.asset[mine], assets)
    total = float(held.sum())
    shares: Floats = held / total if total > 0 else held
    return shares
