"""Reading a tier table: from which notional on which leverage and which maintenance rate hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from seawall.foundation.quantity import AMOUNT, POSITIVE_FRACTION, Quantity
from seawall.foundation.section import Section
from seawall.venues.rulebook import Tier

LEVERAGE = Quantity("a leverage from 1 to 1000 (40 means 40x)", 1.0, 1000.0)


def rate_of_leverage(max_leverage: float, share: float) -> float:
    """Maintenance rate = share / max leverage: half of the initial rate on Hyperliquid."""
    return share / max_leverage


def leverage_tiers(rows: Sequence[tuple[float, float]], share: float) -> tuple[Tier, ...]:
    """Tiers from (lower bound, max leverage) where maintenance is a share of the initial rate."""
    return tuple(Tier(bound, top, rate_of_leverage(top, share)) for bound, top in rows)


def read_tables(
    section: Section, share: float | None, closing_fee: float
) -> dict[str, tuple[Tier, ...]]:
    """A table {underlying: tiers}; see :func:`read_tiers`."""
    return {name: read_tiers(section, name, share, closing_fee) for name in section.values}


def read_tiers(
    section: Section, key: str, share: float | None, closing_fee: float
) -> tuple[Tier, ...]:
    """Tiers in order of size.

    share         maintenance = share / max leverage where a tier states no rate of its own
    closing_fee   added to each maintenance rate: a venue that counts the fee of closing

    Each entry gives ``lower_bound``, ``max_leverage``, ``maintenance_rate`` and, if the venue
    publishes it, ``upper_bound``. Raises InputError for a gap or an overlap between two tiers, a
    first bound other than 0, a rate that falls or a leverage that rises with size, a rate above
    1 / max leverage.
    """
    tiers: list[Tier] = []
    end: float | None = 0.0
    for entry in section.sections(key):
        entry.only("lower_bound", "upper_bound", "max_leverage", "maintenance_rate")
        bound = entry.number("lower_bound", AMOUNT)
        _refuse_break(entry, bound, end, first=not tiers)
        end = entry.optional_number("upper_bound", AMOUNT)
        if end is not None and end <= bound:
            raise entry.refuse("upper_bound", f"is {end:g}", f"more than lower_bound {bound:g}")
        tiers.append(_tier(entry, bound, tiers[-1] if tiers else None, share))
    if not tiers:
        raise section.refuse(key, "has no tiers", "at least one tier from lower_bound 0 on")
    charged = [Tier(t.lower_bound, t.max_leverage, t.maintenance_rate + closing_fee) for t in tiers]
    return (*charged[:-1], replace(charged[-1], upper_bound=end))


def _refuse_break(entry: Section, bound: float, end: float | None, *, first: bool) -> None:
    """Refuse a tier that does not begin where the one before it ends."""
    if first and bound != 0.0:
        raise entry.refuse("lower_bound", f"is {bound:g} in the first tier", "0")
    if first or end is None or bound == end:
        return
    problem = "leaves a gap after" if bound > end else "overlaps"
    raise entry.refuse(
        "lower_bound",
        f"is {bound:g}, which {problem} the tier before, whose upper_bound is {end:g}",
        f"{end:g}, so that every notional has one tier",
    )


def _tier(entry: Section, bound: float, before: Tier | None, share: float | None) -> Tier:
    """One tier, checked against the one before it."""
    leverage = entry.number("max_leverage", LEVERAGE)
    # Derived here so that no rounded rate is written.
    derived = None if share is None else rate_of_leverage(leverage, share)
    rate = entry.number("maintenance_rate", POSITIVE_FRACTION, derived)
    if rate > 1.0 / leverage:
        raise entry.refuse(
            "maintenance_rate", f"is {rate:g}", f"at most 1/max_leverage = {1 / leverage:g}"
        )
    if before is None:
        return Tier(bound, leverage, rate)
    if bound <= before.lower_bound:
        raise entry.refuse("lower_bound", f"is {bound:g}", "bounds that rise from tier to tier")
    if rate < before.maintenance_rate:
        raise entry.refuse(
            "maintenance_rate",
            f"falls from {before.maintenance_rate:g} to {rate:g} as size grows",
            "rates that do not fall with size",
        )
    if leverage > before.max_leverage:
        raise entry.refuse("max_leverage", "rises with size", "leverage that does not rise")
    return Tier(bound, leverage, rate)
