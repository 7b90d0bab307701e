"""What venues of perpetuals alone cannot margin is refused by name, not left out."""

from __future__ import annotations

import numpy as np

from seawall.foundation.errors import InputError
from seawall.margin.account.margin_account import MarginAccount


def refuse_other_than_perpetuals(account: MarginAccount, venue: str) -> None:
    """Raise InputError for an option, an inverse contract or a dated future in ``account``."""
    perps = account.perps
    wrong = [(name, "an option") for name in account.options.names]
    dated = np.isfinite(perps.seconds) if perps.seconds.size else np.zeros(len(perps.names), bool)
    inverse = perps.inverse if perps.inverse.size else np.zeros(len(perps.names), bool)
    for n, name in enumerate(perps.names):
        if inverse[n]:
            wrong.append((name, "an inverse contract"))
        elif dated[n]:
            wrong.append((name, "a dated future"))
    if wrong:
        name, kind = wrong[0]
        raise InputError(
            f"account {account.name!r} holds {kind}, {name!r}, which {venue} does not list",
            expected="linear perpetuals and coins",
        )


def refuse_owed_coins(account: MarginAccount, venue: str) -> None:
    """Raise InputError for a coin that ``account`` owes: ``venue`` lends none."""
    held = account.balances
    for asset, quantity in zip(held.assets, held.quantity.tolist(), strict=True):
        if quantity < 0.0:
            raise InputError(
                f"account {account.name!r} owes {-quantity:g} {asset}, which {venue} does not lend",
                expected=f"no debt but in {account.settle}",
            )
