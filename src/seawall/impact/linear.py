"""Linear impact: forced flow of one depth moves the log-price by one.

``b`` is the outstanding signed forced flow divided by depth (quote notional per unit of log-price):
sales have b < 0. The market price is the exogenous one times a displacement D(b), close to exp(b):

    D(-x) = 1 / P(x),   D(x) = P(x),   P(x) = 1 + x + x^2/2 + x^3/6 + x^4/24,   x >= 0

so that D(b) D(-b) = 1, D(0) = 1 exactly, D > 0 for any flow, and no exponential is called inside
the loop (compiled and plain engines then agree to the last bit). P stays below exp, so a fall is
understated: by a share of about x^5/120, which is 8e-8 at x = 0.1, 1.7e-4 at 0.5 and 0.4% at 1.
The engine's depth is a guess to tens of per cent; beyond x = 1 the linear law itself is the error.

Source: Kyle (1985), "Continuous auctions and insider trading" (a price change proportional to
signed flow). Wrong when: large orders are worked slowly (the square-root law fits those better),
or depth is withdrawn as the price moves (the market's ``thinning`` covers part of that).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


def displacement(b: ArrayLike) -> Floats:
    """Factor on the exogenous price while flow ``b`` is outstanding; b in log-price, sales < 0.

    Any shape; returns the same shape, > 0, exactly 1 at b = 0.
    """
    flow = np.asarray(b, dtype=np.float64)
    x = np.abs(flow)
    power = 1.0 + x * (1.0 + x * (0.5 + x * (1.0 / 6.0 + x * (1.0 / 24.0))))
    return np.where(flow < 0.0, 1.0 / power, power)


def average(b0: ArrayLike, b1: ArrayLike) -> Floats:
    """Mean displacement while the flow walks evenly from ``b0`` to ``b1``: what the orders pay.

    Shapes broadcast. Simpson's rule on :func:`displacement`, relative error below
    (b1 - b0)^4 / 2880; b0 = b1 gives the displacement there, bit for bit.
    """
    left = np.asarray(b0, dtype=np.float64)
    right = np.asarray(b1, dtype=np.float64)
    first = displacement(left)
    middle = displacement(0.5 * (left + right))
    mean = (first + 4.0 * middle + displacement(right)) / 6.0
    return np.where(left == right, first, mean)
