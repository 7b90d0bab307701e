"""Tests of expected shortfall: were the losses beyond value at risk as large as stated?

With loss X_t, its predicted law, hit I_t = X_t > VaR_t, p = 1 - level, T periods (losses > 0):

    Z1 = 1 - sum (I_t X_t / ES_t) / sum I_t          given that there was a hit
    Z2 = 1 - sum (I_t X_t / ES_t) / (T p)

Both are 0 in expectation where the forecast is right, and below 0 where losses were larger. Losses
are drawn from the predicted laws; p-values are one-sided, small where shortfall was stated too
small (`randomised`), and the two-sided ones are given too: too much capital is an error as well.
Source: Acerbi and Szekely (2014), "Backtesting expected shortfall", Risk. Wrong when periods
overlap.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from seawall.exposure.backtest.randomised import p_value
from seawall.exposure.tail.law import TailLaw

Floats = NDArray[np.float64]

DRAWN = 2_000
# Draws at once: they are (together, t).
TOGETHER = 250
SHORTFALL_TESTS = ("z1", "z2", "z2_two_sided")


def shortfall_tests(
    losses: Floats, law: TailLaw, level: float, rng: np.random.Generator
) -> dict[str, float]:
    """The statistics ``z1``, ``z2`` and the p-values ``z1_p``, ``z2_p``, ``z2_two_sided_p``."""
    first, second = statistics(losses[None], law, level)
    parts = [
        statistics(law.drawn(rng.random((TOGETHER, losses.size))), law, level)
        for _ in range(DRAWN // TOGETHER)
    ]
    drawn_first, drawn_second = (np.concatenate(column) for column in zip(*parts, strict=True))
    ties = rng.random(3)
    return {
        "z1": float(first[0]),
        "z2": float(second[0]),
        "z1_p": p_value(-float(first[0]), -drawn_first, float(ties[0])),
        "z2_p": p_value(-float(second[0]), -drawn_second, float(ties[1])),
        "z2_two_sided_p": p_value(abs(float(second[0])), np.abs(drawn_second), float(ties[2])),
    }


def statistics(losses: Floats, law: TailLaw, level: float) -> tuple[Floats, Floats]:
    """Z1 and Z2 of each row of losses (m, t); Z1 is NaN in a row without a hit."""
    hit = losses > law.value_at_risk(level)
    ratio = np.where(hit, losses / law.expected_shortfall(level), 0.0).sum(axis=1)
    hits = hit.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        first = np.where(hits > 0, 1.0 - ratio / hits, np.nan)
    second = 1.0 - ratio / (losses.shape[1] * (1.0 - level))
    return first, second
