"""Every rule of every slot, with numbers that bite within a few steps of a minute.

A rule stands once for each kind of venue that may have it; amounts of money are those of a Case
of its own size (factor 1), and `larger` makes them those of a Case scaled by any factor.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from liquidation_choices import BOOK, CALL, DUTCH_ACCOUNT, KEEPERS, LENDER, SOFT
from oracle_cases import AUCTION, CAPS, CHAINS, COMMIT, CONFIDENCE, PULL, SOURCES
from test_behaviour_on import OWNERS, POOL, STOPS, VAULT
from test_breakers_on import CAP, DEPTH, INTEREST, TRADING, VOLATILITY
from test_depth_schedule_on import SCHEDULE
from test_failures_on import KINDS
from test_market_slots_on import DEPTH as RESILIENCE
from test_market_slots_on import IMPACT, links

from seawall.cascade.own.code import OwnFile
from seawall.mechanism.templates import template
from seawall.waterfall.adl_rules import ADL_RULES

Table = Mapping[str, Any]
Slots = Mapping[str, tuple[Table, ...]]

POOL_FLAG = {"pool": 1e4, "max_factor": 0.3, "min_factor": 0.1}
SHARED = ("equity_pro_rata", "funding_index", "cash_haircut")
FUND = (
    {"target": 1e4, "cap": 1e2},
    {"fee_share": 0.5, "volume_share": 1e-3, "cap": 1e4},
)
# Bands are wider and windows shorter than a few steps of a minute, so that something also trades.
ANY_VENUE: Slots = {
    **{slot: (rule,) for slot, rule in TRADING.items()},
    "oracle_source": SOURCES,
    "oracle": (PULL, COMMIT),
    "oracle_cap": CAPS,
    "oracle_auction": (AUCTION,),
    "oracle_confidence": (CONFIDENCE,),
    "settlement": CHAINS,
    "margin_call": (CALL, {"grace_seconds": 60.0}),
    "fund": FUND,
    "top_up": (OWNERS["top_up"],),
}
ORDER_BOOK: Slots = {
    **ANY_VENUE,
    "open_interest_cap": tuple(CAP.values()),
    "dynamic_margin": (VOLATILITY, DEPTH, INTEREST),
    "sizing": (BOOK["full"]["sizing"], BOOK["just_enough"]["sizing"]),
    "auction": (DUTCH_ACCOUNT,),
    "keepers": (KEEPERS,),
    "backstop": (BOOK["unwinding"]["backstop"],),
    "adl": tuple({"rule": name} | (POOL_FLAG if name == "pool_flag" else {}) for name in ADL_RULES),
    "socialise": tuple({"rule": name} for name in SHARED),
    "delever": (OWNERS["delever"],),
    "stops": (STOPS["stops"],),
    "run": (VAULT["run"],),
    "halt": ({"file": OwnFile("halt.py", template("halt")), "gap": 0.02},),
    "agent": ({"file": OwnFile("agent.py", template("agent"))},),
}
LENDS: Slots = {
    **ANY_VENUE,
    "auction": (LENDER["falling_price"]["auction"], LENDER["batch"]["auction"]),
    "keepers": (KEEPERS,),
    "soft": (SOFT,),
    "socialise": ({"rule": "depositor_haircut"},),
    "run": (POOL["run"],),
}


def _attack(scheme: str, **more: Any) -> Table:
    plan = {"asset": "ETH", "at_seconds": 60.0, "hold_seconds": 60.0, "exit_seconds": 60.0}
    return {**plan, "scheme": scheme, **more}


MARKET: Slots = {
    "impact": tuple(IMPACT.values()),
    "depth": (RESILIENCE,),
    "depth_schedule": (SCHEDULE,),
    "links": (links(),),
    # The amounts of failures follow from the book: `with_market` fills them in.
    "failures": tuple({"kind": kind} for kind in KINDS),
    "attacker": (
        _attack("withdraw", venue="perps", move=0.1, size=1e5),
        _attack("borrow", venue="lender", move=0.1, borrow="USD", available=1e5),
        _attack("sell", venue="options", move=-0.1, push_seconds=120.0),
    ),
    "hedgers": (
        {
            "rule": "profile",
            "venue": "perps",
            "pockets": [
                {"asset": "BTC", "gamma_per_percent": -2e3, "width": 0.3},
                {"asset": "ETH", "gamma_per_percent": 1e3},
            ],
            "cost": 5e-4,
            "band": 20.0,
            "participation": 0.5,
        },
        {
            "rule": "strikes",
            "venue": "options",
            "strikes": [
                {"asset": "BTC", "strike": 88e3, "size": -1.0, "days": 2.0, "volatility": 0.6},
                {"asset": "SOL", "strike": 150.0, "size": -50.0, "days": 0.001, "volatility": 0.6},
            ],
            "cost": 1e-3,
            "risk_aversion": 1e-3,
            "latency_seconds": 60.0,
        },
        {"rule": "open_interest", "venue": "perps", "calls": 0.5, "puts": -1.0},
    ),
    "makers": (
        {
            "makers": [
                {"share": 0.5, "capital": 3e3, "inventory_limit": 2.0, "loss_limit": 0.05},
                {"share": 0.2, "capital": 1e4, "inventory_limit": 1.0, "loss_limit": 0.3},
            ],
            "refill_seconds": 300.0,
            "rest_seconds": 120.0,
            "unload_seconds": 600.0,
            "thinning": 0.3,
        },
    ),
}
# By place: a venue of the random Cases, or their market.
RULES: Mapping[str, Slots] = {
    "perps": ORDER_BOOK,
    "lender": LENDS,
    # The venue of options has neither ADL nor a vault.
    "options": {s: r for s, r in ORDER_BOOK.items() if s not in ("adl", "backstop", "run")},
    "market": MARKET,
}
# What an order book's waterfall must hold for a slot to be asked at all.
LAYER = {
    "adl": "adl",
    "fund": "fund",
    "socialise": "socialised",
    "backstop": "backstop",
    "run": "backstop",
}
# Keys of amounts that grow with the Case, slot by slot, and those that shrink.
MONEY: Mapping[str, tuple[str, ...]] = {
    "liquidation_rate_limit": ("notional",),
    "withdrawal_gate": ("bad_debt", "outflow"),
    "open_interest_cap": ("default",),
    "dynamic_margin": ("lower", "upper"),
    "fund": ("target", "cap"),
    "adl": ("pool",),
    "keepers": ("capital",),
    "backstop": ("smallest",),
    "auction": ("sell_all_below",),
    "links": ("capital_per_second",),
    "hedgers": ("gamma_per_percent", "size", "band"),
    "makers": ("capital",),
    "attacker": ("size", "available"),
}
PER_MONEY = {"hedgers": ("risk_aversion",)}


def larger(slot: str, found: Any, c: float, key: str = "") -> Any:
    """A slot's table in a Case that is ``c`` times as large."""
    if isinstance(found, Mapping):
        return {name: larger(slot, inner, c, name) for name, inner in found.items()}
    if isinstance(found, list):
        return [larger(slot, inner, c, key) for inner in found]
    if key in MONEY.get(slot, ()):
        return found * c
    return found / c if key in PER_MONEY.get(slot, ()) else found


def named(slot: str, table: Table) -> str:
    """What a filling of a slot is called: slot and rule, or what else tells its fillings apart."""
    for key in ("rule", "scheme", "kind"):
        if key in table:
            return f"{slot} {table[key]}"
    return slot


# Every filling by its name, with the places that may have it.
PLACES: dict[str, list[str]] = {}
for _place, _slots in RULES.items():
    for _slot, _tables in _slots.items():
        for _name in dict.fromkeys(named(_slot, table) for table in _tables):
            PLACES.setdefault(_name, []).append(_place)
