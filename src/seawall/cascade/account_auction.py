"""Whole accounts for sale at a falling price, inside the loop (liquidation/dutch_auction.py).

A bidder takes a share of an account's positions with the value that goes with them, at a discount,
and sells them to the order book at once. So the account trades at its margin price; the bidder
bears the impact of the sale and the spread of options, and gets the discount:

    solvent      share f x (value - reserved) x (1 - D)
    insolvent    everything, for what the venue pays above -value: 0 rising to maintenance

Collateral stays with a solvent account unless all of it is sold or it holds no position: of what
it then holds the share f goes.
It bids once that covers its own sale's impact, the options' spread, gas and the profit it asks
for. What an insolvent account lacks, the payment included, goes down the waterfall.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from seawall.book.book import Bools, Floats, Ints
from seawall.cascade.breach import Breach
from seawall.cascade.breakers import not_wanted
from seawall.cascade.fills import (
    Lines,
    closing_lines,
    fill,
    line_asset,
    line_flow,
    option_price,
    own_impact,
    pair_of,
    pay,
    settlement_price,
    trade_impact,
)
from seawall.cascade.keepers import Race, begin_race, priority_fee, run_race
from seawall.cascade.losses import cover_deficits
from seawall.cascade.market_step import venue_market
from seawall.cascade.setup import Setup
from seawall.cascade.state import State
from seawall.cascade.tape import EventKind, TapeWriter
from seawall.cascade.transfers import between
from seawall.cascade.waiting import waited_seconds
from seawall.foundation.arrays import segment_sums
from seawall.foundation.units import SECONDS_PER_YEAR
from seawall.liquidation.dutch_auction import DutchAuction, quote


@dataclass(frozen=True)
class _Offers:
    """Accounts (n,) for sale: share, what the bidder gets and what stays reserved, quote."""

    path: Ints
    unit: Ints
    leg: Ints
    share: Floats
    discount: Floats
    reserved: Floats
    insolvent: Bools

    def only(self, keep: Ints) -> _Offers:
        """The chosen accounts."""
        return _Offers(
            self.path[keep],
            self.unit[keep],
            self.leg[keep],
            self.share[keep],
            self.discount[keep],
            self.reserved[keep],
            self.insolvent[keep],
        )


def auction_accounts(
    setup: Setup,
    state: State,
    step: int,
    v: int,
    rule: DutchAuction,
    breach: Breach,
    tape: TapeWriter,
) -> None:
    """Offer breached accounts of one venue; who finds no bidder waits for the next step."""
    path, unit = breach.path, breach.unit
    if path.size == 0:
        return
    # One look per step: the price falls with time, not with what others sold.
    state.ready[path, unit] = step + 1
    offers = _offers(setup, state, step, rule, breach)
    lines = _for_sale(setup, state, offers)
    years = step * setup.step_seconds / SECONDS_PER_YEAR
    flow = line_flow(setup, state, lines, years)
    pair = pair_of(setup, path, unit, lines)
    own = own_impact(setup, state, lines.path, line_asset(setup, lines), flow)
    loss = np.abs(flow) * np.abs(own - 1.0) + _spread(setup, state, lines, years)
    impact = segment_sums(loss, pair, path.size)
    notional = segment_sums(np.abs(flow), pair, path.size)
    race = begin_race(setup, state, step, v, path, unit)
    taken, gas, rivals = _bidders(setup, state, v, race, offers.discount, impact, notional, tape)
    left = np.setdiff1d(np.arange(path.size), taken)
    not_wanted(setup, state, v, path[left], unit[left])
    if taken.size == 0:
        return
    sold = np.isin(pair, taken)
    mine = Lines(
        lines.path[sold],
        lines.unit[sold],
        lines.index[sold],
        lines.change[sold],
        lines.option[sold],
    )
    bought = offers.only(taken)
    gain = _hand_over(setup, state, step, v, bought, mine, flow[sold], gas)
    fee = np.zeros(taken.size)
    if race is not None:
        fee = priority_fee(setup, state, race, v, bought.path, bought.unit, gain, rivals, tape)
    tape.write(
        step,
        EventKind.LIQUIDATION,
        bought.path,
        bought.unit,
        leg=bought.leg,
        notional=notional[taken],
        keeper=fee - gain,
        fee=fee,
    )
    full = bought.share >= 1.0
    cover_deficits(setup, state, step, bought.path[full], bought.unit[full], tape)


def _for_sale(setup: Setup, state: State, offers: _Offers) -> Lines:
    """The share of each account that is offered: positions, and collateral where nothing else is.

    An account of which all is sold keeps no collateral, or its cash owed would pass for a loss.
    """
    path, unit, nobody = offers.path, offers.unit, np.zeros(offers.path.size, dtype=bool)
    lines = closing_lines(setup, state, path, unit, offers.share, nobody)
    held = np.bincount(pair_of(setup, path, unit, lines), minlength=path.size) > 0
    balances = (offers.share >= 1.0) | ~held
    if not balances.any():
        return lines
    return closing_lines(setup, state, path, unit, offers.share, balances)


def _bidders(
    setup: Setup,
    state: State,
    v: int,
    race: Race | None,
    discount: Floats,
    impact: Floats,
    notional: Floats,
    tape: TapeWriter,
) -> tuple[Ints, Floats, Bools]:
    """Which accounts (m,) find a bidder, the gas of each (m,) quote, and whether it had rivals."""
    if race is None:
        gas = setup.rulebooks[v].liquidation.gas
        taken = np.flatnonzero(discount > impact + gas)
        return taken, np.full(taken.size, gas), np.zeros(taken.size, dtype=bool)
    # What a keeper must be able to carry is the notional that it takes over.
    proceeds = notional + discount - impact
    every = np.arange(notional.size)
    won = run_race(setup, state, race, v, every, proceeds, notional, tape)
    taken = np.flatnonzero(won.winner >= 0)
    return taken, won.gas[taken], won.rivals[taken]


def _offers(setup: Setup, state: State, step: int, rule: DutchAuction, breach: Breach) -> _Offers:
    """The venue's rule for each account; net maintenance is equity less maintenance."""
    memory = state.closing.waiting
    assert memory is not None
    path, unit = breach.path, breach.unit
    waited = waited_seconds(setup, state, step, path, unit)
    kept = memory.reserved[path, unit]
    share, discount, reserved = np.zeros((3, path.size))
    insolvent = np.zeros(path.size, dtype=bool)
    for n in range(path.size):
        value, net = float(breach.equity[n]), float(breach.equity[n] - breach.maintenance[n])
        offer = quote(rule, value, net, float(waited[n]), float(kept[n]))
        share[n], insolvent[n] = offer.share, offer.insolvent
        if offer.insolvent:
            discount[n] = value - offer.price
        else:
            free = value - float(kept[n])
            discount[n] = offer.share * free * (1.0 - offer.discount)
            reserved[n] = kept[n] + offer.share * free * offer.discount
    return _Offers(path, unit, breach.leg, share, discount, reserved, insolvent)


def _hand_over(
    setup: Setup,
    state: State,
    step: int,
    v: int,
    bought: _Offers,
    lines: Lines,
    flow: Floats,
    gas: Floats,
) -> Floats:
    """Trade the lines and pay the bidders; what each gains (n,), quote, after impact and gas."""
    years = step * setup.step_seconds / SECONDS_PER_YEAR
    path, unit = bought.path, bought.unit
    venue = np.full(lines.path.size, v)
    asset = line_asset(setup, lines)
    spot, _ = trade_impact(setup, state, lines.path, asset, flow, venue)
    price = settlement_price(setup, state, lines, spot, years)
    fair = _margin_price(setup, state, lines, years)
    fill(setup, state, lines, price, "book")
    # The bidder makes good what the sale brought less than the margin price.
    settle = setup.table.feed_asset[setup.table.units.settle[lines.unit]]
    lost = lines.change * (price - fair) * state.market[lines.path, settle]
    cost = segment_sums(lost, pair_of(setup, path, unit, lines), path.size)
    pay(setup, state, path, unit, cost - bought.discount, "keeper")
    between(state, v, path, setup.quote, "keeper", "outside", gas)
    memory = state.closing.waiting
    assert memory is not None
    memory.reserved[path, unit] = bought.reserved
    return bought.discount - cost - gas


def _margin_price(setup: Setup, state: State, lines: Lines, years: float) -> Floats:
    """What margin counts each line at (l,), settlement units per unit of size: options at mark."""
    rows, options, table = setup.table.rows, setup.table.options, setup.table
    feed = np.empty(lines.index.size, dtype=np.int64)
    feed[~lines.option] = rows.feed[lines.index[~lines.option]]
    feed[lines.option] = options.feed[lines.index[lines.option]]
    price = settlement_price(setup, state, lines, state.quotes.price[lines.path, feed], years)
    path, o, unit = lines.path[lines.option], lines.index[lines.option], lines.unit[lines.option]
    coin = state.quotes.price[path, table.units.settle[unit]]
    price[lines.option] = state.quotes.option_value[path, o] / coin
    return price


def _spread(setup: Setup, state: State, lines: Lines, years: float) -> Floats:
    """Quote (l,) that each line pays for the options' bid-ask spread, at market prices."""
    paid = np.zeros(lines.index.size)
    if lines.option.any():
        o, path, unit = (x[lines.option] for x in (lines.index, lines.path, lines.unit))
        change = lines.change[lines.option]
        spot = venue_market(setup, state, path, unit, setup.table.options.asset[o])
        deal = option_price(setup, o, spot, np.sign(change), years)
        mark = option_price(setup, o, spot, np.zeros(o.size), years)
        coin = state.market[path, setup.table.feed_asset[setup.table.units.settle[unit]]]
        paid[lines.option] = np.abs(change * (deal - mark)) * coin
    return paid
