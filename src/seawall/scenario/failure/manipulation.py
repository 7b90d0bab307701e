"""An oracle that shows a wrong price for a while.

For ``duration_seconds`` the accounts of ``venue`` see ``factor`` times what its feed of ``asset``
publishes; margin, liquidation and keepers' calls follow what is seen. The market itself does not
move, so a trade is made at the true price.

Source: the form of a wrong parameter pushed to a feed (Moonwell cbETH, February 2026; Aave's cap on
wstETH, 10 March 2026) and of a bought print. Wrong when: the venue compares sources (a wrong
published price is behind its median and caps; the cost to move a source in front of them is the
study `seawall mechanism attack`).
"""

from __future__ import annotations

from dataclasses import dataclass

from seawall.foundation.quantity import POSITIVE_SECONDS, Quantity
from seawall.foundation.record import number
from seawall.scenario.failure.arrival import Arrival

FACTOR = Quantity("a factor above 0 (1.2 shows prices 20% too high)", 0.0, 1e6, True)


@dataclass(frozen=True, kw_only=True)
class OracleManipulation(Arrival):
    """What ``venue`` sees of ``asset`` is ``factor`` x its feed for ``duration_seconds``."""

    venue: str
    asset: str
    factor: float = number(FACTOR)
    duration_seconds: float = number(POSITIVE_SECONDS)
