"""When a margin account may be liquidated: equity below maintenance margin.

For loans this is health factor < 1 (C9), and debt whose collateral is gone stays liquidatable: its
maintenance is zero and its equity below. An empty account (0 against 0) is not. Source: each
rulebook. Venues with a grace period have a margin call.
"""

from __future__ import annotations

from seawall.book.book import Bools, Floats


def breached(equity: Floats, maintenance: Floats) -> Bools:
    """True (n,) where the venue's engine may act; equity and maintenance (n,) in quote."""
    return equity < maintenance
