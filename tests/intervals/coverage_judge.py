"""Is a coverage that was counted within 93.5% to 96.5%? Holm's test over all cases.

A case fails only where its coverage lies *significantly* outside: the hypothesis "the coverage is
at least 93.5%" (or "at most 96.5%") is tested by the exact binomial tail at that end, the smaller
of the two doubled, and Holm (1979) holds the chance of any false alarm below 5%.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from coverage_case import Answer, Covered
from scipy.stats import binom

from seawall.exposure.proportion import wilson

LOW, HIGH, LEVEL = 0.935, 0.965, 0.05


def p_value(covered: int, seeds: int) -> float:
    """Against a coverage inside the band."""
    too_few = float(binom.cdf(covered, seeds, LOW))
    too_many = float(binom.sf(covered - 1, seeds, HIGH))
    return min(1.0, 2.0 * min(too_few, too_many))


def holm(p_values: Sequence[float], level: float = LEVEL) -> list[bool]:
    """Which hypotheses are rejected: in order of p, p_(i) <= level / (m - i), up to the first that
    is not.
    """
    rejected = [False] * len(p_values)
    for i, at in enumerate(np.argsort(p_values)):
        if p_values[at] > level / (len(p_values) - i):
            break
        rejected[int(at)] = True
    return rejected


def wilson_coverage(chance: float, paths: int) -> float:
    """Exact coverage of Wilson's interval of a count of independent paths: no simulation.

    The sum of binomial chances of those counts whose interval holds ``chance``. It swings around
    95% as the chance moves past the ends, the less the larger chance x paths is.
    """
    counts = np.arange(paths + 1)
    held = [low <= chance <= high for low, high in (wilson(int(k), paths) for k in counts)]
    return float(binom.pmf(counts, paths, chance)[held].sum())


def gain(chance: float, paths: int, found: Sequence[float]) -> tuple[float, float, float]:
    """How many times smaller the mean squared error of estimates is than that of ``paths`` plain
    paths, p (1 - p) / paths; and its 95% interval, from the spread of the squared errors.
    """
    square = (np.array(found) - chance) ** 2
    mean, error = float(square.mean()), float(square.std(ddof=1)) / len(found) ** 0.5
    plain = chance * (1.0 - chance) / paths
    low = plain / (mean + 1.96 * error)
    high = plain / (mean - 1.96 * error) if mean > 1.96 * error else float("inf")
    return plain / mean, low, high


def table(cases: Sequence[Covered], found: Mapping[str, Sequence[Answer]]) -> tuple[str, bool]:
    """What was counted, a line a case; and whether no judged case is outside the band."""
    counts = {}
    for one in cases:
        answers = found[one.name]
        counts[one.name] = sum(a.low <= one.truth <= a.high for a in answers)
    judged = [one for one in cases if one.pushed]
    p_values = [p_value(counts[one.name], len(found[one.name])) for one in judged]
    rejected = dict(zip((one.name for one in judged), holm(p_values), strict=True))
    by_name = dict(zip((one.name for one in judged), p_values, strict=True))
    lines = [
        f"{'case':<23}{'kind':<29}{'chance':>9}{'seeds':>7}{'covers':>8}{'exact':>8}"
        f"{'below':>7}{'above':>7}{'p':>8}{'bias':>7}{'width':>8}  gain"
    ]
    for one in cases:
        answers = found[one.name]
        means = np.array([a.probability for a in answers])
        seeds, spread = len(answers), float(means.std(ddof=1))
        bias = (float(means.mean()) - one.truth) / (spread / seeds**0.5) if spread > 0.0 else 0.0
        width = float(np.mean([a.high - a.low for a in answers])) / (2.0 * 1.96 * spread)
        exact = "" if one.rare else f"{wilson_coverage(one.truth, one.paths):.2%}"
        p = f"{by_name[one.name]:.3f}" if one.pushed else "-"
        below = sum(a.high < one.truth for a in answers) / seeds
        above = sum(a.low > one.truth for a in answers) / seeds
        better = ""
        if one.rare:
            times, low, high = gain(one.truth, 2 * one.paths, [a.probability for a in answers])
            better = f"  {times:.1f} ({low:.1f} to {high:.1f})"
        flag = "  OUTSIDE" if rejected.get(one.name) else ""
        lines.append(
            f"{one.name:<23}{one.kind:<29}{one.truth:>9.6f}{seeds:>7}"
            f"{counts[one.name] / seeds:>8.2%}{exact:>8}{below:>7.2%}{above:>7.2%}{p:>8}"
            f"{bias:>+7.2f}{width:>8.2f}{better}{flag}"
        )
    return "\n".join(lines), not any(rejected.values())
