"""Order-book venues: which breached accounts are sold, taken over by the vault, or deleveraged."""

from __future__ import annotations

import math

import numpy as np

from seawall.book.book import Bools, Floats, Ints
from seawall.cascade.account_auction import auction_accounts
from seawall.cascade.breach import Breach
from seawall.cascade.breakers import may_trade, shut, vault_may_take
from seawall.cascade.deleveraging import adl_rule, deleverage
from seawall.cascade.fills import (
    Lines,
    closing_lines,
    fill,
    line_asset,
    line_flow,
    pair_of,
    pay,
    settlement_price,
    trade_impact,
)
from seawall.cascade.fund import beyond_fund, into_fund, refill
from seawall.cascade.losses import cover_deficits
from seawall.cascade.market_step import venue_market
from seawall.cascade.sale_size import fraction_to_close
from seawall.cascade.setup import Setup
from seawall.cascade.state import State, vault_equity
from seawall.cascade.table import chosen
from seawall.cascade.tape import EventKind, TapeWriter
from seawall.foundation.arrays import segment_sums
from seawall.foundation.units import SECONDS_PER_YEAR
from seawall.liquidation.dutch_auction import DutchAuction
from seawall.waterfall.pool_flag import PoolFlag


def close_accounts(
    setup: Setup, state: State, step: int, v: int, breach: Breach, tape: TapeWriter
) -> None:
    """Deal with one venue's breached accounts: vault, ADL or forced orders (law L4).

    Equity below ratio x maintenance but positive goes to the vault; negative equity that the fund
    cannot cover is deleveraged where the venue does so; everything else is sold. A venue that
    auctions accounts does nothing else.
    """
    auction = chosen(setup.mechanisms[v], "auction", DutchAuction)
    if auction is not None:
        every = np.ones(breach.path.size, dtype=bool)
        here = breach.only(may_trade(setup, state, step, v, breach, every, tape))
        auction_accounts(setup, state, step, v, auction, here, tape)
        return
    rulebook = setup.rulebooks[v]
    layers, rule = rulebook.waterfall.layers, rulebook.liquidation
    # Options have no bankruptcy price and the vault no book of them: their accounts are sold.
    plain = np.diff(setup.table.units.options)[breach.unit] == 0
    to_vault = np.zeros(breach.path.size, dtype=bool)
    if "backstop" in layers and rule.backstop_ratio is not None:
        low = (breach.equity >= 0) & (breach.equity < rule.backstop_ratio * breach.maintenance)
        solvent = np.zeros(state.depth.size, dtype=bool)
        distinct = np.unique(breach.path[low])
        solvent[distinct] = vault_equity(setup, state, distinct, v) > 0
        to_vault = low & solvent[breach.path] & plain
        to_vault = vault_may_take(setup, state, breach.path, breach.unit, to_vault)
    to_adl = np.zeros_like(to_vault)
    # A pool that cuts the other side's profits matches nobody's bankruptcy.
    if "adl" in layers and not isinstance(adl_rule(setup, v), PoolFlag):
        to_adl = (breach.equity < 0) & plain & state.switches.mutual[breach.path]
        if "fund" in layers[: layers.index("adl")]:
            refill(setup, state, step, v, np.unique(breach.path), tape)
            owed = np.maximum(-breach.equity, 0.0)
            beyond = beyond_fund(setup, state, v, breach.path, owed)
            to_adl &= beyond | shut(setup, state, step, v, breach.path)
    sold = may_trade(setup, state, step, v, breach, ~(to_vault | to_adl), tape)
    _to_vault(setup, state, step, breach.only(to_vault), tape)
    deleverage(
        setup,
        state,
        step,
        breach.path[to_adl],
        breach.unit[to_adl],
        breach.equity[to_adl],
        breach.leg[to_adl],
        tape,
    )
    _sell(setup, state, step, v, breach.only(sold), tape)


def _notional(setup: Setup, state: State, lines: Lines) -> Floats:
    """Absolute quote notional of each line at market prices."""
    rows, plain = setup.table.rows, ~lines.option
    out = np.empty(lines.index.size)
    row = lines.index[plain]
    market = venue_market(setup, state, lines.path, lines.unit, line_asset(setup, lines))
    price = market[plain] * rows.multiplier[row]
    out[plain] = np.abs(lines.change[plain]) * np.where(rows.kind[row] == 1, 1.0, price)
    out[lines.option] = np.abs(lines.change[lines.option]) * market[lines.option]
    return out


def _per_pair(setup: Setup, lines: Lines, amount: Floats, path: Ints, unit: Ints) -> Floats:
    """Sum of a line amount over the lines of each pair (path, unit)."""
    return segment_sums(amount, pair_of(setup, path, unit, lines), path.size)


def _sell(setup: Setup, state: State, step: int, v: int, breach: Breach, tape: TapeWriter) -> None:
    """Forced orders into the order book, in part or in full; then fees, then deficits."""
    if breach.path.size == 0:
        return
    rule, path, unit = setup.rulebooks[v].liquidation, breach.path, breach.unit
    years = step * setup.step_seconds / SECONDS_PER_YEAR
    whole = closing_lines(
        setup, state, path, unit, np.ones(path.size), np.zeros(path.size, dtype=bool)
    )
    notional = _per_pair(setup, whole, _notional(setup, state, whole), path, unit)
    fraction = fraction_to_close(
        setup, state, v, path, unit, breach.equity, breach.maintenance, notional, whole, years
    )
    full = fraction >= 1.0
    lines = closing_lines(setup, state, path, unit, fraction, full)
    asset = line_asset(setup, lines)
    flow = line_flow(setup, state, lines, years)
    venue = setup.table.units.venue[lines.unit]
    spot, _ = trade_impact(setup, state, lines.path, asset, flow, venue)
    fill(setup, state, lines, settlement_price(setup, state, lines, spot, years), "book")
    state.tried[path, unit] += 1
    wait = max(1, math.ceil(rule.cooldown_seconds / setup.step_seconds))
    state.ready[path, unit] = np.where(full, state.ready[path, unit], step + wait)
    fee, keeper = _charge_fees(setup, state, step, v, breach, notional * fraction, full, tape)
    tape.write(
        step,
        EventKind.LIQUIDATION,
        path,
        unit,
        leg=breach.leg,
        notional=notional * fraction,
        fee=fee,
        keeper=-keeper,
    )
    cover_deficits(setup, state, step, path[full], unit[full], tape)


def _charge_fees(
    setup: Setup,
    state: State,
    step: int,
    v: int,
    breach: Breach,
    notional: Floats,
    full: Bools,
    tape: TapeWriter,
) -> tuple[Floats, Floats]:
    """Charge forced orders (n,): liquidation fee to the fund or keeper, taker fee to the venue.

    Nobody is charged more than they have left: cash after a full close, equity before a partial
    one. Returns the whole fee and the keeper's part of it, quote.
    """
    rulebook, path, unit = setup.rulebooks[v], breach.path, breach.unit
    rule = rulebook.liquidation
    rate = rule.fee + rulebook.taker_fee
    if rate <= 0:
        return np.zeros(path.size), np.zeros(path.size)
    settle = setup.table.feed_asset[setup.table.units.settle[unit]]
    cash = state.holdings.cash[path, unit] * state.market[path, settle]
    bound = np.where(full, cash, breach.equity)
    total = np.clip(bound, 0.0, rate * notional)
    liquidation = total * (rule.fee / rate)
    kept = liquidation
    if rule.fee_to == "fund":
        kept = into_fund(setup, state, step, v, path, unit, liquidation, tape)
    pay(setup, state, path, unit, -kept, rule.fee_to)
    # The venue itself is part of the outside world.
    pay(setup, state, path, unit, kept - total, "outside")
    earned = rule.fee_to == "keeper"
    return total, liquidation if earned else np.zeros(path.size)


def _to_vault(setup: Setup, state: State, step: int, breach: Breach, tape: TapeWriter) -> None:
    """The backstop vault takes positions and margin: the owner keeps nothing, the vault both."""
    if breach.path.size == 0:
        return
    path, unit = breach.path, breach.unit
    years = step * setup.step_seconds / SECONDS_PER_YEAR
    lines = closing_lines(
        setup, state, path, unit, np.ones(path.size), np.ones(path.size, dtype=bool)
    )
    # Transfer at the market price: cash then holds the account's equity, which goes along.
    spot = venue_market(setup, state, lines.path, lines.unit, line_asset(setup, lines))
    fill(setup, state, lines, settlement_price(setup, state, lines, spot, years), "backstop")
    settle = setup.table.feed_asset[setup.table.units.settle[unit]]
    left = state.holdings.cash[path, unit] * state.market[path, settle]
    pay(setup, state, path, unit, -left, "backstop")
    state.holdings.cash[path, unit] = 0.0
    tape.write(
        step,
        EventKind.BACKSTOP,
        path,
        unit,
        leg=breach.leg,
        backstop=-left,
        notional=_per_pair(setup, lines, _notional(setup, state, lines), path, unit),
    )
