"""Gross notional against a plain loop, bit for bit: weights of the model interval rest on it."""

from __future__ import annotations

import numpy as np
import pytest

from seawall.cascade.engine import prepare
from seawall.cascade.setup import Setup
from seawall.casefile.sample_case import sample_case
from seawall.exposure.notional import gross_notional, row_notional
from seawall.margin.table.margin_table import RowKind


@pytest.fixture(scope="module")
def setup() -> Setup:
    return prepare(sample_case(0))


def by_hand(setup: Setup, rows: list[int], options: list[int]) -> dict[str, float]:
    """One row after the other, then one option after the other."""
    table, out = setup.table, dict[str, float]()
    for n in rows:
        k = int(table.rows.asset[n])
        price = 1.0 if table.rows.kind[n] == RowKind.INVERSE else float(setup.spot[k])
        name = table.assets[k]
        out[name] = out.get(name, 0.0) + abs(float(table.rows.size[n]) * price)
    for n in options:
        k = int(table.options.asset[n])
        name = table.assets[k]
        out[name] = out.get(name, 0.0) + abs(float(table.options.size[n])) * float(setup.spot[k])
    return out


@pytest.mark.parametrize("seed", range(5))
def test_the_sums_are_those_of_a_plain_loop_in_its_order(setup: Setup, seed: int) -> None:
    rng = np.random.default_rng(seed)
    rows = rng.random(setup.table.rows.asset.size) < 0.7
    options = rng.random(setup.table.options.asset.size) < 0.7
    assert options.size > 1
    found = gross_notional(setup, rows, options)
    expected = by_hand(setup, np.flatnonzero(rows).tolist(), np.flatnonzero(options).tolist())
    assert list(found.items()) == list(expected.items())


def test_nothing_chosen_is_nothing(setup: Setup) -> None:
    none = np.zeros(setup.table.rows.asset.size, dtype=bool)
    assert gross_notional(setup, none, np.zeros(setup.table.options.asset.size, dtype=bool)) == {}
    assert (row_notional(setup) >= 0.0).all()
