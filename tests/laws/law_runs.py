"""How many random Cases each law is shown on, and how they are cut so that cores share them."""

from __future__ import annotations

import os
from collections.abc import Callable

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

# Random Cases, each held to every law; SEAWALL_LAW_RUNS asks for more, as `make test-all` does.
RUNS = int(os.environ.get("SEAWALL_LAW_RUNS", "720"))
# What `make test-all` asks for.
ALL = 10_000
# So many Cases give each of the 70 rules time to act.
MANY = 2_000
# A test of so many Cases is long enough for one core; of the other test, so many are needed.
SHARD, ACTING = 240, max(300, RUNS // 5)
SHARDS = -(-RUNS // SHARD)
# Numbers are drawn evenly from so many: larger ranges are drawn with a bias to small ones.
DIFFERENT = 2**24


def for_each_number(count: int, offset: int, stride: int, hold: Callable[[int], None]) -> int:
    """Call ``hold`` with ``count`` random numbers; how many different ones there were.

    They are ``offset`` modulo ``stride``, so that tests need not share any. The same ones come at
    every call: what fails once fails again. Nothing is shrunk here: a number has no smaller ones.
    """
    seen: set[int] = set()

    @settings(
        max_examples=count,
        deadline=None,
        derandomize=True,
        database=None,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    @given(st.integers(0, DIFFERENT - 1))
    def each(drawn: int) -> None:
        number = drawn * stride + offset
        seen.add(number)
        hold(number)

    each()
    return len(seen)
