"""What `seawall margin` answers, as one dict: the JSON, and all that its page prints."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from seawall import __version__
from seawall.case import Case
from seawall.margin.account.margin_account import MarginAccount
from seawall.margin.account.split import leg_values
from seawall.margin.liquidation_price.surface import LiquidationSurface, liquidation_surface
from seawall.margin.rules import Rules, net_margin
from seawall.whatif.as_lines import line
from seawall.whatif.cross_isolated import CrossSaving, cross_saving
from seawall.whatif.exact_rows import exact_margins
from seawall.whatif.standing import (
    Standing,
    Threat,
    desk_accounts,
    desk_only,
    read_rules,
    standings,
)
from seawall.whatif.venues_table import (
    VenueRow,
    chosen_presets,
    defaults_used,
    gross_notional,
    own_rows,
    venues_table,
)

SCHEMA = "seawall/margin/1"


def margin_answer(
    case: Case,
    *,
    account: str | None = None,
    desk: str | None = None,
    venues: str | None = None,
    explain: bool = False,
    exact: bool = False,
) -> dict[str, Any]:
    """How every margin account of an account, a desk or all desks stands.

    venues   presets to put the same accounts under, "all" or "a,b"; None for none
    explain  also the derivation of every requirement      exact  also in the venue's whole units

    With one account: its liquidation surface where it holds options. Raises InputError for an
    unknown account, desk or preset and for ``exact`` at a venue that does not count in whole units.
    """
    shown = desk_accounts(case, account, desk)
    presets = () if venues is None else chosen_presets(venues)
    asked = desk_only(case, shown)
    rules = read_rules(asked, shown)
    found = standings(asked, shown, rules)
    savings = [(s, cross_saving(rules[s.venue], s)) for s in found]
    answer: dict[str, Any] = {
        "schema": SCHEMA,
        "version": __version__,
        "case": case_names(case),
        "scope": scope_name(case, account, desk),
        "accounts": [_account(s, rules[s.venue]) for s in found],
        "cross": [_saving(saving) for _, saving in savings if saving is not None],
        "venues": [_venue(row) for row in _side_by_side(asked, shown, rules, presets)],
        "surfaces": [],
        "workings": [],
        "exact": [],
    }
    if account is not None:
        answer["surfaces"] = [
            _surface(s.held.name, surface_of(rules[s.venue], s)) for s in found if has_options(s)
        ]
    if explain:
        answer["workings"] = [
            {"account": s.held.name, "working": line(rules[s.venue].assess(s.held).working)}
            for s in found
        ]
    if exact:
        answer["exact"] = exact_margins(asked, shown, rules, presets, found)
    return answer


def _side_by_side(
    case: Case, accounts: Sequence[int], rules: Mapping[str, Rules], presets: Sequence[str]
) -> list[VenueRow]:
    """Each account under its own rulebook, then under each preset; nothing without presets."""
    if not presets:
        return []
    return own_rows(case, accounts, rules) + venues_table(case, accounts, presets)


def case_names(case: Case) -> dict[str, str]:
    """Which Case it was."""
    return {
        "name": case.name,
        "hash": case.digest,
        "as_of": case.as_of.isoformat(),
        "quote": case.quote,
    }


def scope_name(case: Case, account: str | None, desk: str | None) -> str:
    """What was asked for: "account:NAME", "desk:OWNER" or "desks"."""
    if account is not None:
        return f"account:{account}"
    owners = {
        owner
        for owner, kind in zip(case.book.account_owner, case.book.account_kind, strict=True)
        if kind.value == "desk"
    }
    if desk is None and len(owners) == 1:
        desk = next(iter(owners))
    return "desks" if desk is None else f"desk:{desk}"


def has_options(standing: Standing) -> bool:
    """True when the margin account holds options and owes margin."""
    return bool(standing.held.options.names) and standing.maintenance > 0.0


def surface_of(rules: Rules, standing: Standing) -> LiquidationSurface:
    """The liquidation surface of an account, all its options' underlyings moving together."""
    assets = tuple(dict.fromkeys(standing.held.options.underlying))
    return liquidation_surface(net_margin(rules, standing.held), assets)


def standing_dict(standing: Standing) -> dict[str, Any]:
    """One margin account's numbers and threats."""
    return {
        "account": standing.account,
        "margin_account": standing.held.name,
        "venue": standing.venue,
        "isolated": standing.held.isolated,
        "settle": standing.held.settle,
        "equity": standing.equity,
        "initial": standing.initial,
        "maintenance": standing.maintenance,
        "ratio": standing.equity / standing.maintenance if standing.maintenance > 0 else None,
        "buffer": standing.equity - standing.maintenance,
        "liquidatable": standing.liquidatable,
        "threats": [threat_dict(t) for t in standing.threats],
    }


def threat_dict(threat: Threat) -> dict[str, Any]:
    """Liquidation prices of one asset, and how far the nearest is."""
    prices = threat.prices
    return {
        "asset": prices.asset,
        "price": prices.present,
        "below": prices.below,
        "above": prices.above,
        "liquidation_price": prices.nearest,
        "distance": None
        if prices.distance is None
        else {"fraction": prices.distance, "daily_sigmas": threat.sigmas},
        "leg": threat.leg,
        "side": threat.side,
    }


def _account(standing: Standing, rules: Rules) -> dict[str, Any]:
    found = standing_dict(standing)
    found["framework"] = rules.rulebook.framework
    found["rulebook"] = rules.rulebook.name
    found["notional"] = gross_notional(standing.held)
    found["defaults"] = list(defaults_used(rules, [standing.held]))
    found["positions"] = _positions(standing)
    return found


def _positions(standing: Standing) -> list[dict[str, Any]]:
    """Every position and coin with its liquidation price: in its own mark, options in spot."""
    held, legs = standing.held, leg_values(standing.held)
    nearest = {t.prices.asset: t.prices for t in standing.threats}
    marks = _marks(held)
    out = []
    for n, name in enumerate(legs.names):
        prices = nearest.get(legs.underlying[n])
        liquidation = distance = None
        if prices is not None and prices.nearest is not None:
            liquidation, distance = prices.nearest / prices.present * marks[n], prices.distance
        out.append(
            {
                "name": name,
                "underlying": legs.underlying[n],
                "size": float(legs.size[n]),
                "price": float(marks[n]),
                "value": float(legs.worth[n]),
                "liquidation_price": liquidation,
                "distance": distance,
            }
        )
    return out


def _marks(held: MarginAccount) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """The price a liquidation price of each leg is quoted in: mark, or the underlying's spot."""
    spot = [held.spot[u].price for u in held.options.underlying]
    return np.concatenate([held.perps.mark, np.array(spot, dtype=float), held.balances.price])


def _saving(saving: CrossSaving) -> dict[str, Any]:
    return {
        "account": saving.account,
        "positions": saving.positions,
        "equity": saving.equity,
        "initial_together": saving.initial_together,
        "initial_alone": saving.initial_alone,
        "saved_initial": saving.saved_initial,
        "maintenance_together": saving.maintenance_together,
        "maintenance_alone": saving.maintenance_alone,
        "saved_maintenance": saving.saved_maintenance,
        "saves_maintenance": saving.saves_maintenance,
        "same_prices_equity": saving.same_prices_equity,
    }


def _venue(row: VenueRow) -> dict[str, Any]:
    return {
        "venue": row.venue,
        "account": row.account,
        "together": row.together,
        "equity": row.equity,
        "initial": row.initial,
        "maintenance": row.maintenance,
        "notional": row.notional,
        "leverage": row.leverage,
        "margin_accounts": row.margin_accounts,
        "liquidated": list(row.liquidated),
        "defaults": list(row.defaults),
        "source": row.source,
        "as_of": row.as_of,
        "reason": row.reason,
    }


def _surface(name: str, surface: LiquidationSurface) -> dict[str, Any]:
    def edges(values: Iterable[float]) -> list[float | None]:
        return [None if math.isnan(v) else float(v) for v in values]

    return {
        "account": name,
        "assets": list(surface.assets),
        "spot": surface.spot.tolist(),
        "volatility": surface.volatility.tolist(),
        "buffer": (surface.equity - surface.maintenance).tolist(),
        "liquidatable": surface.liquidatable.tolist(),
        "below": edges(surface.below),
        "above": edges(surface.above),
    }
