"""Prices of what is not backed any more: worked by hand."""

from __future__ import annotations

import numpy as np
import pytest

from seawall.scenario.failure.mint import UnbackedMint
from seawall.scenario.failure.pegs import StablecoinDepeg, depeg_factor

HOUR = 3_600.0


def test_a_peg_falls_evenly_and_comes_back_by_halves() -> None:
    rule = StablecoinDepeg(
        at_seconds=0.0,
        asset="USDC",
        depth=0.125,
        half_life_seconds=12 * HOUR,
        fall_seconds=8 * HOUR,
    )
    tau = np.array([-1.0, 0.0, 4.0, 8.0, 20.0, 32.0]) * HOUR
    # Half way down after 4 h, 0.875 at 8 h, half of the gap left 12 h later, a quarter 24 h later.
    expected = [1.0, 1.0, 1.0 - 0.0625, 0.875, 1.0 - 0.0625, 1.0 - 0.03125]
    assert depeg_factor(rule, tau) == pytest.approx(expected, rel=1e-12)


def test_part_of_the_gap_stays() -> None:
    rule = StablecoinDepeg(
        at_seconds=0.0, asset="UST", depth=0.8, half_life_seconds=HOUR, permanent=0.5
    )
    # At once to 0.2; an hour later the gap is 0.8 x (0.5 + 0.5 / 2) = 0.6; at last 0.4.
    found = depeg_factor(rule, np.array([0.0, HOUR, 1000 * HOUR]))
    assert found == pytest.approx([0.2, 0.4, 0.6], rel=1e-12)


def test_a_mint_dilutes_the_claim() -> None:
    # 100 backed, 25 minted: 0.8 of a claim is left.
    assert UnbackedMint(at_seconds=0.0, asset="rs", minted=25.0, supply=100.0).backed == 0.8
