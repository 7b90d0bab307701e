"""What can be knocked out of a path, and the Case or setting in which it is.

Causes stand in two layers. **World**: what happened outside everybody's rules and orders: the price
of each asset, common jumps, funding and interest, each failure that came, the attacker.
**Response**: what rules and other people's trades made of it: own exit cost, the trace of forced
orders in the price (the crowd), losses that accounts pay for others (deleveraging, socialised
loss), latency of oracles and settlement, implied volatility that follows spot, fees, and every
agent or breaker that fills a slot of the Case. A response without a world does nothing, so a dollar
is charged to a response only for what it adds to what the world brings alone.

Knocked out means: the price stands where it stood at the start; jumps are taken out of the price;
rates, fees and the slope of implied volatility are zero; the failure does not come; the slot is
empty; the channel is switched off as the parts of DRE switch it (docs/decisions/016). Everything
else, random numbers and the crowd included, is the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from seawall.cascade.setup import Setup, compile_setup
from seawall.case import Case
from seawall.exposure.channels import channels_of
from seawall.foundation.errors import SeawallError
from seawall.scenario.failure.arrival import Arrival

RATES, JUMPS, ATTACKER = "rates", "jumps", "attacker"
EXIT_COST, CROWD, MUTUAL, LATENCY = "exit_cost", "crowd", "mutual", "latency"
VOLATILITY, FEES = "implied_volatility", "fees"
# Slots of agents and breakers, which may be left empty while everything else goes on.
MARKET_SLOTS = {"hedgers": "hedgers", "makers": "market makers"}
VENUE_SLOTS = {
    "top_up": "owners who add margin",
    "delever": "owners who sell in time",
    "stops": "stop-loss orders",
    "run": "depositors who leave",
    "agent": "own agent",
    "halt": "own halt",
    "price_band": "price band",
    "velocity": "halt after a fast move",
    "staleness": "halt for a stale price",
    "open_interest_cap": "cap on open interest",
    "withdrawal_gate": "withdrawal gate",
    "liquidation_rate_limit": "rate limit of liquidations",
    "dynamic_margin": "margin that moves",
}
CHANNEL_NAMES = {
    EXIT_COST: "own exit cost",
    CROWD: "forced orders that move the price",
    MUTUAL: "deleveraging and socialised loss",
    LATENCY: "oracle and settlement latency",
}


class Layer(StrEnum):
    """Which layer a cause belongs to."""

    WORLD = "world"
    RESPONSE = "response"


@dataclass(frozen=True)
class Cause:
    """Something that can be knocked out of a path.

    key: "price:SOL", "failure:2", "rates", "crowd", "slot:stops"; name: as the page shows it
    """

    key: str
    name: str
    layer: Layer

    @property
    def part(self) -> str:
        """What stands behind the colon: an asset, a number, a slot; empty without one."""
        return self.key.partition(":")[2]


def without_rates(case: Case) -> Case:
    """Nobody pays funding or interest."""
    market = case.market
    assets = {n: replace(a, borrow_rate=0.0) for n, a in market.assets.items()}
    states = {n: replace(s, funding_rate=0.0) for n, s in market.instruments.items()}
    return replace(case, market=replace(market, assets=assets, instruments=states))


def without_slopes(case: Case) -> Case:
    """Implied volatility does not follow spot."""
    market = case.market
    assets = {n: replace(a, implied_slope=0.0) for n, a in market.assets.items()}
    states = {n: replace(s, implied_slope=None) for n, s in market.instruments.items()}
    return replace(case, market=replace(market, assets=assets, instruments=states))


def without_fees(case: Case) -> Case:
    """No taker fee and no liquidation fee; the bonus of keepers of loans, their reason to act,
    stays.
    """
    books = {
        name: replace(book, taker_fee=0.0, liquidation=replace(book.liquidation, fee=0.0))
        for name, book in case.rulebooks.items()
    }
    return replace(case, rulebooks=books)


def without_slot(case: Case, slot: str) -> Case:
    """Nothing fills the slot, of the market or of any venue."""

    def rest(found: Mapping[str, object]) -> dict[str, object]:
        return {name: rule for name, rule in found.items() if name != slot}

    books = {n: replace(b, mechanisms=rest(b.mechanisms)) for n, b in case.rulebooks.items()}
    market = replace(case.market, mechanisms=rest(case.market.mechanisms))
    return replace(case, market=market, rulebooks=books)


EDITS: Mapping[str, Callable[[Case], Case]] = {
    RATES: without_rates,
    VOLATILITY: without_slopes,
    FEES: without_fees,
}


def edited(case: Case, key: str) -> Case:
    """The Case without a cause that stands in it."""
    return EDITS[key](case) if key in EDITS else without_slot(case, key.partition(":")[2])


def is_edit(key: str) -> bool:
    """Whether knocking a cause out takes another compiled Case."""
    return key in EDITS or key.startswith("slot:")


def failure_name(failure: Arrival) -> str:
    """What failed, in words: "venue insolvency: harbour-x"."""
    kind = "".join(f" {c.lower()}" if c.isupper() else c for c in type(failure).__name__).strip()
    what = getattr(failure, "venue", None) or getattr(failure, "asset", None)
    assets = getattr(failure, "assets", None)
    where = what or (", ".join(assets) if assets else "")
    return f"{kind}: {where}" if where else kind


def responses_of(setup: Setup) -> tuple[tuple[Cause, ...], tuple[str, ...]]:
    """Responses that a Case has, and names of those that it cannot do without."""
    channels = channels_of(setup)
    found = []
    if "liquidity" in channels:
        found.append(EXIT_COST)
        if setup.impact.feedback:
            found.append(CROWD)
    found += [MUTUAL] if "crowd" in channels else []
    found += [LATENCY] if "latency" in channels else []
    out = [Cause(key, CHANNEL_NAMES[key], Layer.RESPONSE) for key in found]
    if np.any(setup.table.options.slope != 0.0) and setup.table.options.size.size:
        out.append(Cause(VOLATILITY, "implied volatility that follows spot", Layer.RESPONSE))
    if any(b.taker_fee > 0.0 or b.liquidation.fee > 0.0 for b in setup.rulebooks):
        out.append(Cause(FEES, "fees", Layer.RESPONSE))
    filled = set(setup.case.market.mechanisms)
    for book in setup.rulebooks:
        filled |= set(book.mechanisms)
    for slot, name in (*MARKET_SLOTS.items(), *VENUE_SLOTS.items()):
        if slot in filled:
            out.append(Cause(f"slot:{slot}", name, Layer.RESPONSE))
    kept = [one for one in out if not is_edit(one.key) or can_do_without(setup, one.key)]
    return tuple(kept), tuple(one.name for one in out if one not in kept)


def can_do_without(setup: Setup, key: str) -> bool:
    """Whether the Case still compiles without a cause."""
    try:
        compile_setup(edited(setup.case, key), setup.book, setup.step_seconds)
    except SeawallError:
        return False
    return True


def has_rates(case: Case) -> bool:
    """Whether anybody pays funding or interest."""
    market = case.market
    return any(a.borrow_rate for a in market.assets.values()) or any(
        s.funding_rate for s in market.instruments.values()
    )
