"""10 October 2025: a print of 0.65 on one venue is rejected by a median; a true crash passes.

Published: USDe printed 0.65 on one venue and stayed near a dollar elsewhere (EVIDENCE, section 2);
the exchange later took outside prices too. Loans of a dollar against USDe at a threshold of 90% and
health factors of 1.05 to 1.3 see a price that is wrong by -35% for ten minutes:

- read from one source, all loans below 1 / 0.65 = 1.54 are closed, that is all of them;
- read as the median of five sources that fail one by one, none;
- when the price truly falls to 0.65, the median sees it: again all are closed;
- when what breaks the sources is common to them (all read one venue), the median fails as one does.

The chance that three of five fail together is made small: 4 failures a day and source, each of ten
minutes, over two hours; with one source about 28% of paths see one.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

sys.path.append(str(Path(__file__).resolve().parents[1] / "laws"))

from tiny_cases import Trader, coin, lending_venue, run_case, tiny_case

from seawall.cascade.tape import FORCED
from seawall.case import Case
from seawall.venues import Collateral, Feed, Liquidation

LOANS, PATHS, STEPS = 12, 400, 120
FAILS = {"failure_seconds": 600.0, "failure": "wrong", "error": -0.35}


def usde(sources: int, **fails: Any) -> Case:
    """Loans against USDe whose price is the median of so many sources."""
    health = np.linspace(1.05, 1.3, LOANS)
    traders = [
        Trader("lender", (), {"USDE": 1_000.0, "USD": -float(1_000.0 * 0.9 / h)}) for h in health
    ]
    median = {"rule": "median", "sources": [{"noise": 1e-4}] * sources, **FAILS, **fails}
    rules = lending_venue(
        {"USDE": Collateral(0.85, 0.9, 0.05)},
        liquidation=Liquidation("keeper", close_factor=1.0, full_below=0.95),
        feed=Feed(0.001, 60.0, 0.0),
    )
    rules = replace(rules, mechanisms={"oracle_source": median})
    return tiny_case(traders, [], {"lender": rules}, {"USDE": coin(1.0, 1e9, 0.05)})


def closed(case: Case, crash: bool = False) -> tuple[float, float]:
    """Share of paths on which somebody was closed, and of those paths the mean share of loans."""
    exogenous = np.ones((PATHS, STEPS + 1, 2))
    if crash:
        exogenous[:, 30:, 1] = 0.65
    _, tape, _ = run_case(case, exogenous)
    hit = np.isin(tape.kind, FORCED)
    pairs = np.unique(tape.path[hit] * 1_000 + tape.unit[hit])
    paths = np.unique(pairs // 1_000)
    return paths.size / PATHS, pairs.size / LOANS / max(paths.size, 1)


def test_one_source_prints_and_everybody_is_closed() -> None:
    share, loans = closed(usde(1, failures_per_day=4.0))
    # P(a failure within two hours) = 1 - exp(-4 / 12) = 0.283; sd of the share 0.023.
    assert share == pytest.approx(0.283, abs=0.07)
    assert loans > 0.99


def test_a_median_of_five_rejects_the_print() -> None:
    share, _ = closed(usde(5, failures_per_day=4.0))
    # Three of five within ten minutes: about 10 x (1/36)^3 x (two hours / ten minutes) = 0.3%.
    assert share < 0.015


def test_a_true_crash_passes_the_median() -> None:
    share, loans = closed(usde(5, failures_per_day=4.0), crash=True)
    assert share == 1.0
    assert loans > 0.99


def test_sources_that_read_one_venue_fail_as_one() -> None:
    share, loans = closed(usde(5, common_per_day=4.0, share=1.0))
    assert share == pytest.approx(0.283, abs=0.07)
    assert loans > 0.99
