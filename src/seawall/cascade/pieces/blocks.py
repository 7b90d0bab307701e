"""Runs on paths of a caller's own, block by block: what is held at once stays small."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from seawall.book.book import Ints
from seawall.cascade.engine import chunk_of
from seawall.cascade.pieces.job import GRAINS, cut
from seawall.cascade.pieces.loops import Loop
from seawall.cascade.setup import Setup


def in_blocks(
    setup: Setup,
    count: int,
    steps: int,
    workers: int,
    run: Callable[[Ints], np.ndarray],
) -> np.ndarray:
    """What ``run`` says of paths 0 to ``count`` - 1 of so many steps, (count,), given some at once.

    Paths do not know of each other, so neither blocks nor workers change a bit. Threads: compiled
    code lets go of the interpreter's lock, the plain loop gains nothing.
    """
    chunk = chunk_of(setup)
    blocks = [
        np.arange(begin, min(begin + chunk, last))
        for first, last in cut(count, steps, workers, GRAINS[Loop.FAST])
        for begin in range(first, last, chunk)
    ]
    if len(blocks) < 2 or workers < 2:
        return np.concatenate([run(block) for block in blocks])
    with ThreadPoolExecutor(workers, thread_name_prefix="seawall") as pool:
        return np.concatenate(list(pool.map(run, blocks)))
