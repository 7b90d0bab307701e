"""From fitted hazards to the failures of a Case: a table for each venue, bridge and stablecoin.

A share of each hazard comes by a common shock, the rest on its own (Marshall and Olkin 1967). With
share c and hazards h_i, the shock's rate is s = 2 c max(h) and each follows it with probability
p_i = c h_i / s, so that its hazard is (1 - c) h_i + p_i s = h_i, and the largest follows every
second shock. Hazards rise with the drawdown of the market's largest asset (`wrong_way`).

What a failure is, by what stands in the Case:
    order-book venue    venue_insolvency, recovery = 1 - loss of a depositor
    lender              admin_key, share = loss of a lender's deposits
    stablecoin          stablecoin_depeg to 1 - loss within eight hours, for good
    bridge              its assets are worth 1 - loss

Assumptions of Seawall, not measured: common share 0.1, wrong-way coefficient 3 (a fall by a quarter
doubles a hazard), the eight hours. Wrong when: an entity is better or worse than its kind and no
list says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seawall.case import Case
from seawall.exposure.counterparty.at_risk import AtRisk, traits, weights
from seawall.exposure.counterparty.fitted import Fitted
from seawall.exposure.counterparty.kinds import KINDS, SHOWN, Kind
from seawall.exposure.counterparty.loss_given import Claim, Loss, losses
from seawall.exposure.counterparty.months import first_day
from seawall.foundation.errors import InputError
from seawall.foundation.quantity import choices
from seawall.foundation.units import SECONDS_PER_YEAR
from seawall.scenario.failure.arrival import own_clock

Floats = NDArray[np.float64]

SHOCK = "counterparties"
COMMON_SHARE = 0.1
WRONG_WAY = 3.0
FALL_SECONDS = 28_800.0
HALF_LIFE_SECONDS = 86_400.0
# Symbols that are taken to be stablecoins where the user names none.
STABLECOINS = ("USDT", "USDC", "DAI", "USDE", "FDUSD", "PYUSD", "USDS", "TUSD", "FRAX")
WORST = 0.05


@dataclass(frozen=True)
class Exposed:
    """One counterparty of a Case: what it is, its hazard a year with interval, and what is lost."""

    name: str
    kind: Kind
    claim: Claim
    hazard: float
    low: float
    high: float
    loss: Loss
    source: str
    assets: tuple[str, ...] = ()


def counterparties(
    case: Case,
    found: Fitted,
    stablecoins: Sequence[str] | None = None,
    bridges: Mapping[str, tuple[str, ...]] | None = None,
) -> list[Exposed]:
    """The venues, stablecoins and bridges of a Case with the hazards of their kinds.

    Raises InputError for a stablecoin or a bridge's asset that the Case has not, and for the quote
    currency as one: all prices are told in it.
    """
    lost = losses(found.incidents.kind, found.matched.lost)
    known = set(case.market.assets) - {case.quote}
    if stablecoins is None:
        stablecoins = [name for name in case.market.assets if name.upper() in STABLECOINS]
        stablecoins = [name for name in stablecoins if name in known]
    bridges = bridges or {}
    for name in (*stablecoins, *(asset for assets in bridges.values() for asset in assets)):
        if name not in known:
            raise InputError(
                f"{name!r} is no asset whose price a failure can move",
                file="--stablecoin or --bridge",
                expected=choices(name, known),
            )
    out = []
    for name, rulebook in case.rulebooks.items():
        lends = rulebook.liquidation.style == "keeper"
        kind, claim = (Kind.CONTRACT, Claim.LENDER) if lends else (Kind.VENUE, Claim.DEPOSITOR)
        out.append(_exposed(found, name, kind, lost[claim], claim, ()))
    for name in stablecoins:
        loss = lost[Claim.STABLECOIN_HOLDER]
        out.append(_exposed(found, name, Kind.STABLECOIN, loss, Claim.STABLECOIN_HOLDER, (name,)))
    for name, assets in bridges.items():
        loss = lost[Claim.BRIDGE_HOLDER]
        out.append(_exposed(found, name, Kind.BRIDGE, loss, Claim.BRIDGE_HOLDER, assets))
    return out


def _exposed(
    found: Fitted, name: str, kind: Kind, loss: Loss, claim: Claim, assets: tuple[str, ...]
) -> Exposed:
    k = KINDS.index(kind)
    drawn = found.draws.hazard[:, k] * _weight(found, name, k)
    low, high = np.quantile(drawn, (0.025, 0.975))
    fitted = kind in SHOWN and not found.listed.assumed
    source = "fitted" if fitted else "assumed"
    return Exposed(
        name, kind, claim, float(drawn.mean()), float(low), float(high), loss, source, assets
    )


def _weight(found: Fitted, name: str, k: int) -> float:
    """Hazard of an entity on the list over that of a typical one, by its row that began last before
    the end of the fit; 1 for who is not on it by then.
    """
    listed: AtRisk = found.listed
    day = float(first_day(np.array([found.last + 1]))[0])
    mine = [
        n
        for n, entity in enumerate(listed.entity)
        if entity.casefold() == name.casefold() and listed.kind[n] == k and listed.start[n] < day
    ]
    if not mine:
        return 1.0
    row = max(mine, key=lambda n: int(listed.start[n]))
    return float(weights(traits(listed), found.covariates.chosen, day)[row])


def largest_asset(case: Case) -> str:
    """The asset of the most daily volume whose price moves: whose drawdown hazards follow."""
    moving = [n for n, a in case.market.assets.items() if a.volatility > 0.05 and n != case.quote]
    if not moving:
        raise InputError("no asset of the Case has a price that moves", expected="one to follow")
    return max(moving, key=lambda name: case.market.assets[name].daily_volume)


def failure_tables(
    exposed: Sequence[Exposed], common_share: float, wrong_way: float, asset: str
) -> dict[str, list[dict[str, Any]]]:
    """The tables of the slot `failures` by kind, the common shock first."""
    most = max(one.hazard for one in exposed)
    pace = {"wrong_way": wrong_way, "wrong_way_asset": asset} if wrong_way > 0.0 else {}
    rate = 2.0 * common_share * most
    out: dict[str, list[dict[str, Any]]] = {}
    if rate > 0.0:
        out["shock"] = [{"name": SHOCK, "rate_per_year": rate, **pace}]
    for one in exposed:
        kind, table = _table(one)
        if common_share < 1.0:
            table |= {"rate_per_year": (1.0 - common_share) * one.hazard, **pace}
        if rate > 0.0:
            follows = common_share * one.hazard / rate
            table |= {"shock": SHOCK, "shock_probability": follows}
        table["rate_source"] = one.source
        out.setdefault(kind, []).append(table)
    return out


def _table(one: Exposed) -> tuple[str, dict[str, Any]]:
    loss = one.loss.mean
    if one.claim is Claim.DEPOSITOR:
        return "venue_insolvency", {"venue": one.name, "recovery": 1.0 - loss}
    if one.claim is Claim.LENDER:
        return "admin_key", {"venue": one.name, "share": loss}
    if one.claim is Claim.STABLECOIN_HOLDER:
        return "stablecoin_depeg", {
            "asset": one.name,
            "depth": loss,
            "fall_seconds": FALL_SECONDS,
            "half_life_seconds": HALF_LIFE_SECONDS,
            "permanent": 1.0,
        }
    return "bridge", {"assets": list(one.assets), "recovery": 1.0 - loss}


def wrong_way_rows(
    hazard: float, price: Floats, step_seconds: float, coefficient: float
) -> list[dict[str, float]]:
    """Chance that one hazard strikes within paths (p, s + 1) at coefficient 0, itself and twice it.

    On the mean over paths, and over the twentieth of them that ends lowest.
    """
    worst = np.argsort(price[:, -1])[: max(1, int(WORST * price.shape[0]))]
    rows = []
    for factor in (0.0, 1.0, 2.0):
        beta = factor * coefficient
        years = own_clock(price, beta, step_seconds)[:, -1] / SECONDS_PER_YEAR
        chance = -np.expm1(-hazard * years)
        rows.append(
            {
                "wrong_way": beta,
                "probability": float(chance.mean()),
                "probability_in_worst": float(chance[worst].mean()),
            }
        )
    return rows
