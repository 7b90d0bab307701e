"""Which venue can have which own mechanism."""

from __future__ import annotations

from collections.abc import Mapping

from seawall.cascade.own.code import Own
from seawall.foundation.errors import InputError
from seawall.venues import Rulebook

_LENDER = ("auction",)
_ORDER_BOOK = ("adl", "socialise", "sizing", "dynamic_margin", "agent")


def check_own(rulebook: Rulebook, mechanisms: Mapping[str, object]) -> None:
    """Raise InputError for an own mechanism that the venue would never ask."""
    lends = rulebook.liquidation.style == "keeper"
    for slot, rule in mechanisms.items():
        if isinstance(rule, Own) and slot in (_ORDER_BOOK if lends else _LENDER):
            raise InputError(
                f"[mechanisms.{slot}] file = {rule.file.name!r} does not fit a venue of style "
                f"{rulebook.liquidation.style!r}",
                file=f"rulebook {rulebook.name}",
                expected=f"it where the style is {'orderbook' if lends else 'keeper'!r}",
            )
