"""Running pieces: what a piece raises arrives, and no process or thread outlives a run."""

from __future__ import annotations

import multiprocessing
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from seawall.cascade.engine import BASE, Runs, prepare
from seawall.cascade.pieces import job as job_module
from seawall.cascade.pieces import run as run_module
from seawall.cascade.pieces.compute import Compute, Engine
from seawall.cascade.pieces.forked import can_fork
from seawall.cascade.pieces.job import Grain, Job, Piece
from seawall.cascade.pieces.keep import WHOLE
from seawall.cascade.pieces.loops import Loop
from seawall.cascade.pieces.run import run_job
from seawall.cascade.setup import Setup
from seawall.cascade.tape import Tape
from seawall.casefile import sample_case
from seawall.foundation.errors import InputError, SeawallError

WAYS = pytest.mark.parametrize(
    "way",
    [
        "here",
        "threads",
        pytest.param("processes", marks=pytest.mark.skipif(not can_fork(), reason="no fork")),
    ],
)
NEVER_ENDS = """
import os, sys, time
from seawall.cascade.pieces import job, loops
from seawall.cli.app import run
def never(*arguments, **more):
    os.write(1, b"at work\\n")
    time.sleep(1000)
job.simulation = lambda loop, setup, steps: never
job.GRAINS = dict.fromkeys(loops.Loop, job.Grain(1, 10**9, 1))
sys.exit(run(["check", "--threads", "3", "--engine", "plain", "--horizon", "30m", "--paths", "9"]))
"""


@pytest.fixture(scope="module")
def setup() -> Setup:
    return prepare(sample_case(40))


@pytest.fixture
def nine(setup: Setup, monkeypatch: pytest.MonkeyPatch) -> Job[Tape]:
    """Nine paths of three steps, in nine pieces."""
    monkeypatch.setattr(job_module, "GRAINS", dict.fromkeys(Loop, Grain(1, 3, 1)))
    zeros = np.zeros(9, dtype=np.int64)
    return Job(setup, (BASE,), Runs(np.arange(9), zeros), 3, 5, Loop.PLAIN, WHOLE)


def compute(way: str, monkeypatch: pytest.MonkeyPatch) -> Compute:
    if way == "threads":
        monkeypatch.setattr(run_module, "can_fork", lambda: False)
    return Compute(Engine.PLAIN, 1 if way == "here" else 3)


def nothing_is_left() -> bool:
    threads = [t for t in threading.enumerate() if t.name.startswith("seawall")]
    return not threads and not multiprocessing.active_children()


@WAYS
def test_paths_arrive_in_order_and_are_counted(
    nine: Job[Tape], way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    counts: list[int] = []
    tape = run_job(nine, compute(way, monkeypatch), counts.append)
    whole = nine.runner()((0, 9))
    assert np.array_equal(tape.final, whole.final)
    assert np.array_equal(tape.desk_equity, whole.desk_equity)
    assert counts == list(range(1, 10))
    assert nothing_is_left()


@WAYS
def test_a_refusal_in_a_piece_is_raised_as_it_was(
    nine: Job[Tape], way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def tape(piece: Piece) -> Tape:
        raise InputError(f"piece {piece}", file="market.toml", expected="another")

    monkeypatch.setattr(Job, "runner", lambda self: tape)
    with pytest.raises(InputError) as caught:
        run_job(nine, compute(way, monkeypatch))
    assert str(caught.value).startswith("market.toml: piece (")
    assert str(caught.value).endswith("); expected another.")
    assert caught.value.file == "market.toml"
    assert nothing_is_left()


@WAYS
def test_an_interrupted_run_leaves_nothing(
    nine: Job[Tape], way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(done: int) -> None:
        if done == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_job(nine, compute(way, monkeypatch), interrupt)
    assert nothing_is_left()


@pytest.mark.skipif(not can_fork(), reason="no fork")
def test_a_process_that_the_system_ends_is_named(
    nine: Job[Tape], monkeypatch: pytest.MonkeyPatch
) -> None:
    parent = os.getpid()

    def tape(piece: Piece) -> Tape:
        assert os.getpid() != parent
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError

    monkeypatch.setattr(Job, "runner", lambda self: tape)
    with pytest.raises(SeawallError, match="want of memory"):
        run_job(nine, compute("processes", monkeypatch))
    assert nothing_is_left()


def group(leader: int) -> list[int]:
    """Processes of a process group that are alive."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                state, _, pgrp = (folder / "stat").read_text().rpartition(")")[2].split()[:3]
            except OSError:  # it ended while we looked
                continue
            if int(pgrp) == leader and state != "Z":
                found.append(int(folder.name))
    return found


@pytest.mark.skipif(not can_fork(), reason="no fork")
@pytest.mark.parametrize(
    ("ending", "to_all", "code", "said"),
    [
        (signal.SIGINT, True, 130, "Interrupted.\n"),
        (signal.SIGINT, False, 130, "Interrupted.\n"),
        (signal.SIGTERM, False, -signal.SIGTERM, ""),
        (signal.SIGKILL, False, -signal.SIGKILL, ""),
    ],
    ids=["Ctrl-C", "SIGINT", "SIGTERM", "SIGKILL"],
)
def test_no_process_outlives_the_command(
    ending: signal.Signals, to_all: bool, code: int, said: str
) -> None:
    """Ctrl-C in a terminal goes to the whole group; the others to the command alone."""
    command = subprocess.Popen(
        [sys.executable, "-c", NEVER_ENDS],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert command.stdout is not None
    try:
        for _ in range(3):
            assert command.stdout.readline() == "at work\n"
        assert len(group(command.pid)) == 4, "the command and three workers"
        (os.killpg if to_all else os.kill)(command.pid, ending)
        _, errors = command.communicate(timeout=60)
        assert command.returncode == code
        assert errors == said
        patience = time.monotonic() + 20.0
        while group(command.pid) and time.monotonic() < patience:
            time.sleep(0.05)
        assert group(command.pid) == []
    finally:
        for left in group(command.pid):
            os.kill(left, signal.SIGKILL)


def test_without_ray_the_sentence_names_the_extra(
    nine: Job[Tape], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(InputError, match=r"extra \[cluster\].*requirements-cluster\.lock"):
        run_job(nine, Compute(Engine.RAY, 2))


def test_a_cluster_that_is_not_there_is_named_at_once(nine: Job) -> None:
    pytest.importorskip("ray", reason="Ray is not installed; the development lock has it")
    with socket.socket() as taken:  # bound, but nobody listens
        taken.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(InputError, match=f"no Ray cluster answers at {address}"):
            run_job(nine, Compute(Engine.RAY, address=address))
