"""DRE under light and heavy crowds beside the Case's own: what the crowd's leverage is worth."""

from __future__ import annotations

from typing import Any

from seawall.cascade.engine import World
from seawall.case import Case
from seawall.exposure.proportion import wilson
from seawall.exposure.scopes import Found, impaired_share


def crowd_worlds(case: Case) -> list[World]:
    """Light and heavy crowds, where the Case's crowd has them."""
    mixes = {name for spec in case.crowds for name in spec.leverage}
    return [World(leverage=name) for name in ("light", "heavy") if name in mixes]


def crowd_leverage(
    case: Case, found: Found, headline: str, others: list[Found], step: int
) -> dict[str, Any] | None:
    """DRE of the headline scope at the horizon under light, base and heavy crowds.

    Another crowd's DRE is the base's plus the difference on common paths, so the three compare.
    """
    worlds = [world.leverage for world in crowd_worlds(case)]
    if not worlds:
        return None
    base = found[headline][1]
    total, paths = impaired_share(base, step, base.step.size), base.step.size
    shares = {"base": (total, paths)}
    for name, other in zip(worlds, others, strict=True):
        side = other[headline][1].step.size
        shift = impaired_share(other[headline][1], step, side) - impaired_share(base, step, side)
        shares[name] = (min(max(total + shift, 0.0), 1.0), side)
    out = {}
    for name in ("light", "base", "heavy"):
        if name in shares:
            share, count = shares[name]
            low, high = wilson(round(share * count), count)
            out[name] = {
                "probability": share,
                "low": low,
                "high": high,
                "paths": count,
                "median_leverage": _median(case, name),
            }
    return out


def _median(case: Case, mix: str) -> float | None:
    for spec in case.crowds:
        if spec.kind == "perpetuals" and mix in spec.leverage:
            return spec.leverage[mix].median
    return None
