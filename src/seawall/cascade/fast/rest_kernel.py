"""Which paths are at rest: nobody due has fallen and nobody waits for the plain loop."""

from __future__ import annotations

from seawall.cascade.fast.assess_kernel import assess_unit
from seawall.cascade.fast.awake_kernel import put_to_sleep
from seawall.cascade.fast.floor_kernel import TRUSTED, holds_options, option_floor
from seawall.cascade.fast.glance_kernel import price_sizes, remember
from seawall.cascade.fast.layout_kernel import Array, Awake, Books, Fixed, Prices, Room, types_of
from seawall.cascade.fast.wake_kernel import collect_due, find_due, keep_doubtful
from seawall.foundation.compiled import record_helper, record_kernel


@record_helper
def waits(awake: Awake, p: int, due: Array) -> bool:
    """Whether the plain loop is not done with one of these units."""
    some = False
    for n in range(due.size):
        some = some or awake.level[p, awake.place[p, due[n]] - 1] < 0.0
    return some


@record_helper
def is_healthy(
    fixed: Fixed, books: Books, prices: Prices, awake: Awake, p: int, u: int, step: int
) -> bool:
    """Whether a unit has surely not fallen; if so it sleeps as long as its buffer allows."""
    own, needed, exposure, held = assess_unit(fixed, books, prices, p, u)
    if fixed.units.has_options[u] and holds_options(fixed, books, p, u):
        floor = option_floor(fixed, books, prices, p, u, step)
        return own + floor - needed > TRUSTED * (abs(own) + abs(floor) + needed)
    if own < needed and held:
        return False
    put_to_sleep(fixed.units.always, awake, p, u, own - needed, exposure, False)
    return True


@record_helper
def is_restless_at_a_glance(
    fixed: Fixed, books: Books, prices: Prices, awake: Awake, room: Room, p: int, step: int
) -> bool:
    """As `is_restless` on a path that runs on: a glance is enough for most.

    Who is healthy at a glance sleeps on, also where somebody else on the path waits.
    """
    count = find_due(awake, p, room.due)
    if count == 0:
        return False
    price_sizes(fixed, prices, awake, room.worth, p)
    due = room.due[: keep_doubtful(awake, room, p, count)]
    if waits(awake, p, due):
        return True
    restless = False
    for m in range(due.size):
        if is_healthy(fixed, books, prices, awake, p, due[m], step):
            remember(fixed, books, awake, room, p, due[m])
        else:
            restless = True
    return restless


@record_helper
def is_restless(
    fixed: Fixed, books: Books, prices: Prices, awake: Awake, room: Array, p: int, step: int
) -> bool:
    """Look at who is due on a path; whether the plain loop must look too.

    Nobody who has fallen, and nobody on a path with one who waits, is put to sleep.
    """
    count = collect_due(awake, p, room)
    if waits(awake, p, room[:count]):
        return True
    restless = False
    for m in range(count):
        if not is_healthy(fixed, books, prices, awake, p, room[m], step):
            restless = True
    return restless


@record_kernel(lambda: types_of(Fixed, Books, Prices, Awake, "i1", "i1", "i0", "b1"))
def rest_paths(
    fixed: Fixed,
    books: Books,
    prices: Prices,
    awake: Awake,
    room: Array,
    paths: Array,
    step: int,
    restless: Array,
) -> None:
    """Look at who is due on paths (n,); ``restless`` (n,) where the plain loop must look too."""
    for n in range(paths.size):
        restless[n] = is_restless(fixed, books, prices, awake, room, paths[n], step)
