"""The outstanding flow that moves a price by a given factor: the impact law read backwards.

Bisection on the law's displacement, which grows with flow. Exact to the last bits of the law; for
D = exp it is log(factor), for a constant product 2 (sqrt(factor) - 1) above 1 and
-2 (1 / sqrt(factor) - 1) below.
"""

from __future__ import annotations

from seawall.impact import law
from seawall.impact.law import ImpactLaw

# Depths of flow beyond which no move is looked for.
WIDEST = 60.0
BISECTIONS = 60


def flow_that_moves(rule: ImpactLaw, strength: float, factor: float) -> float | None:
    """Outstanding flow, in depths, that moves the price by ``factor`` > 0; None beyond any flow."""
    if factor == 1.0:
        return 0.0
    sign = 1.0 if factor > 1.0 else -1.0

    def short(b: float) -> bool:
        return sign * (float(law.displacement(rule, strength, sign * b)) - factor) < 0.0

    low, high = 0.0, 1e-6
    while short(high):
        low, high = high, 2.0 * high
        if high > WIDEST:
            return None
    for _ in range(BISECTIONS):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if short(middle) else (low, middle)
    return sign * high
