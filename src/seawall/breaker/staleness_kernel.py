"""The compiled step of the staleness breaker: `seawall.breaker.staleness.staleness_step`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from seawall.foundation.compiled import record_helper

if TYPE_CHECKING:
    from seawall.breaker.staleness import StalenessMemory, StalenessRule


@record_helper
def staleness_row(
    rule: StalenessRule,
    memory: StalenessMemory,
    p: int,
    age: NDArray[np.int64],
    fresh: bool,
    step: int,
) -> None:
    """One step of path ``p``; ``age`` (f,) steps since each feed sent."""
    rows = memory.ring.shape[1]
    for m in range(rule.feed.size):
        memory.ring[p, step % rows, m] = age[rule.feed[m]]
        delay = rule.delay_steps[m]
        seen = memory.ring[p, (step - delay) % rows, m] + delay
        memory.stale[p, m] = seen > rule.limit_steps[m] and not fresh


@record_helper
def staleness_row_by_stamp(
    rule: StalenessRule, memory: StalenessMemory, p: int, stamp: NDArray[np.int64], step: int
) -> None:
    """The same where the oracle says (f,) at which step what is seen now was sent."""
    for m in range(rule.feed.size):
        memory.stale[p, m] = step - stamp[rule.feed[m]] > rule.limit_steps[m]
