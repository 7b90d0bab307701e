"""What a keeper does with a breached loan: repay debt, seize collateral at a bonus, sell it.

repay R = share x debt value; seize R (1 + bonus) / collateral price, capped by what is there, in
which case R shrinks to collateral value / (1 + bonus). The keeper acts only if the sale, after its
own impact, pays for the repayment and for gas: that is how keepers vanish when depth does.
Source: Aave v3, Warmuz, Chaudhary, Pinna arXiv:2212.07306 for the spiral (L3): the
ratio debt / collateral worsens iff loan-to-value > 1 / (1 + bonus). Wrong when keepers
race each other: keeper_race.py.
"""

from __future__ import annotations

import numpy as np

from seawall.book.book import Bools, Floats


def seizure(
    debt: Floats,
    debt_price: Floats,
    collateral: Floats,
    collateral_price: Floats,
    share: Floats,
    bonus: Floats,
) -> tuple[Floats, Floats]:
    """Debt repaid and collateral seized, in units (n,), at oracle prices (n,); both >= 0."""
    value = share * debt * debt_price
    wanted = value * (1.0 + bonus) / collateral_price
    capped = wanted > collateral
    seized = np.where(capped, collateral, wanted)
    repaid = np.where(
        capped, collateral * collateral_price / (1.0 + bonus) / debt_price, share * debt
    )
    return np.minimum(repaid, debt), seized


def worth_it(proceeds: Floats, cost: Floats, gas: Floats) -> Bools:
    """True (n,) where the sale's proceeds exceed the repayment and gas, quote."""
    return proceeds > cost + gas
