"""The slots of liquidation in a rulebook: which rules there are, which venues can have which."""

from __future__ import annotations

from collections.abc import Mapping

from seawall.foundation.errors import InputError
from seawall.liquidation.batch_auction import BatchAuction
from seawall.liquidation.dutch_auction import DutchAuction
from seawall.liquidation.falling_price import FallingPrice
from seawall.liquidation.keeper_race import Keepers
from seawall.liquidation.margin_call import MarginCall
from seawall.liquidation.sizing import Full, JustEnough
from seawall.liquidation.soft_bands import SoftBands
from seawall.liquidation.unwinding import Unwinding
from seawall.venues import Rulebook

LIQUIDATION_SLOTS: Mapping[str, Mapping[str, type]] = {
    "sizing": {"full": Full, "just_enough": JustEnough},
    "margin_call": {"margin_call": MarginCall},
    "auction": {
        "falling_price": FallingPrice,
        "batch": BatchAuction,
        "dutch_account": DutchAuction,
    },
    "keepers": {"keepers": Keepers},
    "backstop": {"unwinding": Unwinding},
    "soft": {"soft_bands": SoftBands},
}
# Rules of lending venues and of order-book venues; the others serve both.
LENDING = (FallingPrice, BatchAuction, SoftBands)
ORDER_BOOK = (Full, JustEnough, DutchAuction, Unwinding)


def check_liquidation(rulebook: Rulebook, mechanisms: Mapping[str, object]) -> None:
    """Raise InputError for a rule that the venue's way of closing accounts has no use for."""
    lends = rulebook.liquidation.style == "keeper"
    where = f"rulebook {rulebook.name}"
    for slot, rule in mechanisms.items():
        if isinstance(rule, LENDING) and not lends:
            raise InputError(
                f"[mechanisms.{slot}] sells the collateral of loans",
                file=where,
                expected='liquidation.style = "keeper", or another rule of the slot',
            )
        if isinstance(rule, ORDER_BOOK) and lends:
            raise InputError(
                f"[mechanisms.{slot}] closes positions in an order book",
                file=where,
                expected='liquidation.style = "orderbook", or another rule of the slot',
            )
        if isinstance(rule, BatchAuction) and "keepers" not in mechanisms:
            raise InputError(
                "[mechanisms.auction] is a batch auction, and nobody bids",
                file=where,
                expected="bidders, under [mechanisms.keepers]",
            )
    auction = mechanisms.get("auction")
    if isinstance(auction, DutchAuction):
        _check_account_auction(auction, mechanisms, where)
    if "keepers" in mechanisms and not lends:
        if not isinstance(mechanisms.get("auction"), DutchAuction):
            raise InputError(
                "[mechanisms.keepers] is given, and an order book asks no keeper",
                file=where,
                expected='[mechanisms.auction] rule = "dutch_account", or a lending venue',
            )
    if "backstop" in mechanisms and "backstop" not in rulebook.waterfall.layers:
        raise InputError(
            "[mechanisms.backstop] is given, and the waterfall has no backstop vault",
            file=where,
            expected='"backstop" among the layers of [waterfall]',
        )


def _check_account_auction(
    rule: DutchAuction, mechanisms: Mapping[str, object], where: str
) -> None:
    """Raise InputError for what the loop's auction of accounts needs, or would never ask."""
    if rule.insolvent_seconds is None:
        raise InputError(
            "[mechanisms.auction] lacks insolvent_seconds, over which bidders' payment rises",
            file=where,
            expected="insolvent_seconds, in seconds",
        )
    if rule.fee > 0:
        raise InputError(
            f"[mechanisms.auction] fee is {rule.fee:g}, and no fee is charged in a run",
            file=where,
            expected="the auction without its fee",
        )
    if "sizing" in mechanisms:
        raise InputError(
            "[mechanisms.sizing] is given, and accounts are auctioned",
            file=where,
            expected="one of the two: an auction finds its own share",
        )
