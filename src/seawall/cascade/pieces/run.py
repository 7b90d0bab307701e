"""Run a job the way that was chosen, and join its pieces in order.

The plain loop holds the interpreter's lock, so its pieces go to forked processes where the system
has them; the compiled one lets go of it, so its pieces go to threads; Ray takes either. What is too
small for a second worker is run here.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import closing

from seawall.cascade.pieces.compute import Compute, Engine
from seawall.cascade.pieces.forked import can_fork, in_processes
from seawall.cascade.pieces.job import Job, Piece
from seawall.cascade.pieces.keep import Kept
from seawall.cascade.pieces.loops import Loop
from seawall.cascade.pieces.threaded import in_threads

# Pieces and what is kept of them, in the order in which they are finished.
Finished = Generator[tuple[Piece, Kept], None, None]


def run_job(
    job: Job[Kept], compute: Compute, progress: Callable[[int], None] | None = None
) -> Kept:
    """What is kept of all paths of a job; ``progress`` is told how many of them are done.

    Same bits whatever ``compute`` says. No process or thread of the run outlives the call, however
    it ends. Raises InputError where the way that was asked for is not there.
    """
    parts: dict[Piece, Kept] = {}
    with closing(_finished(job, compute)) as finished:
        for piece, kept in finished:
            parts[piece] = kept
            if progress is not None:
                progress(sum(last - first for first, last in parts))
    return job.keeper.joined([parts[piece] for piece in sorted(parts)])


def _finished(job: Job[Kept], compute: Compute) -> Finished[Kept]:
    if compute.engine is Engine.RAY:
        from seawall.cascade.pieces.on_ray import on_ray

        return on_ray(job, compute)
    pieces = job.pieces(compute.workers)
    workers = min(compute.workers, len(pieces))
    if workers == 1:
        return _here(job, pieces)
    if job.loop is Loop.PLAIN and can_fork():
        return in_processes(job, pieces, workers)
    return in_threads(job, pieces, workers)


def _here(job: Job[Kept], pieces: list[Piece]) -> Finished[Kept]:
    """One piece after the other, in this thread."""
    run = job.runner()
    for piece in pieces:
        yield piece, run(piece)
