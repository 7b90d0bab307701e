"""What a unit's options add to its buffer at least, from the tables of guards.py."""

from __future__ import annotations

import numpy as np

from seawall.cascade.fast.layout_kernel import Books, Fixed, Prices
from seawall.foundation.compiled import record_helper

# A bound is trusted beyond this share of the sums it is compared with.
TRUSTED = 1e-9


@record_helper
def holds_options(fixed: Fixed, books: Books, p: int, u: int) -> bool:
    """Whether a unit still holds any option."""
    guards, held = fixed.guards, False
    for o in range(guards.options[u], guards.options[u + 1]):
        held = held or books.option_size[p, o] != 0.0
    return held


@record_helper
def option_floor(fixed: Fixed, books: Books, prices: Prices, p: int, u: int, step: int) -> float:
    """Least that a unit's options add to equity - maintenance now; -inf where nothing is known."""
    guards = fixed.guards
    if not guards.known[u]:
        return -np.inf
    total, at = 0.0, min(step // guards.slice_steps, guards.most.shape[1] - 1)
    for o in range(guards.options[u], guards.options[u + 1]):
        size = books.option_size[p, o]
        if size < 0.0:
            cell = int(prices.feed[p, guards.feed[o]] / guards.origin[o] / guards.width)
            if guards.table[o] < 0 or cell >= guards.most.shape[2]:
                return -np.inf
            total += size * guards.most[guards.table[o], at, cell]
    return total
