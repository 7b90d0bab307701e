"""Depth by the clock: stated windows in which an asset's depth is a stated factor of its own.

    depth at time t = depth x product of the factors of the windows with from <= t < to

t is the time since the start of the path, at the end of a step. The factor multiplies what other
rules leave of depth (``depth``, ``scenario.thinning``): whoever states what was observed in an
event leaves those out, or the same makers leave twice.

Source: published depth of past events (docs/events.md); the form is Seawall's own. Wrong as a
forecast: here makers leave at a stated time, not because of what happens on the path.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from seawall.foundation.errors import InputError
from seawall.foundation.quantity import POSITIVE_SECONDS, SECONDS, Quantity
from seawall.foundation.record import number

Floats = NDArray[np.float64]

FACTOR = Quantity("a factor above 0, at most 100, on depth", 0.0, 100.0, True)


@dataclass(frozen=True)
class DepthWindow:
    """One window: from, to seconds since the start; factor on depth; assets (none named: all)."""

    from_seconds: float = number(SECONDS)
    to_seconds: float = number(POSITIVE_SECONDS)
    factor: float = number(FACTOR)
    assets: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.to_seconds <= self.from_seconds:
            raise InputError(
                f"a window of depth goes from {self.from_seconds:g} to {self.to_seconds:g} s",
                expected="an end after its beginning",
            )


@dataclass(frozen=True)
class DepthSchedule:
    """Parameters of the market slot ``depth_schedule``."""

    windows: tuple[DepthWindow, ...]


class ScheduleRule(NamedTuple):
    """first, last step (w,) of each window; factor (w, k), 1 where an asset is not meant."""

    first: Floats
    last: Floats
    factor: Floats


def compile_schedule(
    rule: DepthSchedule, assets: tuple[str, ...], step_seconds: float
) -> ScheduleRule:
    """The windows in steps. Raises InputError for an asset that the market does not have."""
    factor = np.ones((len(rule.windows), len(assets)))
    for n, window in enumerate(rule.windows):
        for name in window.assets:
            if name not in assets:
                raise InputError(
                    f"[mechanisms.depth_schedule] names the asset {name!r}",
                    file="market",
                    expected=f"one of {', '.join(assets)}",
                )
        mine = [not window.assets or name in window.assets for name in assets]
        factor[n, np.array(mine, dtype=bool)] = window.factor
    # A time that is a whole number of steps but for its last bit is that step.
    edges = np.array([(w.from_seconds, w.to_seconds) for w in rule.windows]).reshape(-1, 2)
    steps = np.ceil(edges / step_seconds - 1e-9)
    return ScheduleRule(steps[:, 0], steps[:, 1], factor)


def schedule_step(rule: ScheduleRule, share: Floats, step: int) -> None:
    """Overwrite ``share`` (k,), the factor on depth at the end of ``step``."""
    share[:] = 1.0
    for n in np.flatnonzero((rule.first <= step) & (step < rule.last)):
        share *= rule.factor[n]
