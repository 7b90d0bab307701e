"""How many paths stand beside the base, and runs in blocks."""

from __future__ import annotations

import numpy as np
import pytest

from seawall.cascade import engine
from seawall.cascade.engine import chunk_of, prepare
from seawall.cascade.pieces.blocks import in_blocks
from seawall.casefile import sample_case
from seawall.exposure.runs import plan, side_of


@pytest.mark.parametrize(
    ("paths", "units", "side"),
    [
        (100, 5_500, 100),  # all of them: fewer than 200
        (300, 5_500, 200),
        (1_000, 5_500, 500),
        (1_000, 25_000, 500),  # 12.5 million exactly
        (1_000, 125_089, 100),  # 99 would be 12.5 million: 100 at least
        (4_000, 10_000, 1_250),
        (150, 10_000_000, 100),
        (60, 10_000_000, 60),
    ],
)
def test_side_paths(paths: int, units: int, side: int) -> None:
    assert side_of(paths, units) == side


def test_a_remedy_is_sought_where_other_worlds_are_known() -> None:
    assert plan([], 1_000, 10, 1, 5_500).remedy_paths == 1_000
    assert plan([], 1_000, 10, 1, 125_089).remedy_paths == 100


def test_fewer_paths_run_together_where_there_are_more_accounts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    setup = prepare(sample_case(300))
    assert chunk_of(setup) == 900
    each = 8 * setup.table.rows.unit.size + 28 * setup.table.units.account.size
    monkeypatch.setattr(engine, "CHUNK_BYTES", 40.5 * each)
    assert chunk_of(setup) == 40
    monkeypatch.setattr(engine, "CHUNK_BYTES", 1.0)
    assert chunk_of(setup) == 16, "at least"


@pytest.mark.parametrize("workers", [1, 3])
def test_blocks_are_asked_once_and_joined_in_order(
    workers: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    setup = prepare(sample_case(30))
    monkeypatch.setattr(engine, "CHUNK", 7)
    squares = in_blocks(setup, 50, 100_000, workers, lambda paths: paths**2)
    assert np.array_equal(squares, np.arange(50) ** 2)
