"""The others on the venue, generated from what is public: open interest, skew, leverage, sizes.

Accounts are drawn from the spec's seed alone. Another leverage mix on the same seed changes how
much cash the same accounts hold behind the same positions and nothing else, so two mixes compare on
common random numbers. Adding accounts leaves the draws of the others as they were (their sizes are
rescaled to the same open interest).

Wrong when the crowd is not like this: real crowds hold hedges across venues, cluster their
liquidation prices at round numbers and recent lows, and lever up after calm; where a venue's
positions are public, use those instead.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from seawall.crowd.columns import CrowdColumns
from seawall.crowd.loans import generate_loans
from seawall.crowd.perpetuals import generate_perpetuals
from seawall.crowd.spec import CrowdSpec, LeverageMix
from seawall.foundation.errors import InputError
from seawall.instruments import Instrument
from seawall.market import Market
from seawall.venues import Rulebook

NOTHING_HELD: Mapping[str, tuple[float, float]] = {}


def generate(
    spec: CrowdSpec,
    market: Market,
    rulebook: Rulebook,
    instruments: tuple[Instrument, ...],
    leverage: str = "base",
    held: Mapping[str, tuple[float, float]] = NOTHING_HELD,
) -> CrowdColumns:
    """One venue's crowd: perpetual accounts or borrowers, healthy at the market's prices.

    instruments  those of the venue; perpetuals with an open interest are used
    leverage     name of one of the spec's leverage mixes
    held         {instrument: (long, short) size, both >= 0} of the accounts that the Case gives by
                 name; the crowd and they together fill the open interest

    Raises InputError for a spec that contradicts itself or the market, MissingRule when the
    rulebook lacks tiers or a liquidation threshold that an account needs.
    """
    mix = _checked(spec, leverage)
    if spec.kind == "loans":
        return generate_loans(spec, mix, market, rulebook)
    return generate_perpetuals(spec, mix, market, rulebook, instruments, held)


def _checked(spec: CrowdSpec, leverage: str) -> LeverageMix:
    """The leverage mix asked for, once the spec's own numbers make sense."""
    place = f"the crowd of venue {spec.venue!r}"
    if spec.kind not in ("perpetuals", "loans"):
        raise InputError(
            f"{place} is of kind {spec.kind!r}", column="kind", expected="perpetuals or loans"
        )
    if spec.accounts < 1:
        raise InputError(
            f"{place} has {spec.accounts} accounts", column="accounts", expected="at least one"
        )
    if leverage not in spec.leverage:
        raise InputError(
            f"{place} has no leverage mix {leverage!r}",
            column="leverage",
            expected=f"one of {', '.join(spec.leverage)}",
        )
    mix = spec.leverage[leverage]
    bounds = {
        "leverage median": (mix.median, 0.0, math.inf),
        "leverage log_sd": (mix.log_sd, 0.0, math.inf),
        "size_log_sd": (spec.size_log_sd, 0.0, math.inf),
        "positions_mean": (spec.positions_mean, 1.0, math.inf),
        "isolated_share": (spec.isolated_share, 0.0, 1.0),
        "total_debt": (spec.total_debt, 0.0, math.inf),
        **{f"long_share of {k}": (v, 0.0, 1.0) for k, v in (spec.long_share or {}).items()},
    }
    for name, (value, lowest, highest) in bounds.items():
        if not (math.isfinite(value) and lowest <= value <= highest):
            raise InputError(
                f"{place} has {name} {value}", expected=f"a number from {lowest:g} to {highest:g}"
            )
    if mix.median == 0.0:
        raise InputError(f"{place} has leverage median 0", expected="a number above 0")
    return mix
