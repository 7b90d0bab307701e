"""What is asked of the engine: refusals in sentences, and the cut of a job into pieces."""

from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.cascade.engine import CHUNK
from seawall.cascade.pieces.compute import Compute, Engine, cores
from seawall.cascade.pieces.job import GRAINS, Grain, cut
from seawall.cascade.pieces.loops import Loop
from seawall.foundation.errors import InputError


@pytest.fixture(autouse=True)
def _no_cluster(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RAY_ADDRESS", raising=False)


def test_workers_are_the_cores_unless_told() -> None:
    assert Compute().workers == cores() >= 1
    assert Compute(threads=7).workers == 7


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="only where cores can be taken")
def test_cores_are_those_of_this_process() -> None:
    mine = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, {min(mine)})
        assert cores() == 1
    finally:
        os.sched_setaffinity(0, mine)


def test_no_thread_is_refused() -> None:
    with pytest.raises(InputError, match="one thread at least"):
        Compute(threads=0)


def test_an_address_is_rays() -> None:
    with pytest.raises(InputError, match="--engine ray with it"):
        Compute(Engine.PLAIN, address="10.0.0.1:6379")
    assert Compute(Engine.RAY, address="10.0.0.1:6379").cluster == "10.0.0.1:6379"


def test_a_cluster_counts_its_own_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match="no --threads with --ray-address"):
        Compute(Engine.RAY, 4, "10.0.0.1:6379")
    monkeypatch.setenv("RAY_ADDRESS", "10.0.0.2:6379")
    with pytest.raises(InputError, match=r"10\.0\.0\.2:6379"):
        Compute(Engine.RAY, 4)
    assert Compute(Engine.RAY).cluster == "10.0.0.2:6379"
    assert Compute(Engine.PLAIN, 4).workers == 4, "the variable is Ray's alone"


def test_local_is_no_cluster(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Compute(Engine.RAY).cluster is None
    monkeypatch.setenv("RAY_ADDRESS", "local")
    assert Compute(Engine.RAY, 2).cluster is None


@given(
    paths=st.integers(1, 5_000),
    steps=st.integers(0, 3_000),
    workers=st.integers(1, 70),
    least=st.integers(1, 10**6),
    most=st.integers(10_000, 10**7),
    per_worker=st.integers(1, 5),
)
def test_pieces_hold_every_path_once(
    paths: int, steps: int, workers: int, least: int, most: int, per_worker: int
) -> None:
    pieces = cut(paths, steps, workers, Grain(least, most, per_worker))
    assert [first for first, _ in pieces] == [0, *[last for _, last in pieces[:-1]]]
    assert pieces[-1][1] == paths
    sizes = [last - first for first, last in pieces]
    assert min(sizes) >= 1
    assert max(sizes) <= CHUNK
    assert max(sizes) - min(sizes) <= 1
    assert max(sizes) * steps <= max(most, steps) + steps, "no piece is longer than told"


def test_pieces_by_hand() -> None:
    # 1,800 paths of 288 steps, 2 workers, 1 piece each: 2 x 900, which is a chunk.
    assert cut(1_800, 288, 2, Grain(10_000, 10**9, 1)) == [(0, 900), (900, 1_800)]
    # One path more needs a third piece, and then each worker gets as many: 4.
    assert len(cut(1_801, 288, 2, Grain(10_000, 10**9, 1))) == 4
    # 100 paths of 288 steps are 28,800 path-steps: worth 2 pieces of 10,000, not 4.
    assert cut(100, 288, 4, Grain(10_000, 10**9, 1)) == [(0, 50), (50, 100)]
    # At most 5,760 path-steps, that is 20 paths, a piece: 5 for one worker.
    assert len(cut(100, 288, 1, Grain(1, 5_760, 1))) == 5


def test_small_runs_stay_here() -> None:
    for grain in GRAINS.values():
        assert cut(3, 24, 8, grain) == [(0, 3)]
    assert GRAINS.keys() == set(Loop)
