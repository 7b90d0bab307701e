"""Units of a wrapped or staked asset that nothing stands behind, sold or borrowed against.

Before, ``supply`` units stand on as many of what they wrap. ``minted`` more appear without backing;
once that is known, a unit's claim and so its price is

    factor = supply / (supply + minted)      (the price falls by the unbacked share of the supply)

from ``known_after_seconds`` on. At once, the fraction ``dump_share`` of the minted is sold into the
market, with its impact; the rest is deposited at the lender ``venue``, where the thief borrows
``borrow`` up to

    taken = min(weight x deposited x the price the lender sees, available)

with ``weight`` the lender's own loan-to-value where left out. The collateral is real tokens, so
keepers may still sell it at the fallen price; what that does not bring is bad debt.

Source: the form of Kelp rsETH (18 April 2026: 116,500 unbacked rsETH, deposited at Aave) and of
Wormhole (February 2022). Wrong when: redemptions stop and the token trades below its claim (add
a depeg), or the issuer makes good.
"""

from __future__ import annotations

from dataclasses import dataclass

from seawall.foundation.errors import InputError
from seawall.foundation.quantity import AMOUNT, FRACTION, POSITIVE_FRACTION, SECONDS, Quantity
from seawall.foundation.record import number
from seawall.scenario.failure.arrival import Arrival

UNITS = Quantity("a number of units above 0", 0.0, 1e30, True)


@dataclass(frozen=True, kw_only=True)
class UnbackedMint(Arrival):
    """``minted`` unbacked units of ``asset`` beside a ``supply`` of backed ones.

    known_after_seconds  until the price knows
    dump_share           fraction of the minted sold at once
    venue, borrow        lender where the rest is deposited, and what is borrowed there
    weight, available    fraction of the deposit's value borrowed; most there is to borrow, quote
    """

    asset: str
    minted: float = number(UNITS)
    supply: float = number(UNITS)
    known_after_seconds: float = number(SECONDS, 0.0)
    dump_share: float = number(FRACTION, 0.0)
    venue: str | None = None
    borrow: str | None = None
    weight: float | None = number(POSITIVE_FRACTION, None)
    available: float | None = number(AMOUNT, None)

    def __post_init__(self) -> None:
        super().__post_init__()
        if (self.venue is None) != (self.borrow is None):
            raise InputError(
                "an unbacked mint names a venue without what is borrowed there, or the reverse",
                expected="venue and borrow together, or neither",
            )

    @property
    def backed(self) -> float:
        """Factor on the asset's price: the share of the supply that is backed."""
        return self.supply / (self.supply + self.minted)
