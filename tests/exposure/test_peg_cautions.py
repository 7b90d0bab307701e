"""A contract that pays in a stablecoin beside the quote currency: what a lost peg does not move."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

sys.path.append(str(Path(__file__).resolve().parents[1] / "laws"))

from tiny_cases import Held, Trader, coin, paths_of, perpetuals_venue, run_case, tiny_case

from seawall.cascade.engine import prepare
from seawall.case import Case
from seawall.exposure.cautions import cautions
from seawall.exposure.model_interval import ModelPrior
from seawall.instruments import Perpetual

DEPEG = {"asset": "USDX", "depth": 0.125, "half_life_seconds": 3_600.0, "at_seconds": 60.0}
LIE = {"venue": "v", "asset": "USDX", "factor": 0.9, "duration_seconds": 600.0, "at_seconds": 60.0}


def short(settle: str = "USDX", volatility: float = 0.0, **failures: Any) -> Case:
    """A short and a long of one coin at 100, each with 20 of what the contract pays in."""
    unit = 0.01 if settle == "BTC" else 1.0
    contract = Perpetual("P", "BTC", settle)
    traders = [
        Trader("v", [Held("P", side, 100.0)], {settle: 20.0 * unit}, owner=f"d{side}")
        for side in (-1.0, 1.0)
    ]
    assets = {"BTC": coin(100.0), "USDX": coin(1.0, volatility=volatility)}
    case = tiny_case(traders, [contract], {"v": perpetuals_venue()}, assets)
    tables = {name: [table] for name, table in failures.items()}
    slots = {"failures": tables} if tables else {}
    return replace(case, market=replace(case.market, mechanisms=slots))


def said(case: Case) -> list[str]:
    found = cautions(case, prepare(case), ModelPrior(0.0, 0.0), 3_600.0)
    return [one for one in found if "contracts that pay in" in one]


@pytest.mark.parametrize(
    ("case", "told"),
    [
        (short(stablecoin_depeg=DEPEG), True),
        (short(bridge={"assets": ["USDX"], "recovery": 0.5, "at_seconds": 60.0}), True),
        (short(volatility=0.01), True),
        (short(), False),
        (short(oracle_manipulation=LIE), False),
        # The quote currency has no peg to lose, and an inverse contract pays in its own coin.
        (short("USD", volatility=0.01), False),
        (short("BTC", volatility=0.01), False),
    ],
    ids=["depeg", "bridge", "volatile", "calm", "lie", "quote", "inverse"],
)
def test_it_is_told_where_the_run_moves_the_peg(case: Case, told: bool) -> None:
    found = said(case)
    assert len(found) == int(told)
    if told:
        assert found[0].startswith("contracts that pay in USDX (P) are priced in USD: when USDX ")


def test_what_is_told_is_so() -> None:
    """USDX falls to 0.75 and BTC stays at 100 USD. On the venue it is then at 133.3 USDX, and the
    short has lost 33.3 of its 20; in the run it has lost nothing but the worth of its 20.
    """
    case = short()
    _, tape, _ = run_case(case, paths_of(case, USDX=[1.0, 0.75]))
    assert tape.path.size == 0
    assert tape.desk_equity[0, -1] == pytest.approx([15.0, 15.0])
