"""Groups of fields in which two Cases may differ: the drivers of a change of DRE.

Kinds, in the order in which they stand: the time that passed (options are nearer to their expiry),
spot, volatility (realised and implied, and how implied follows spot) and depth by asset, rates,
the desk's positions by asset, its accounts that came or went, its cash (whatever moved its equity
but the market: deposits, costs, funding paid), the crowd (named accounts of others, generated ones,
open interest), rules, mechanisms, failures, the scenario's model, and what counts as impairment.
What moves no path is no driver: limits, names, errors of estimates, the oldest age of a market.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from seawall.book import AccountKind
from seawall.case import Case
from seawall.exposure.since.two import Holding, Two, accounts_of, holdings, state_of, underlying
from seawall.instruments import Held
from seawall.market import AssetState, InstrumentState
from seawall.venues import Rulebook

BY_ASSET = ("spot", "volatility", "depth", "positions")
KINDS = (
    "time",
    "spot",
    "volatility",
    "depth",
    "rates",
    "positions",
    "accounts",
    "cash",
    "crowd",
    "rules",
    "mechanisms",
    "failures",
    "model",
    "counts",
)
# Fields of an asset and of an instrument by the kind of driver that moves them.
ASSET_FIELDS = {
    "spot": ("spot", "index", "oracle", "confidence"),
    "volatility": ("volatility", "implied_slope", "implied_half_spread"),
    "depth": ("depth", "daily_volume"),
    "rates": ("borrow_rate",),
}
INSTRUMENT_FIELDS = {
    "spot": ("mark", "mark_confidence"),
    "volatility": ("implied_volatility", "implied_slope", "volatility_confidence"),
    "rates": ("funding_rate", "rate", "rate_confidence"),
}
FAILING = ("failures", "attacker")
# With more drivers than this, the assets with the smallest notional share one of each kind.
MOST_DRIVERS = 24
# Equity that nothing in the market explains, over the equity: below it, rounding.
ROUNDING = 1e-9


@dataclass(frozen=True)
class Driver:
    """One group of fields; ``assets`` of a kind in BY_ASSET, several where they share a driver."""

    kind: str
    assets: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """As the result names it: "spot:SOL", "rules", "depth:*"."""
        if not self.assets:
            return self.kind
        return f"{self.kind}:{self.assets[0] if len(self.assets) == 1 else '*'}"


def asset_part(state: AssetState, kind: str) -> tuple[Any, ...]:
    """The fields of an asset that one kind of driver moves."""
    return tuple(getattr(state, name) for name in ASSET_FIELDS.get(kind, ()))


def instrument_part(state: InstrumentState, kind: str) -> tuple[Any, ...]:
    """The same of an instrument."""
    return tuple(getattr(state, name) for name in INSTRUMENT_FIELDS.get(kind, ()))


def plain_rules(book: Rulebook) -> Rulebook:
    """A rulebook without its mechanisms, source and date."""
    return replace(book, mechanisms={}, source="", as_of=book.as_of.min, needs=())


def common_slots(case: Case, *, failing: bool) -> dict[str, object]:
    """The market's slots: those of what fails, or all others."""
    slots = case.market.mechanisms.items()
    return {name: rule for name, rule in slots if (name in FAILING) is failing}


def _market_differs(two: Two, kind: str, asset: str) -> bool:
    one, other = two.before.market, two.after.market
    if asset in one.assets and asset in other.assets:
        if asset_part(one.assets[asset], kind) != asset_part(other.assets[asset], kind):
            return True
        if kind == "spot" and one.shares.get(asset) != other.shares.get(asset):
            return True
    for item in two.instruments:
        old, new = state_of(two.before, item.name), state_of(two.after, item.name)
        if isinstance(item, Held) or item.underlying != asset or old is None or new is None:
            continue
        if instrument_part(old, kind) != instrument_part(new, kind):
            return True
    return False


def positions_of(two: Two, held: Holding, asset: str) -> tuple[Any, ...]:
    """What of an account's holding is of one asset: sizes, isolated margins, balances not cash."""
    rows = sorted(
        (row.instrument, row.size, (row.entry, row.margin) if row.isolated else None)
        for row in held.positions
        if underlying(two, row.instrument) == asset
    )
    return tuple(rows), None if asset in two.cash else held.balances.get(asset, 0.0)


def _positions_differ(two: Two, asset: str) -> bool:
    one, other = (holdings(case.book, two.mixed) for case in (two.before, two.after))
    return any(
        positions_of(two, one[name], asset) != positions_of(two, other[name], asset)
        for name in two.mixed
    )


def _crowd_differs(two: Two) -> bool:
    one, other = (
        {name: a for name, a in accounts_of(case.book).items() if a.kind is not AccountKind.DESK}
        for case in (two.before, two.after)
    )
    interest = [
        {name: s.open_interest for name, s in case.market.instruments.items() if s.open_interest}
        for case in (two.before, two.after)
    ]
    return one != other or interest[0] != interest[1] or two.before.crowds != two.after.crowds


def _rules_differ(two: Two, part: Callable[[Rulebook], object]) -> bool:
    one, other = two.before.rulebooks, two.after.rulebooks
    return any(part(one[name]) != part(other[name]) for name in one if name in other)


def _mechanisms_differ(two: Two) -> bool:
    slots = [common_slots(case, failing=False) for case in (two.before, two.after)]
    clocks = [case.market.block_seconds for case in (two.before, two.after)]
    return (
        slots[0] != slots[1]
        or clocks[0] != clocks[1]
        or _rules_differ(two, lambda book: dict(book.mechanisms))
    )


def _model(case: Case) -> tuple[object, ...]:
    market = case.market
    return (
        market.scenario,
        dict(market.correlation),
        dict(market.jump_beta),
        dict(market.histories),
        market.history,
    )


def _rates_differ(two: Two) -> bool:
    return any(_market_differs(two, "rates", asset) for asset in two.assets)


def changed(two: Two, cash_moved: bool) -> list[Driver]:
    """The drivers that differ, in the order of KINDS; by asset in the order of the columns."""
    before, after = two.before, two.after
    is_changed = {
        "time": before.as_of != after.as_of,
        "rates": _rates_differ(two),
        "accounts": bool(two.moved),
        "cash": cash_moved,
        "crowd": _crowd_differs(two),
        "rules": _rules_differ(two, plain_rules),
        "mechanisms": _mechanisms_differ(two),
        "failures": common_slots(before, failing=True) != common_slots(after, failing=True),
        "model": _model(before) != _model(after),
        "counts": (before.loss_fraction, set(before.impairments))
        != (after.loss_fraction, set(after.impairments)),
    }
    out: list[Driver] = []
    for kind in KINDS:
        if kind not in BY_ASSET:
            out += [Driver(kind)] if is_changed[kind] else []
        elif kind == "positions":
            out += [Driver(kind, (a,)) for a in two.assets if _positions_differ(two, a)]
        else:
            out += [Driver(kind, (a,)) for a in two.assets if _market_differs(two, kind, a)]
    return out


def few(
    drivers: list[Driver], notional: dict[str, float], most: int = MOST_DRIVERS
) -> list[Driver]:
    """At most so many drivers: assets of the smallest ``notional`` share one of each kind."""
    order = sorted({a for one in drivers for a in one.assets}, key=lambda a: notional.get(a, 0.0))
    small: set[str] = set()
    out = drivers
    for asset in order:
        if len(out) <= most:
            break
        small.add(asset)
        out = _merged(drivers, small)
    return out


def _merged(drivers: list[Driver], small: set[str]) -> list[Driver]:
    out: list[Driver] = []
    for kind in KINDS:
        mine = [one for one in drivers if one.kind == kind]
        out += [one for one in mine if not small.intersection(one.assets)]
        rest = tuple(a for one in mine for a in one.assets if a in small)
        out += [Driver(kind, rest)] if rest else []
    return out
