"""What margining positions together saves against margining each alone, in quote currency.

Saved = sum over positions of the requirement of an account that holds only that position - the
requirement of the account as it is, under the same rules. Portfolio rules net losses against gains
and save a lot. Tiered rules add positions up, so nothing is saved in margin: what cross margin
shares there is collateral. Let E be equity, M maintenance, and let n prices within a factor of 10
each be able to liquidate the account. An isolated position on one of them that shall die at the
same price needs equity E - (M - its own maintenance); over all n that is n (E - M) + M. Cross
margin does it with E. Its price is joint failure: one position takes the collateral of all.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from seawall.margin.account.margin_account import Balances, MarginAccount
from seawall.margin.account.split import rows_of
from seawall.margin.rules import Rules
from seawall.whatif.standing import Standing

# Relative to the sum alone: below this nothing is saved but the last bits of sums.
NOTHING = 1e-9
# Prices further away than this factor are no threat that margin would be locked for.
REACH = 10.0


@dataclass(frozen=True)
class CrossSaving:
    """Margin of one account together and position by position, quote.

    positions  how many, each margined alone        together, alone  (initial, maintenance)
    same_prices_equity  equity that isolated margin would lock to keep every liquidation price
               where it is; None where margin itself is saved, or nothing threatens the account
    """

    account: str
    positions: int
    equity: float
    initial_together: float
    initial_alone: float
    maintenance_together: float
    maintenance_alone: float
    same_prices_equity: float | None

    @property
    def saved_initial(self) -> float:
        """Initial margin saved, quote."""
        return self.initial_alone - self.initial_together

    @property
    def saved_maintenance(self) -> float:
        """Maintenance margin saved, quote."""
        return self.maintenance_alone - self.maintenance_together

    @property
    def saves_maintenance(self) -> bool:
        """True when more than rounding is saved."""
        return abs(self.saved_maintenance) > NOTHING * max(abs(self.maintenance_alone), 1e-12)


def cross_saving(rules: Rules, standing: Standing) -> CrossSaving | None:
    """The saving of one margin account; None when it holds fewer than two positions."""
    alone = one_by_one(standing.held)
    if len(alone) < 2:
        return None
    found = [rules.assess(account).requirement for account in alone]
    saving = CrossSaving(
        account=standing.held.name,
        positions=len(alone),
        equity=standing.equity,
        initial_together=standing.initial,
        initial_alone=float(sum(float(r.initial) for r in found)),
        maintenance_together=standing.maintenance,
        maintenance_alone=float(sum(float(r.maintenance) for r in found)),
        same_prices_equity=None,
    )
    moves = [t.prices.distance for t in standing.threats]
    prices = sum(move is not None and 1.0 / REACH <= 1.0 + move <= REACH for move in moves)
    buffer = standing.equity - standing.maintenance
    if saving.saves_maintenance or prices < 2 or buffer <= 0.0:
        return saving
    return replace(saving, same_prices_equity=prices * buffer + standing.maintenance)


def one_by_one(account: MarginAccount) -> list[MarginAccount]:
    """An account without cash for each derivative position, its coins left out."""
    count_p, count_o = account.perps.size.size, account.options.amount.size
    bare = replace(account, cash=0.0, balances=Balances())
    out = []
    for n in range(count_p):
        keep = np.arange(count_p) == n
        perps = rows_of(account.perps, keep)
        options = rows_of(account.options, np.zeros(count_o, dtype=bool))
        name = f"{account.name}/{account.perps.names[n]}"
        out.append(_only(replace(bare, name=name, perps=perps, options=options)))
    for n in range(count_o):
        keep = np.arange(count_o) == n
        options = rows_of(account.options, keep)
        perps = rows_of(account.perps, np.zeros(count_p, dtype=bool))
        name = f"{account.name}/{account.options.names[n]}"
        out.append(_only(replace(bare, name=name, perps=perps, options=options)))
    return out


def _only(account: MarginAccount) -> MarginAccount:
    """The account with the spot prices of what it holds, as the view of it alone would have."""
    held = {*account.perps.underlying, *account.options.underlying}
    return replace(account, spot={a: p for a, p in account.spot.items() if a in held})
