"""Pieces in threads of this process: for a loop that lets go of the interpreter's lock."""

from __future__ import annotations

from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor, as_completed

from seawall.cascade.pieces.job import Job, Piece
from seawall.cascade.tape import Tape


def in_threads(
    job: Job, pieces: list[Piece], workers: int
) -> Generator[tuple[Piece, Tape], None, None]:
    """Each piece and its tape as they are finished.

    Where the run ends early (Ctrl-C, an error) no piece is begun any more, and those at work are
    waited for: a thread cannot be ended, which is one reason why pieces are small.
    """
    pool = ThreadPoolExecutor(workers, thread_name_prefix="seawall")
    try:
        waiting = {pool.submit(job.tape, piece): piece for piece in pieces}
        for future in as_completed(waiting):
            yield waiting.pop(future), future.result()
    finally:
        pool.shutdown(cancel_futures=True)
