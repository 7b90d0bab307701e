"""What happened to accounts between two Cases, row by row: trades, forced closes, cash.

kind         what the row's money is called in the explanation; one of KINDS
instrument   with ``size`` (signed change of the position) and ``price``: a trade, a forced close
             (liquidation, adl), or a settlement (expiry). Price in quote per base unit, of an
             option its premium. ``underlying_price`` at that moment turns the premium of an option
             that pays in coin into coin; where it is missing the price at the end stands in
asset        with ``amount`` (units, received > 0): cash. A row may have both: a close and its fee.
             A purchase of coins is two rows of kind trade, one for each asset
"""

from __future__ import annotations

from dataclasses import dataclass

KINDS = (
    "trade",
    "liquidation",
    "adl",
    "socialised",
    "expiry",
    "fee",
    "funding",
    "interest",
    "deposit",
    "withdrawal",
)
# Money that comes in or goes out: equity changes, nothing is earned.
TRANSFERS = ("deposit", "withdrawal")


@dataclass(frozen=True)
class Fill:
    """One row; what it does not say is None."""

    account: str
    kind: str
    instrument: str | None = None
    size: float | None = None
    price: float | None = None
    underlying_price: float | None = None
    asset: str | None = None
    amount: float | None = None
