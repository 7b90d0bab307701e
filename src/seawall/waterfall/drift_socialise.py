"""Drift v2 bankruptcy in whole numbers: what the insurance fund does not pay, all others pay.

A perpetual's loss is spread over the base amount of all positions, long and short, as one step of
the funding index; a borrow's loss lowers the index by which deposits of that asset grow:

    perpetual  step per base unit = ceil(loss / (long + |short|)) at six decimals
    spot       step of the index  = ceil(index x loss / all deposits)

Both are rounded up, so that what is collected is never below the loss.
Units: quote and loss 1e-6, base 1e-9, funding index 1e-9, deposit index 1e-10.
Source: drift-labs/protocol-v2, math/liquidation (facts restated). Wrong for the venue's own account
(the AMM), which pays its share like any other position here. The loop does not use it yet.
"""

from __future__ import annotations

from seawall.foundation.errors import InputError
from seawall.foundation.exact import divide_up
from seawall.margin.protocols.drift_exact import BASE_UNIT

# The funding index has three more decimals than the quote asset.
QUOTE_TO_FUNDING = 1_000


def funding_step(loss: int, long_base: int, short_base: int) -> int:
    """Step of the funding index (1e-9 quote per base unit) that spreads a loss (1e-6).

    long_base, short_base  open interest of each side, 1e-9, either sign. Raises InputError when
    nobody holds a position: there is nobody to pay.
    """
    holders = abs(long_base) + abs(short_base)
    if holders == 0:
        raise InputError(
            f"a loss of {loss} is to be spread over no open position",
            expected="open interest on one side at least",
        )
    return divide_up(abs(loss) * BASE_UNIT, holders) * QUOTE_TO_FUNDING


def deposit_index_step(loss: int, deposits: int, index: int) -> int:
    """How far the deposit index falls (in its own 1e-10) for ``loss`` of all ``deposits``.

    loss and deposits in the same token units. 0 when there are no deposits: nobody can pay.
    """
    if deposits == 0:
        return 0
    return divide_up(index * loss, deposits)
