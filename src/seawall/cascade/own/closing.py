"""Own mechanisms that answer a question while accounts are closed: ADL, loss, size, auction."""

from __future__ import annotations

import numpy as np

from seawall.book.book import Floats, Ints
from seawall.cascade.custom import AdlView, AuctionView, SizingView, SocialiseView
from seawall.cascade.own.ask import all_together, ask, at_most, numbers, still
from seawall.cascade.own.code import Own
from seawall.waterfall.winners import Need, Taken, Winners, at_bankruptcy

# A keeper that receives eleven times what it repays.
LARGEST_BONUS = 10.0


def own_taken(own: Own, winners: Winners, need: Need) -> Taken:
    """Contracts that an own rule closes, at the bankruptcy price."""
    view = AdlView(
        size=still(winners.size),
        available=still(winners.available),
        mark=still(winners.mark),
        entry=still(winners.entry),
        notional=still(winners.value),
        profit=still(winners.profit),
        equity=still(winners.equity),
        maintenance=still(winners.maintenance),
        needed=need.size,
        deficit=need.deficit,
    )
    found = numbers(own, ask(own, view), winners.size.shape, 0.0, np.inf, "O4")
    found = at_most(own, found, winners.available, "contracts that may be closed", "O4")
    return at_bankruptcy(all_together(own, found, need.size, "contracts are to be closed"), need)


def own_shares(own: Own, loss: float, equity: Floats, notional: Floats) -> Floats:
    """What each account (n,) bears of a socialised loss by an own rule, quote."""
    view = SocialiseView(loss, still(equity), still(notional))
    found = numbers(own, ask(own, view), equity.shape, 0.0, np.inf)
    return all_together(own, found, loss, "is the loss")


def own_fraction(
    own: Own, equity: Floats, maintenance: Floats, notional: Floats, tried: Ints
) -> Floats:
    """Fraction (n,) of each breached account to close by an own rule."""
    view = SizingView(still(equity), still(maintenance), still(notional), still(tried))
    return numbers(own, ask(own, view), equity.shape, 0.0, 1.0, "O4")


def own_bonus(own: Own, waited: Floats, fixed: Floats) -> Floats:
    """Bonus (n,) on the debt repaid by an own rule."""
    view = AuctionView(still(waited), still(fixed))
    return numbers(own, ask(own, view), waited.shape, -1.0 + 1e-6, LARGEST_BONUS)
