"""When a margin account may be liquidated: equity below a maintenance margin that is positive.

For loans this is health factor < 1 (C9). Source: each rulebook. Wrong for venues with a grace
period.
"""

from __future__ import annotations

from seawall.book.book import Bools, Floats


def breached(equity: Floats, maintenance: Floats) -> Bools:
    """True (n,) where the venue's engine may act; equity and maintenance (n,) in quote."""
    return (maintenance > 0) & (equity < maintenance)
