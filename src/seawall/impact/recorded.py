"""A recorded book: what an exit costs that walks it, and the impact laws that fit such costs.

Cost of an exit of Q quote (at the mid) = how far the mean price of the levels it eats lies from the
mid, as a fraction of it: half the spread and the impact. A law is fitted to mean costs C(Q) of many
books at some sizes:

    book_walk     the level between two sizes lies where the mean of what walks there was paid,
                  (Q2 C2 - Q1 C1) / (Q2 - Q1): the ladder gives the mean costs back exactly
    linear        C = Q / (2 depth)                   both by least squares of relative errors,
    square_root   C = (2/3) Y sigma sqrt(Q / V)       one number each

Liquidity-adjusted loss of an exit = Q C(Q), on top of the price's own move (Bangia and others,
1999). Source: the arithmetic of a limit order book; impact laws as in their files. Wrong when the
book reacts to the order while it walks, or holds hidden size.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from seawall.foundation.errors import InputError
from seawall.impact import law
from seawall.impact.book_walk import BookWalk, Level

Floats = NDArray[np.float64]

# Levels closer than this, as a fraction of the price, are one.
SAME = 1e-10


def walk_cost(price: Floats, size: Floats, mid: float, quote: Floats) -> Floats:
    """Cost (q,) as a fraction of ``mid`` of trading ``quote`` (q,) through levels, best first.

    price, size (n,) of one side; NaN where the levels do not hold that much.
    """
    end = np.cumsum(size)
    begin = end - size
    units = (quote / mid)[:, None]
    eaten = np.clip(units - begin, 0.0, size)
    worst = np.abs(price / mid - 1.0)
    cost = np.sum(eaten * worst, axis=1) / units[:, 0]
    return np.where(units[:, 0] <= end[-1], cost, np.nan)


def fit_book_walk(quote: Floats, cost: Floats) -> tuple[BookWalk, float]:
    """A ladder, and the depth it is a share of, from mean costs (q,) at rising sizes (q,), quote.

    Both sides alike; the depth is that of the linear law at the largest size. Raises InputError
    where costs do not rise the way a book's do.
    """
    paid = np.concatenate([[0.0], quote * cost])
    rest = np.diff(np.concatenate([[0.0], quote]))
    away = np.diff(paid) / rest
    if np.any(np.diff(away) < -SAME) or away[0] < 0.0:
        raise InputError(
            "costs by size do not rise as those of a book do",
            expected="mean costs of the same books at every size",
        )
    depth = float(quote[-1] / (2.0 * cost[-1]))
    levels: list[Level] = []
    for far, held in zip((away - away[0]).tolist(), (rest / depth).tolist(), strict=True):
        if levels and far <= levels[-1].distance + SAME:
            levels[-1] = Level(levels[-1].distance, levels[-1].size + held)
        else:
            levels.append(Level(far, held))
    return BookWalk(bids=tuple(levels), half_spread=float(away[0])), depth


def fit_coefficient(shape: Floats, cost: Floats) -> float:
    """The factor a with least squares of a x shape / cost - 1, both (q,)."""
    ratio = shape / cost
    return float(np.sum(ratio) / np.sum(ratio * ratio))


def law_costs(name: str, quote: Floats, cost: Floats, asked: Floats) -> Floats:
    """Cost (a,) of sizes ``asked`` by the law ``name`` fitted to mean costs at sizes ``quote``.

    name: book_walk, linear or square_root; the sale that the loop would book, by the loop's law.
    """
    if name == "book_walk":
        rule, depth = fit_book_walk(quote, cost)
        paid = law.average(law.slot_law(rule), 0.0, 0.0, -asked / depth)
    elif name == "linear":
        depth = 0.5 / fit_coefficient(quote, cost)
        paid = law.average(law.named_law(name), 0.0, 0.0, -asked / depth)
    else:
        strength = 1.5 * fit_coefficient(np.sqrt(quote), cost)
        paid = law.average(law.named_law(name), strength, 0.0, -asked)
    out: Floats = 1.0 - paid
    return out
