"""What a hedge across two stable coins must hold against a depeg: rates that rise with its size.

Each slice of the hedged size is charged at the rate of its own tier, as with income tax. Source:
OKX portfolio margin, MR9 (stablecoin depegging risk). Wrong beyond the last tier of a table, where
the last rate is carried on.
"""

from __future__ import annotations

from collections.abc import Sequence

from seawall.foundation.errors import InputError


def depeg_charge(hedged: float, tiers: Sequence[tuple[float | None, float]]) -> float:
    """Charge, quote, for a hedged size >= 0 in quote.

    tiers (upper bound in quote, rate) in order of size; None as the last bound means no end.
    Raises InputError when a bound does not rise above the one before.
    """
    charge, lower, last = 0.0, 0.0, 0.0
    for upper, rate in tiers:
        if upper is not None and upper <= lower:
            raise InputError(
                f"a tier ends at {upper:g}, not above {lower:g}", expected="upper bounds that rise"
            )
        top = hedged if upper is None else min(hedged, upper)
        charge += max(top - lower, 0.0) * rate
        lower, last = (hedged if upper is None else upper), rate
    return charge + max(hedged - lower, 0.0) * last
