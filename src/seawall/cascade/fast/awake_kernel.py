"""The list of awake units of a path: who joins it, who leaves it, and when to look again.

Awake units stand in a list with the clock at which to look again: see `wake_kernel.py`.
"""

from __future__ import annotations

import numpy as np

from seawall.cascade.fast.layout_kernel import Array, Awake
from seawall.foundation.compiled import record_helper

# Bounds are used up a little early, so that rounding (levels are single precision) never delays.
SLACK = 1.0 - 1e-6


@record_helper
def put_in(awake: Awake, p: int, u: int, level: float) -> None:
    """Let unit ``u`` be looked at when the clock reaches ``level``; it joins the list if needed."""
    place = awake.place[p, u]
    if place == 0:
        n = awake.number[p]
        awake.unit[p, n] = u
        awake.number[p] = n + 1
        place = n + 1
        awake.place[p, u] = place
    awake.level[p, place - 1] = level


@record_helper
def wake(awake: Awake, p: int, u: int) -> None:
    """Let unit ``u`` be looked at next; who waits for the plain loop goes on waiting for it."""
    place = awake.place[p, u]
    if place == 0 or awake.level[p, place - 1] > 0.0:
        put_in(awake, p, u, 0.0)


@record_helper
def take_out(awake: Awake, p: int, u: int) -> None:
    """Let unit ``u`` leave the list: it holds nothing that a price can move."""
    place = awake.place[p, u]
    if place == 0:
        return
    last = awake.number[p] - 1
    moved = awake.unit[p, last]
    awake.unit[p, place - 1] = moved
    awake.level[p, place - 1] = awake.level[p, last]
    awake.level[p, last] = np.inf
    awake.place[p, moved] = place
    awake.place[p, u] = 0
    awake.number[p] = last


@record_helper
def rest(awake: Awake, resting: Array, p: int, u: int) -> None:
    """Let a unit that may not be closed again in this step sleep until `end_rest`.

    resting (u + 1,): how many rest, then who.
    """
    put_in(awake, p, u, np.inf)
    count = resting[0] + 1
    resting[0], resting[count] = count, u


@record_helper
def end_rest(awake: Awake, resting: Array, p: int) -> None:
    """Let all who rest be looked at next."""
    for n in range(resting[0]):
        # Who has a place: nobody joins the list for want of anything else.
        if awake.place[p, resting[n + 1]] > 0:
            put_in(awake, p, resting[n + 1], 0.0)
    resting[0] = 0


@record_helper
def put_to_sleep(
    always: Array, awake: Awake, p: int, u: int, buffer: float, exposure: float, stay: bool
) -> None:
    """After a look: the clock at which the buffer can be used up; ``always`` (u,) stay awake."""
    if stay or always[u]:
        put_in(awake, p, u, 0.0)
    elif exposure > 0.0:
        put_in(awake, p, u, awake.clock[p] * (1.0 + buffer / exposure) * SLACK)
    else:
        take_out(awake, p, u)
