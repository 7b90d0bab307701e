"""What a wrong price unlocks at a venue, quote, for a price seen at the factor f.

- ``withdraw`` (order-book venue). A position of notional N, taken quietly before, shows a profit of
  N |f - 1|; above its initial margin (rate i) that can be taken out and the account left behind:

      gain = N ((f - 1)(1 - i) - i) long,   N ((1 - f)(1 + i) - i) short

  N up to a stated share of the instrument's open interest (a tenth unless stated: an assumption),
  or the venue's cap; gain up to what others have at the venue.
- ``borrow`` (lender). Collateral of value C, at the true price, is borrowed against up to c f C (c
  its loan-to-value) and left behind; units bought to move the price are collateral too, and where
  c f > 1 more of it is bought quietly before. Up to what is there to be borrowed.
- ``liquidate`` (lender, price pushed down). Loans below maintenance at the price seen are repaid,
  up to the close factor, for collateral that is worth more than it seems:

      gain = sum of repaid x ((1 + bonus) / f - 1)

  if nobody else is quicker.

Source: the form of Mango Markets (October 2022) for the first two; Qin, Zhou, Livshits and Gervais
(2021), "Attacking the DeFi ecosystem with flash loans for fun and profit", for searching the best
plan at all. Wrong when: other keepers share the last; the position of the first cannot be had
without moving the price; the venue holds withdrawals.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from seawall.book.book import Ints
from seawall.breaker.open_interest_cap import OpenInterestCap
from seawall.cascade.loan_calls import loans_of
from seawall.cascade.setup import Setup
from seawall.cascade.table import chosen
from seawall.instruments import Perpetual
from seawall.liquidation.sizing import repay_fraction
from seawall.margin.table.assess import assess, option_quotes, starting_holdings
from seawall.margin.table.listing import tiers_of
from seawall.margin.table.margin_table import RowKind
from seawall.mechanism.attack.cost import Floats

# Lenders whose deposits the book does not show have lent 80% of what they have: an assumption.
UTILISATION = 0.8


@dataclass(frozen=True)
class Prize:
    """What can be gained at one venue with one asset; bounds in quote.

    rates  {largest notional: initial margin rate} (withdraw); weight: loan-to-value (borrow)
    """

    available: float
    size_cap: float
    rates: tuple[tuple[float, float], ...] = ()
    weight: float = 0.0

    def capped(self, size: float) -> Prize:
        """The same with a smaller cap on the attacker's size."""
        return replace(self, size_cap=min(self.size_cap, size))


def withdrawal(prize: Prize, factor: Floats) -> tuple[Floats, Floats, Floats]:
    """Gain, notional and margin (any shape) of a position that is left behind."""
    gain, size, margin = np.zeros((3, *np.shape(factor)))
    for largest, rate in prize.rates:
        notional = min(largest, prize.size_cap)
        up = (factor - 1.0) * (1.0 - rate) - rate
        down = (1.0 - factor) * (1.0 + rate) - rate
        each = np.where(factor >= 1.0, up, down)
        wanted = np.minimum(notional * each, prize.available)
        better = wanted > gain
        gain = np.where(better, wanted, gain)
        size = np.where(better, wanted / np.where(better, each, 1.0), size)
        margin = np.where(better, rate * size, margin)
    return gain, size, margin


def loan_proceeds(
    prize: Prize, factor: Floats, worth: Floats, sale: Floats
) -> tuple[Floats, Floats]:
    """What units worth ``worth`` quote at the true price bring at best (any shape), and what was
    bought beside them: borrowed against and left, less what those cost; ``sale`` is what selling
    them would bring, of which those not needed bring their share: too little, as the first bring
    most.
    """
    each = prize.weight * factor
    room = np.divide(prize.available, each, out=np.zeros(np.shape(each)), where=each > 0)
    own = np.minimum(worth, room)
    extra = np.where(each > 1.0, np.clip(room - own, 0.0, prize.size_cap), 0.0)
    left = np.divide(worth - own, worth, out=np.zeros(np.shape(each)), where=worth > 0)
    borrowed = each * (own + extra) - extra + left * sale
    return borrowed, extra


def order_book_prize(setup: Setup, v: int, k: int, share: float) -> Prize | None:
    """The prize of a perpetual on asset ``k`` at an order-book venue; None without one.

    ``share`` of the open interest that the attacker may hold.
    """
    name, rulebook = setup.table.assets[k], setup.rulebooks[v]
    listed = [
        i
        for i in setup.case.book.instruments
        if isinstance(i, Perpetual) and i.underlying == name and not (i.inverse or i.quanto)
    ]
    # The most traded one.
    open_size = [_open_interest(setup, v, i.name) for i in listed]
    if not listed or max(open_size) <= 0.0:
        return None
    n = int(np.argmax(open_size))
    cap = chosen(setup.mechanisms[v], "open_interest_cap", OpenInterestCap)
    most = share * open_size[n] * float(setup.spot[k])
    most = most if cap is None else min(most, cap.cap(listed[n].name))
    tiers = tiers_of(rulebook, listed[n])
    ends = [*(tier.lower_bound for tier in tiers[1:]), most]
    rates = tuple((end, 1.0 / t.max_leverage) for end, t in zip(ends, tiers, strict=True))
    mine = setup.table.units.venue == v
    others = float(np.maximum(setup.start_equity[0, mine], 0.0).sum())
    return Prize(others + rulebook.waterfall.fund + rulebook.waterfall.backstop, most, rates)


def _open_interest(setup: Setup, v: int, instrument: str) -> float:
    """Open interest in units: stated by the market, else the larger side of the book."""
    state = setup.case.market.instruments.get(instrument)
    if (v, instrument) not in setup.table.contracts:
        return 0.0
    if state is not None and state.open_interest is not None:
        return state.open_interest
    rows = setup.table.rows
    size = rows.size[rows.contract == setup.table.contracts.index((v, instrument))]
    return float(max(size[size > 0].sum(), -size[size < 0].sum()))


def lender_prize(setup: Setup, v: int, k: int) -> Prize | None:
    """The prize of asset ``k`` as collateral at a lender; None where it counts for nothing."""
    terms = setup.rulebooks[v].collateral.get(setup.table.assets[k])
    if terms is None or terms.loan_to_value <= 0.0:
        return None
    rows = setup.table.rows
    mine = (setup.table.units.venue[rows.unit] == v) & (rows.kind == RowKind.BALANCE)
    mine &= rows.asset != k
    worth = rows.size[mine] * setup.spot[rows.asset[mine]]
    lent, deposited = -worth[worth < 0].sum(), worth[worth > 0].sum()
    unseen = lent * (1.0 / UTILISATION - 1.0)
    return Prize(float(max(deposited - lent, unseen)), np.inf, weight=terms.loan_to_value)


def bonus_gain(setup: Setup, v: int, k: int, factor: float) -> float:
    """What keepers gain, at true prices, of loans that fall below maintenance at ``factor``."""
    table = setup.table
    price = setup.spot[table.feed_asset].copy()
    price[(table.feed_venue == v) & (table.feed_asset == k)] *= factor
    quotes = option_quotes(table, price[None, :], setup.spot[table.feed_asset], 0.0)
    quotes.integral = np.zeros_like(quotes.price)
    unit: Ints = np.flatnonzero(table.units.venue == v)
    path = np.zeros_like(unit)
    equity, maintenance, worth = assess(table, starting_holdings(table), quotes, path, unit)
    loans = loans_of(setup, worth, unit.size)
    if loans.ranked.size == 0:
        return 0.0
    first = loans.ranked[0]
    hit = (equity < maintenance) & (first >= 0) & (loans.debt > 0)
    hit &= table.rows.asset[np.maximum(first, 0)] == k
    rule = setup.rulebooks[v].liquidation
    row = first[hit]
    bonus = table.rows.bonus[row]
    share = repay_fraction(rule, loans.health[hit])
    held = starting_holdings(table).size[0, row] * price[table.rows.feed[row]]
    repaid = np.minimum(share * loans.debt[hit], held / (1.0 + bonus))
    each = (1.0 + bonus) / factor - 1.0
    return float(np.sum(np.maximum(repaid * each - rule.gas, 0.0)))
