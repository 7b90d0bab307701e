"""The compiled step of the staleness breaker: `seawall.breaker.staleness.staleness_step`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from seawall.foundation.compiled import record_helper, row_helper
from seawall.foundation.rows_kernel import copy_row, in_a_row

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

if TYPE_CHECKING:
    from seawall.breaker.staleness import StalenessMemory, StalenessRule


@row_helper
def compare_age(limit: Ints, fresh: bool, age: Ints, stale: Bools) -> None:
    """Whether ages (m,) in steps are beyond their limits."""
    for m in range(stale.size):
        stale[m] = (age[m] > limit[m]) & (not fresh)


@row_helper
def compare_stamp(limit: Ints, step: int, stamp: Ints, stale: Bools) -> None:
    """The same from the steps (m,) at which prices were sent."""
    for m in range(stale.size):
        stale[m] = step - stamp[m] > limit[m]


@record_helper
def staleness_row(
    rule: StalenessRule, memory: StalenessMemory, p: int, age: Ints, fresh: bool, step: int
) -> None:
    """One step of path ``p``; ``age`` (f,) steps since each feed sent."""
    rows, feed = memory.ring.shape[1], rule.feed
    if rows == 1 and in_a_row(feed):
        own = age[feed[0] : feed[0] + feed.size]
        copy_row(own, memory.ring[p, 0])
        compare_age(rule.limit_steps, fresh, own, memory.stale[p])
        return
    now = step % rows
    for m in range(feed.size):
        memory.ring[p, now, m] = age[feed[m]]
        # No delay is longer than the ring.
        then = now - rule.delay_steps[m]
        then = then + rows if then < 0 else then
        seen = memory.ring[p, then, m] + rule.delay_steps[m]
        memory.stale[p, m] = seen > rule.limit_steps[m] and not fresh


@record_helper
def staleness_row_by_stamp(
    rule: StalenessRule, memory: StalenessMemory, p: int, stamp: Ints, step: int
) -> None:
    """The same where the oracle says (f,) at which step what is seen now was sent."""
    feed = rule.feed
    if in_a_row(feed):
        own = stamp[feed[0] : feed[0] + feed.size]
        compare_stamp(rule.limit_steps, step, own, memory.stale[p])
        return
    for m in range(feed.size):
        memory.stale[p, m] = step - stamp[feed[m]] > rule.limit_steps[m]
