"""`seawall check --ledger exact`: the block, its sentence, and where it is documented."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from seawall.casefile import sample_case
from seawall.cli.app import app
from seawall.exposure.exact_ledger import exact_ledger
from seawall.report import foot

BLOCK = {
    "paths": 60,
    "transfers": 1_234,
    "imbalance_units": 0,
    "largest_gap": 2.1e-05,
    "gap_bound": 0.00014,
}


def test_the_block_of_the_sample() -> None:
    seen: list[float] = []
    case = sample_case(60)
    assets = {
        name: replace(state, volatility=4.0 * state.volatility)
        for name, state in case.market.assets.items()
    }
    block = exact_ledger(
        replace(case, market=replace(case.market, assets=assets)),
        horizon_seconds=14_400.0,
        paths=110,
        seed=1,
        progress=lambda share, _: seen.append(share),
    )
    assert set(block) == set(BLOCK)
    assert block["paths"] == 110 and block["transfers"] > 0
    assert block["imbalance_units"] == 0
    assert 0.0 <= block["largest_gap"] <= block["gap_bound"] < 0.01
    assert seen == pytest.approx([100 / 110, 1.0]), "two pieces of at most 100 paths"


def test_its_sentence() -> None:
    result = {"ledger": BLOCK, "case": {"quote": "USDC"}}
    assert foot.ledger(result) == (
        "Exact ledger: 1,234 transfers on 60 paths in whole units, sums are exactly zero; at most "
        "2.1e-05 USDC from the run, where rounding explains 0.00014. "
    )
    lost = {"ledger": {**BLOCK, "imbalance_units": 7}, "case": {"quote": "USDC"}}
    assert "sums are off by up to 7 units" in foot.ledger(lost)
    assert foot.ledger({"case": {"quote": "USDC"}}) == ""


def test_its_keys_are_documented() -> None:
    text = (Path(__file__).parents[2] / "docs" / "json.md").read_text("utf-8")
    assert [key for key in ("ledger", *BLOCK) if f"`{key}`" not in text] == []


def test_the_command_line_asks_for_it() -> None:
    how = ["check", "--paths", "4", "--horizon", "1h", "--json", "-"]
    exact = json.loads(CliRunner().invoke(app, [*how, "--ledger", "exact"]).stdout)
    plain = json.loads(CliRunner().invoke(app, how).stdout)
    assert exact.pop("ledger")["imbalance_units"] == 0
    exact["manifest"] = plain["manifest"] = None
    assert exact == plain, "nothing else changes"
