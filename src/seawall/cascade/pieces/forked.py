"""Pieces in forked processes: for the plain loop, which holds the interpreter's lock.

A forked process starts with this one's memory, so the Case is not copied; only what is kept
of a piece comes back.
Each takes the next piece when it is free. They end with the run: when it is interrupted they are
ended, and when this process is killed they notice and end themselves.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import traceback
import warnings
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkContext
from multiprocessing.sharedctypes import Synchronized
from threading import Thread

from seawall.cascade.pieces.job import Job, Piece
from seawall.cascade.pieces.keep import Kept
from seawall.foundation.errors import SeawallError


def can_fork() -> bool:
    """True where processes start from this one's memory and that is safe: on Linux."""
    methods = multiprocessing.get_all_start_methods()
    return sys.platform.startswith("linux") and "fork" in methods


def in_processes(
    job: Job[Kept], pieces: list[Piece], workers: int
) -> Generator[tuple[Piece, Kept], None, None]:
    """Each piece and what is kept of it, as they are finished.

    Raises SeawallError when the system ends a process, and whatever a piece raises.
    """
    context = multiprocessing.get_context("fork")
    begun: Synchronized[int] = context.Value("q", 0)
    children: dict[Connection, multiprocessing.process.BaseProcess] = {}
    try:
        with _without_interrupts():
            for _ in range(workers):
                connection, child = _start(context, job, pieces, begun)
                children[connection] = child
        while children:
            for ready in wait(list(children)):
                assert isinstance(ready, Connection)
                try:
                    message = ready.recv()
                except EOFError:
                    _part(children.pop(ready))
                    continue
                if isinstance(message, BaseException):
                    raise message
                yield message
    finally:
        for connection, child in children.items():
            child.terminate()
            child.join()
            connection.close()


def _start(
    context: ForkContext, job: Job[Kept], pieces: list[Piece], begun: Synchronized[int]
) -> tuple[Connection, multiprocessing.process.BaseProcess]:
    """One more process, and the end of the pipe on which what it keeps arrives."""
    receive, send = context.Pipe(duplex=False)
    child = context.Process(target=_work, args=(job, pieces, begun, send), daemon=True)
    with warnings.catch_warnings():
        # The progress bar's thread holds no lock that a child uses.
        warnings.simplefilter("ignore", DeprecationWarning)
        child.start()
    send.close()
    return receive, child


def _part(child: multiprocessing.process.BaseProcess) -> None:
    child.join()
    if child.exitcode:
        raise SeawallError(
            "The system ended a process that ran paths before it was done, most often for want of "
            "memory; run again with fewer --threads or --paths."
        )


@contextmanager
def _without_interrupts() -> Iterator[None]:
    """Processes started inside never hear Ctrl-C, which the terminal sends to all of a group."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _work(job: Job[Kept], pieces: list[Piece], begun: Synchronized[int], send: Connection) -> None:
    """In the child: take the next piece until there is none."""
    Thread(target=_end_with_parent, daemon=True).start()
    try:
        run = job.runner()
        while True:
            with begun.get_lock():
                n = begun.value
                begun.value = n + 1
            if n >= len(pieces):
                return
            send.send((pieces[n], run(pieces[n])))
    except Exception as error:
        # The traceback would be lost on the way.
        error.add_note(traceback.format_exc())
        send.send(error)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    wait([parent.sentinel])
    os._exit(1)
