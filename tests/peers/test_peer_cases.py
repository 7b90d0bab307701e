"""Other venues' own numbers, read from SEAWALL_PEER_CASES: the runner that its README describes.

A kind that is not built yet is skipped and counted; a kind that nobody has heard of is a failure.
"""

from __future__ import annotations

import json
import math
import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tiny_cases import Held, Trader, coin, lending_venue, perpetual, perpetuals_venue, tiny_case

from seawall.margin.assess import requirement
from seawall.margin.compile import compile_table
from seawall.margin.requirement import Requirement
from seawall.margin.tiered import TierLines, deductions, margin, tier_lines
from seawall.valuation.black import black
from seawall.venues import Collateral, OptionMargin, Tier

ROOT = Path(__file__).resolve().parents[2]
FOLDER = Path(os.environ.get("SEAWALL_PEER_CASES") or ROOT / "../shared/peer-cases")
PeerCase = dict[str, Any]
Kind = tuple[str, str | None, str]


def numbers(requirement_: Requirement) -> tuple[float, float, float]:
    """Equity, initial and maintenance of the only unit."""
    return (
        float(requirement_.equity[0]),
        float(requirement_.initial[0]),
        float(requirement_.maintenance[0]),
    )


def halves(tiers: list[list[float]]) -> list[Tier]:
    """Hyperliquid's rule: the maintenance rate is half of the initial one."""
    return [Tier(bound, leverage, 0.5 / leverage) for bound, leverage in tiers]


def one_line(lines: TierLines, notionals: list[float]) -> list[float]:
    row = np.zeros(len(notionals), dtype=np.int64)
    rate, deduction = lines.maintenance_rate[row], lines.maintenance_deduction[row]
    return [float(x) for x in margin(np.array(notionals), rate, deduction)]


def hyperliquid_rate(case: PeerCase) -> dict[str, Any]:
    lines = tier_lines([halves([[0.0, case["parameters"]["max_leverage"]]])])
    return {"mmr": one_line(lines, [1.0])[0]}


def hyperliquid_tiers(case: PeerCase) -> dict[str, Any]:
    tiers = halves(case["parameters"]["tiers[lower_bound,max_leverage]"])
    lines = tier_lines([tiers])
    return {
        "maintenance_rates": lines.maintenance_rate[0].tolist(),
        "deductions": lines.maintenance_deduction[0].tolist(),
        "maintenance_margin": one_line(lines, case["account"]["notionals"]),
    }


def deribit_perpetual(case: PeerCase) -> dict[str, Any]:
    given = case["parameters"]
    rule = OptionMargin(
        initial_base=0.15,
        initial_floor=0.1,
        maintenance_base=0.075,
        perp_initial=given["im_base"],
        perp_maintenance=given["mm_base"],
        perp_slope=given["size_slope_per_coin"],
    )
    account = [Trader("v", (Held("PERP", case["account"]["size_coins"], 1.0),))]
    tiny = tiny_case(
        account,
        (perpetual("PERP", "COIN"),),
        {"v": perpetuals_venue(option_margin=rule)},
        {"COIN": coin(case["market"]["index"])},
    )
    _, initial, maintenance = numbers(static(tiny))
    return {"initial_margin_usdc": initial, "maintenance_margin_usdc": maintenance}


def static(case: Any) -> Requirement:
    table = compile_table(case.book, case.market, case.rulebooks, case.quote, case.as_of)
    spot = [case.market.assets[table.assets[k]].spot for k in table.feed_asset]
    return requirement(table, np.array(spot))


def aave_health_factor(case: PeerCase) -> dict[str, Any]:
    """Maintenance = (1 - threshold) x collateral: a Requirement holds the health factor."""
    threshold = case["parameters"]["liquidation_threshold"]
    collateral = case["account"]["collateral_eth"]
    prices = case["market"]["prices_in_eth"]
    debts = {name: -amount for name, amount in case["account"]["debt"].items()}
    tiny = tiny_case(
        [Trader("v", (), {"POOL": 1.0, **debts})],
        (),
        {"v": lending_venue({"POOL": Collateral(threshold, threshold)})},
        {"POOL": coin(collateral), **{name: coin(prices[name]) for name in debts}},
    )
    equity, _, maintenance = numbers(static(tiny))
    weighted = collateral - maintenance
    return {"health_factor": weighted / (collateral - equity)}


def binance_recursion(case: PeerCase) -> dict[str, Any]:
    given = case["parameters"]
    tiers = given.get("tiers[min,max,mmr,max_leverage]")
    if tiers is not None:
        cum = deductions(np.array([t[0] for t in tiers]), np.array([t[2] for t in tiers]))
        return {"cum": cum.tolist()}
    step = deductions(np.array([0.0, given["floor"]]), np.array([given["mmr_prev"], given["mmr"]]))
    return {"cum": given["cum_prev"] + float(step[1])}


def black_scholes(case: PeerCase) -> dict[str, Any]:
    market, account = case["market"], case["account"]
    years, spot = account["years"], market["spot"]
    forward = spot * math.exp((market["rate"] - market["dividend_yield"]) * years)
    inputs = [np.array(x) for x in (forward, account["strike"], years, market["vol"])]
    value = black(*inputs, np.array(account["type"] == "call"))
    return {"value": math.exp(-market["rate"] * years) * float(value)}


HANDLERS: dict[Kind, Callable[[PeerCase], dict[str, Any]]] = {
    ("hyperliquid", None, "maintenance_margin_rate"): hyperliquid_rate,
    ("hyperliquid", None, "tiered_maintenance_margin"): hyperliquid_tiers,
    ("deribit", None, "standard_margin_linear_perp"): deribit_perpetual,
    ("aave_v3", None, "health_factor"): aave_health_factor,
    ("binance", None, "maintenance_amount_recursion"): binance_recursion,
    ("pricing", None, "black_scholes_value"): black_scholes,
}
NOT_COMPARED = {("hyperliquid", "continuity_at_bounds")}
# Known, and not built yet: (venue, engine, kind). What is built moves up to HANDLERS.
NOT_BUILT: set[Kind] = {
    ("binance", None, "isolated_linear_liquidation_price"),
    ("binance", None, "maintenance_tier_lookup"),
    ("binance_coin_m", None, "inverse_initial_margin"),
    ("binance_coin_m", None, "inverse_maintenance_margin"),
    ("bitmex", None, "adl_queue"),
    ("bybit", None, "cross_inverse_liquidation_price"),
    ("bybit", None, "isolated_inverse_bankruptcy_price"),
    ("bybit", None, "isolated_inverse_margins"),
    ("bybit", None, "isolated_linear_liquidation_price"),
    ("gate", None, "isolated_linear_liquidation_price"),
    ("okx", None, "isolated_linear_liquidation_price"),
    ("okx", None, "portfolio_margin_MR9_stablecoin_depeg"),
    ("derive", "dutch_auction", "liquidation_auction_quote"),
    ("derive", "dutch_auction", "liquidation_auction_step"),
    ("derive", "pmrm_v1", "account_margin"),
    ("derive", "pmrm_v2", "account_margin"),
    ("derive", "standard_manager", "account_margin"),
    ("drift_v2", None, "asset_seized_for_liability"),
    ("drift_v2", None, "base_to_liquidate_to_cover_shortage"),
    ("drift_v2", None, "deposit_cap_scaled_initial_asset_weight"),
    ("drift_v2", None, "insurance_fund_fee_rate_perp"),
    ("drift_v2", None, "insurance_fund_fee_rate_spot"),
    ("drift_v2", None, "liability_transfer_implied_by_asset"),
    ("drift_v2", None, "liability_transfer_to_cover_shortage"),
    ("drift_v2", None, "liquidation_fee_ramp"),
    ("drift_v2", None, "max_fraction_to_liquidate"),
    ("drift_v2", None, "perp_bankruptcy_socialised_via_funding"),
    ("drift_v2", None, "size_based_collateral_weight_initial"),
    ("drift_v2", None, "spot_bankruptcy_socialised_to_depositors"),
    ("dydx_v4", None, "bankruptcy_price"),
    ("dydx_v4", None, "deleveraging"),
    ("dydx_v4", None, "fillable_price"),
    ("dydx_v4", None, "initial_margin_open_interest_scaled"),
    ("dydx_v4", None, "insurance_fund_can_cover"),
    ("dydx_v4", None, "insurance_fund_delta"),
    ("dydx_v4", None, "is_liquidatable"),
    ("dydx_v4", None, "liquidation_priority_compare"),
    ("dydx_v4", None, "margin_requirement"),
    ("gmx_v2", None, "adl_flag"),
    ("gmx_v2", None, "is_liquidatable"),
    ("opyn_gamma", None, "excess_collateral"),
    ("opyn_gamma", None, "max_loss_spread_margin"),
    ("opyn_gamma", None, "naked_option_margin"),
    ("perennial_v2", None, "is_maintained"),
    ("perennial_v2", None, "is_margined"),
    ("perennial_v2", None, "maintenance_margin"),
    ("pricing", None, "heston_value"),
    ("pricing", None, "merton_jump_diffusion_value"),
    ("synthetix_v3_perps", None, "fill_price_pnl_and_available_margin"),
    ("synthetix_v3_perps", None, "initial_maintenance_margin"),
}
# Compared elsewhere: tests/papers/test_haug.py.
ELSEWHERE: set[Kind] = {("pricing", None, "black_scholes_greek")}


def peer_cases(folder: Path) -> list[PeerCase]:
    """All cases of a folder in the form that the README describes."""
    out = []
    for path in sorted(folder.glob("*.json")):
        content = json.loads(path.read_text("utf-8"))
        if content.get("schema") == 1:
            out += content["cases"]
    return out


def kind_of(case: PeerCase) -> Kind:
    return case["venue"], case.get("engine"), case["kind"]


def allowed(name: str, expected: float, tolerance: dict[str, Any]) -> float:
    """Largest difference from an expected number."""
    if "relative" in tolerance:
        return float(tolerance["relative"]) * abs(expected) + 1e-8
    absolute = tolerance.get("absolute", 0.0)
    assert set(tolerance) <= {"absolute", "note", "peer_absolute", "peer_relative"}, name
    return float(absolute) + (1e-12 * max(1.0, abs(expected)) if absolute > 0 else 0.0)


def differences(name: str, got: Any, expected: Any, tolerance: dict[str, Any]) -> list[str]:
    """Sentences on what differs; lists and maps are compared element by element."""
    if expected is None:
        return []
    if isinstance(expected, list):
        if len(got) != len(expected):
            return [f"{name}: {len(got)} numbers, expected {len(expected)}"]
        pairs = enumerate(zip(got, expected, strict=True))
        return [d for n, (g, e) in pairs for d in differences(f"{name}[{n}]", g, e, tolerance)]
    if isinstance(expected, dict):
        pairs = ((key, got[key], expected[key]) for key in expected)
        return [d for key, g, e in pairs for d in differences(f"{name}.{key}", g, e, tolerance)]
    if isinstance(expected, bool | str):
        return [] if got == expected else [f"{name}: {got!r}, expected {expected!r}"]
    if abs(got - expected) <= allowed(name, expected, tolerance):
        return []
    return [f"{name}: {got!r}, expected {expected!r}"]


def compare(case: PeerCase) -> list[str]:
    got = HANDLERS[kind_of(case)](case)
    return [
        sentence
        for name, expected in case["expected"].items()
        if (case["venue"], name) not in NOT_COMPARED
        for sentence in differences(name, got[name], expected, case["tolerance"])
    ]


CASES = peer_cases(FOLDER)


def test_every_kind_is_known(capsys: pytest.CaptureFixture[str]) -> None:
    counts = Counter(kind_of(case) for case in CASES)
    unknown = {kind: n for kind, n in counts.items() if kind not in HANDLERS.keys() | NOT_BUILT}
    assert not {kind: n for kind, n in unknown.items() if kind not in ELSEWHERE}
    waiting = {kind: n for kind, n in counts.items() if kind in NOT_BUILT}
    compared = sum(counts[kind] for kind in HANDLERS)
    with capsys.disabled():
        print(
            f"\npeer cases: {compared} of {len(CASES)} compared; {sum(waiting.values())} skipped, "
            f"of {len(waiting)} kinds that are not built yet"
        )


@pytest.mark.skipif(not CASES, reason="SEAWALL_PEER_CASES holds no cases: 0 compared")
@pytest.mark.parametrize("kind", sorted(HANDLERS, key=str), ids=lambda kind: f"{kind[0]}-{kind[2]}")
def test_our_numbers_are_the_venues(kind: Kind) -> None:
    cases = [case for case in CASES if kind_of(case) == kind]
    wrong = [f"{case['id']}: {line}" for case in cases for line in compare(case)]
    assert not wrong, "\n".join(wrong)
    if not cases:
        pytest.skip(f"no case of {kind} in the folder")


def test_no_kind_is_in_two_lists() -> None:
    assert not HANDLERS.keys() & NOT_BUILT
    assert not (HANDLERS.keys() | NOT_BUILT) & ELSEWHERE


# Each handler once on numbers worked by hand, so that the runner is tested without the folder.
BY_HAND: list[PeerCase] = [
    {
        "venue": "hyperliquid",
        "kind": "maintenance_margin_rate",
        "parameters": {"max_leverage": 40},
        "expected": {"mmr": 0.0125},
        "tolerance": {"absolute": 1e-12},
    },
    {
        "venue": "hyperliquid",
        "kind": "tiered_maintenance_margin",
        "parameters": {"tiers[lower_bound,max_leverage]": [[0, 25], [1e6, 10]]},
        "account": {"notionals": [5e5, 2e6]},
        # 2% and 5%; 1m x 3% = 30,000.
        "expected": {
            "maintenance_rates": [0.02, 0.05],
            "deductions": [0.0, 30_000.0],
            "maintenance_margin": [10_000.0, 70_000.0],
            "continuity_at_bounds": True,
        },
        "tolerance": {"relative": 1e-12},
    },
    {
        "venue": "deribit",
        "kind": "standard_margin_linear_perp",
        "parameters": {"im_base": 0.05, "mm_base": 0.03, "size_slope_per_coin": 1e-4},
        "market": {"index": 1_000.0},
        "account": {"size_coins": 50.0},
        # 50 x 1,000 = 50,000 at 5.5% and 3.5%.
        "expected": {"initial_margin_usdc": 2_750.0, "maintenance_margin_usdc": 1_750.0},
        "tolerance": {"absolute": 1e-6},
    },
    {
        "venue": "aave_v3",
        "kind": "health_factor",
        "parameters": {"liquidation_threshold": 0.8},
        "market": {"prices_in_eth": {"USDC": 0.00025, "DAI": 0.0003}},
        "account": {"collateral_eth": 10.0, "debt": {"USDC": 8_000.0, "DAI": 10_000.0}},
        # 8 / (2 + 3)
        "expected": {"health_factor": 1.6},
        "tolerance": {"absolute": 1e-12},
    },
    {
        "venue": "binance",
        "kind": "maintenance_amount_recursion",
        "parameters": {"floor": 50_000.0, "mmr": 0.01, "mmr_prev": 0.005, "cum_prev": 7.0},
        "expected": {"cum": 257.0},
        "tolerance": {"absolute": 1e-9},
    },
    {
        "venue": "pricing",
        "kind": "black_scholes_value",
        "parameters": {},
        "market": {"spot": 100.0, "dividend_yield": 0.0, "rate": 0.0, "vol": 0.2},
        "account": {"type": "call", "strike": 100.0, "years": 1.0},
        # 100 x (2 N(0.1) - 1)
        "expected": {"value": 7.965567455405798},
        "tolerance": {"absolute": 1e-9},
    },
]


@pytest.mark.parametrize("case", BY_HAND, ids=lambda case: case["kind"])
def test_the_runner_by_hand(case: PeerCase) -> None:
    assert compare(case) == []
    wrong = {name: value for name, value in case["expected"].items() if value is not True}
    for name, value in wrong.items():
        off = [x + 1.0 for x in value] if isinstance(value, list) else value + 1.0
        assert compare({**case, "expected": {name: off}}), f"a wrong {name} passes"


def test_there_is_a_value_by_hand_for_every_handler() -> None:
    assert {kind_of(case) for case in BY_HAND} == set(HANDLERS)
