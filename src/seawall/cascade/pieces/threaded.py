"""Pieces in threads of this process: for a loop that lets go of the interpreter's lock."""

from __future__ import annotations

import sys
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager

from seawall.cascade.pieces.job import Job, Piece
from seawall.cascade.pieces.keep import Kept

# Seconds after which a thread that waits for the interpreter's lock may ask for it. Compiled code
# lets go of it for far less than Python's own 5 ms, and each time would wait as long to go on.
SWITCH_SECONDS = 0.0002


def in_threads(
    job: Job[Kept], pieces: list[Piece], workers: int
) -> Generator[tuple[Piece, Kept], None, None]:
    """Each piece and what is kept of it, as they are finished.

    Where the run ends early (Ctrl-C, an error) no piece is begun any more, and those at work are
    waited for: a thread cannot be ended, which is one reason why pieces are small.
    """
    run = job.runner()
    pool = ThreadPoolExecutor(workers, thread_name_prefix="seawall")
    try:
        with _quick_turns():
            waiting = {pool.submit(run, piece): piece for piece in pieces}
            for future in as_completed(waiting):
                yield waiting.pop(future), future.result()
    finally:
        pool.shutdown(cancel_futures=True)


@contextmanager
def _quick_turns() -> Iterator[None]:
    """Threads take turns more often, until the run ends."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(SWITCH_SECONDS)
    try:
        yield
    finally:
        sys.setswitchinterval(before)
