"""Breached loans that no keeper calls: told from those that one may call, without a search.

A call repays R <= share x debt of one debt row and seizes R d (1 + bonus) / c units of collateral,
d and c being oracle prices; its sale brings the market price at most. So it earns at most

    R x (d (1 + bonus) market_c / c - market_d - interest)

and where that is below the gas for every pair of collateral and debt no call of any size pays: the
plain loop would search, find none, and leave the loan alone until the next step. Most breached
loans are of this kind: too small for the gas. In doubt the plain loop searches.
"""

from __future__ import annotations

from seawall.cascade.fast.assess_kernel import BALANCE, row_worth
from seawall.cascade.fast.layout_kernel import SHORTFALL, Books, Fixed, Prices
from seawall.foundation.compiled import record_helper

# Sums of worth are trusted to this share of them, which is far above their rounding.
TRUSTED = 1e-9
# Collateral below this share of the debt may be hopeless: see DUST of `seawall.cascade.lending`.
HOPELESS = 1e-8


@record_helper
def value(fixed: Fixed, books: Books, prices: Prices, p: int, u: int, r: int) -> float:
    """Worth of a row at oracle prices, quote, as the margin table has it."""
    rows = fixed.rows
    line, feed = rows.lines[rows.line[r]], rows.feed[r]
    settle = prices.feed[p, fixed.units.settle[u]]
    price = prices.feed[p, feed] * rows.multiplier[r]
    worth: float = row_worth(line, books.size[p, r], price, prices.integral[p, feed], settle)
    return worth


@record_helper
def may_repay(fixed: Fixed, books: Books, prices: Prices, p: int, u: int) -> float:
    """Largest share of the debt that may be repaid at once; below 0: not known, or hopeless."""
    rows, venues, v = fixed.rows, fixed.venues, fixed.units.venue[u]
    collateral, weighted, debt = 0.0, 0.0, 0.0
    for r in range(fixed.units.rows[u], fixed.units.rows[u + 1]):
        if rows.kind[r] != BALANCE:
            return -1.0
        worth = value(fixed, books, prices, p, u, r)
        threshold = 1.0 - rows.lines[rows.line[r], SHORTFALL]
        if worth > 0.0 and threshold > 0.0:
            collateral += worth
            weighted += worth * threshold
        debt += max(-worth, 0.0)
    if not (debt > 0.0 and collateral > HOPELESS * debt):
        return -1.0
    if weighted > venues.full_below[v] * debt * (1.0 + TRUSTED):
        share: float = venues.close_factor[v]
        return share
    return 1.0


@record_helper
def most_earned(
    fixed: Fixed, books: Books, prices: Prices, p: int, u: int, share: float, c: int, d: int
) -> float:
    """Most that a call of any size earns on a collateral row ``c`` and a debt row ``d``, quote."""
    rows = fixed.rows
    accrued = -rows.rate[d] * rows.multiplier[d] * prices.integral[p, rows.feed[d]]
    debt_price = prices.feed[p, rows.feed[d]] * rows.multiplier[d] + accrued
    price = prices.feed[p, rows.feed[c]] * rows.multiplier[c]
    grown = debt_price * (1.0 + rows.bonus[c])
    repaid = min(-share * books.size[p, d], books.size[p, c] * price / grown)
    proceeds = repaid * grown / price * prices.market[p, rows.asset[c]]
    cost = repaid * (prices.market[p, rows.asset[d]] + accrued)
    most: float = max(proceeds - cost, 0.0) + TRUSTED * (proceeds + abs(cost))
    return most


@record_helper
def nobody_calls(fixed: Fixed, books: Books, prices: Prices, p: int, u: int) -> bool:
    """Whether surely no keeper calls a breached loan at this step, and it is not written off."""
    rows, first, last = fixed.rows, fixed.units.rows[u], fixed.units.rows[u + 1]
    share = may_repay(fixed, books, prices, p, u)
    if share < 0.0 or fixed.units.has_options[u]:
        return False
    least = fixed.venues.gas[fixed.units.venue[u]] * (1.0 - TRUSTED)
    for c in range(first, last):
        if not books.size[p, c] > 0.0 or not rows.lines[rows.line[c], SHORTFALL] < 1.0:
            continue
        for d in range(first, last):
            if books.size[p, d] < 0.0:
                if not most_earned(fixed, books, prices, p, u, share, c, d) < least:
                    return False
    return True
