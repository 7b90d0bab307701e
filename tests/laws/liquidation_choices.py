"""The rules of the liquidation slots, with numbers that bite in the random Cases."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from seawall.case import Case

Mechanisms = Mapping[str, Mapping[str, Any]]

KEEPERS: dict[str, Any] = {
    "kinds": [
        {"count": 2, "gas_ceiling": 3.0, "capital": 50_000.0, "failure": 0.3, "profit": 0.001},
        {"count": 1, "latency_seconds": 120.0, "failure": 0.1},
    ],
    "gas_volatility": 0.5,
    "gas_crowding": 0.1,
    "recycle_seconds": 120.0,
    "priority_share": 0.5,
    "priority_to": "fund",
}
CALL = {"grace_seconds": 120.0, "immediate_below": 0.3, "cure_probability": 0.5, "cure_to": 1.3}
DUTCH_ACCOUNT = {
    "rule": "dutch_account",
    "start": 0.98,
    "cutoff": 0.8,
    "fast_seconds": 60.0,
    "slow_seconds": 300.0,
    "buffer": 0.2,
    "insolvent_seconds": 300.0,
    "sell_all_below": 500.0,
}
BOOK: dict[str, Mechanisms] = {
    "full": {"sizing": {"rule": "full"}},
    "just_enough": {"sizing": {"rule": "just_enough", "buffer": 0.1}},
    "margin_call": {"margin_call": CALL},
    "dutch_account": {"auction": DUTCH_ACCOUNT},
    "dutch_account_keepers": {"auction": DUTCH_ACCOUNT, "keepers": KEEPERS, "margin_call": CALL},
    "unwinding": {"backstop": {"seconds": 180.0, "smallest": 100.0}},
}
FALLING = {"rule": "falling_price", "start": 1.05, "floor": 0.5, "seconds": 300.0}
BATCH = {"rule": "batch", "window_seconds": 60.0, "floor": 0.1, "disagreement": 0.2}
SOFT = {"bands": 6, "amplification": 20.0, "fee": 0.003, "room": 0.1, "discount": 0.06}
LENDER: dict[str, Mechanisms] = {
    "margin_call": {"margin_call": CALL},
    "falling_price": {"auction": FALLING},
    "batch": {"auction": BATCH, "keepers": KEEPERS},
    "keepers": {"keepers": KEEPERS},
    "soft": {"soft": SOFT},
    "all": {"margin_call": CALL, "auction": FALLING, "keepers": KEEPERS, "soft": SOFT},
}
CHOICES = [("perps", name) for name in BOOK] + [("lender", name) for name in LENDER]
# Amounts in quote: they scale with everything else (law L7).
MONEY_KEYS = ("capital", "smallest", "sell_all_below")


def scaled_mechanisms(found: Any, c: float) -> Any:
    """The same tables with ``c`` times their money."""
    if isinstance(found, Mapping):
        return {
            key: value * c if key in MONEY_KEYS else scaled_mechanisms(value, c)
            for key, value in found.items()
        }
    if isinstance(found, list):
        return [scaled_mechanisms(entry, c) for entry in found]
    return found


def with_choice(case: Case, venue: str, name: str, scale: float = 1.0) -> Case:
    """The Case with one choice at one of its venues; what the waterfall lacks is left out."""
    rulebook = case.rulebooks[venue]
    mechanisms = dict((BOOK if venue == "perps" else LENDER)[name])
    if "backstop" not in rulebook.waterfall.layers:
        mechanisms.pop("backstop", None)
    rulebooks = {
        **case.rulebooks,
        venue: replace(rulebook, mechanisms=scaled_mechanisms(mechanisms, scale)),
    }
    return replace(case, rulebooks=rulebooks)
