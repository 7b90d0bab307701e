"""Equity of many margin accounts at once, without their options."""

from __future__ import annotations

from seawall.cascade.fast.assess_kernel import unit_equity
from seawall.cascade.fast.layout_kernel import Array, Books, Fixed, Prices, types_of
from seawall.foundation.compiled import record_kernel


@record_kernel(lambda: types_of(Fixed, Books, Prices, "i1", "i1", "f1"))
def equity_pairs(
    fixed: Fixed, books: Books, prices: Prices, path: Array, unit: Array, out: Array
) -> None:
    """Equity (n,) of pairs (path, unit), quote, into ``out``."""
    for n in range(path.size):
        out[n] = unit_equity(fixed, books, prices, path[n], unit[n])
