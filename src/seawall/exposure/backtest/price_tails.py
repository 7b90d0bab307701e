"""Value at risk and expected shortfall of single positions against prices it was not chosen on.

The method is chosen on the fitted part, a stretch of time, and judged once on the rest. Whatever it
says of a period it says from the periods before it:

1. Choice. Every candidate (a method of `exposure.tail.methods`, its window, the memory of its
   scale) says the law of each period of the fitted part from the periods before; the one with the
   smallest mean score over assets and sides is taken (`score`). Periods that some candidate
   cannot say anything on are left out for all.
2. Judgement. On all other periods the chosen candidate, and the best normal one beside it, are
   tested: by asset and side (`hits`, `shortfall`), and over all assets at once by the means of
   hit - p and of I X / (p ES) - 1, whose dependence across assets and days a bootstrap of weeks
   keeps (`joint`).
3. Power. How often these tests would reject the normal candidate if the chosen one were the truth.

Wrong as a verdict on books: it judges one unit of notional in one asset, each period by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from seawall.exposure.backtest.hits import hit_tests, unconditional
from seawall.exposure.backtest.joint import mean_is_zero
from seawall.exposure.backtest.periods import Periods
from seawall.exposure.backtest.score import score
from seawall.exposure.backtest.shortfall import shortfall_tests, statistics
from seawall.exposure.tail.law import TailLaw
from seawall.exposure.tail.methods import METHODS
from seawall.exposure.tail.scale import scale
from seawall.foundation.errors import InputError

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

SIDES = ("long", "short")
WINDOWS = (125, 250)
MEMORIES = (0.85, 0.94, 0.97)
POWER_DRAWN = 1_000
SIGNIFICANCE = 0.05


class TooShortError(InputError):
    """The history is too short for value at risk; other questions may still have an answer."""


@dataclass(frozen=True)
class Span:
    """A stretch of time, seconds since 1970: ``first`` in it, ``last`` no longer."""

    first: int
    last: int

    def holds(self, times: NDArray[np.int64]) -> Bools:
        """Which of these times (t,) lie in it."""
        inside: Bools = (times >= self.first) & (times < self.last)
        return inside


@dataclass(frozen=True)
class Candidate:
    """A method, how many periods it looks back over, and the memory of its scale."""

    method: str
    window: int
    memory: float

    def law(self, losses: Floats, seen: Floats) -> TailLaw:
        """The law of each period, NaN where there is no full window before it."""
        return METHODS[self.method](losses, scale(seen, self.memory), self.window)

    @property
    def words(self) -> str:
        """What it is, for a table."""
        text = f"{self.method}, {self.window} periods"
        return text if self.method == "historical" else f"{text}, memory {self.memory:g}"


def candidates() -> list[Candidate]:
    """All that are tried; the historical method has no scale."""
    out = [Candidate("historical", window, MEMORIES[0]) for window in WINDOWS]
    scaled = [name for name in METHODS if name != "historical"]
    out += [Candidate(n, w, m) for n in scaled for w in WINDOWS for m in MEMORIES]
    return out


@dataclass(frozen=True)
class Judged:
    """One position's periods of the judged part: losses (t,) and the law said of each."""

    name: str
    source: str
    side: str
    begin: NDArray[np.int64]
    losses: Floats
    law: TailLaw


def choose(
    assets: Sequence[Periods], fitted: Span, level: float, tick: Callable[[float], None]
) -> list[tuple[Candidate, float]]:
    """Candidates and their mean score over the fitted part, best first.

    Raises TooShortError when no asset has more than the longest window of periods before its end.
    """
    tried = candidates()
    totals, count = np.zeros(len(tried)), 0
    for done, asset in enumerate(assets):
        keep = fitted.holds(asset.begin) & (np.arange(asset.begin.size) >= max(WINDOWS))
        if keep.any():
            for side in SIDES:
                losses = asset.losses(side)
                scores = [_scores(c.law(losses, asset.seen), losses, level)[keep] for c in tried]
                totals += np.sum(scores, axis=1)
                count += int(keep.sum())
        tick((done + 1) / len(assets))
    if count == 0:
        raise TooShortError(
            f"no asset has a period in the fitted part with {max(WINDOWS)} before it",
            expected="a longer history, or a later end of the fitted part",
        )
    order = np.argsort(totals, kind="stable")
    return [(tried[n], float(totals[n] / count)) for n in order]


def _scores(law: TailLaw, losses: Floats, level: float) -> Floats:
    return score(losses, law.value_at_risk(level), law.expected_shortfall(level), level)


def judged(assets: Sequence[Periods], candidate: Candidate, fitted: Span) -> list[Judged]:
    """Every asset and side outside the fitted part, where the candidate said something."""
    out = []
    for asset in assets:
        for side in SIDES:
            losses = asset.losses(side)
            law = candidate.law(losses, asset.seen)
            keep = ~fitted.holds(asset.begin) & np.isfinite(law.quantile[:, 0])
            if keep.any():
                part = TailLaw(law.quantile[keep], law.slices[keep])
                out.append(
                    Judged(asset.name, asset.source, side, asset.begin[keep], losses[keep], part)
                )
    return out


def tests_of(one: Judged, level: float, rng: np.random.Generator) -> dict[str, float]:
    """Periods, hits, and every p-value of one position."""
    at_risk = one.law.value_at_risk(level)
    hits = one.losses > at_risk
    return {
        "periods": float(hits.size),
        "hits": float(hits.sum()),
        "expected": float(hits.size * (1.0 - level)),
        **hit_tests(hits, at_risk, level, rng),
        **shortfall_tests(one.losses, one.law, level, rng),
    }


def joint_tests(
    all_of_them: Sequence[Judged], level: float, rng: np.random.Generator
) -> dict[str, float]:
    """P-values over all assets at once: value at risk and expected shortfall of either side."""
    return {
        f"{what}_{side}": mean_is_zero(_errors(all_of_them, side, what, level), rng)
        for what in ("value_at_risk", "expected_shortfall")
        for side in SIDES
    }


def _errors(all_of_them: Sequence[Judged], side: str, what: str, level: float) -> Floats:
    """Errors (dates, positions) that are 0 in expectation where the law is right."""
    mine = [one for one in all_of_them if one.side == side]
    dates = np.unique(np.concatenate([one.begin for one in mine]))
    out = np.full((dates.size, len(mine)), np.nan)
    for n, one in enumerate(mine):
        hit = one.losses > one.law.value_at_risk(level)
        error = hit - (1.0 - level)
        if what == "expected_shortfall":
            ratio = one.losses / one.law.expected_shortfall(level)
            error = np.where(hit, ratio, 0.0) / (1.0 - level) - 1.0
        out[np.searchsorted(dates, one.begin), n] = error
    return out


def power(truth: Judged, said: Judged, level: float, rng: np.random.Generator) -> dict[str, float]:
    """How often ``said`` is rejected at 5% by hits and by Z2 where losses follow ``truth``."""
    uniform = rng.random((POWER_DRAWN, truth.losses.size))
    own = said.law.drawn(uniform)
    real = truth.law.drawn(uniform)
    p, at_risk = 1.0 - level, said.law.value_at_risk(level)
    by_hits = [unconditional(losses > at_risk, p) for losses in (own, real)]
    by_z2 = [-statistics(losses, said.law, level)[1] for losses in (own, real)]
    return {
        "unconditional": _rejected(*by_hits),
        "z2": _rejected(*by_z2),
    }


def _rejected(usual: Floats, seen: Floats) -> float:
    """Share of ``seen`` beyond what the hypothesis exceeds in 5% of its draws."""
    return float(np.mean(seen > np.quantile(usual, 1.0 - SIGNIFICANCE)))
