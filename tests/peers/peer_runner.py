"""The runner that the peers' README describes: reads cases, calls a handler, compares.

A handler turns a case into a call of Seawall and the answer into the case's names. It converts
inputs and units with `peer_units` and does nothing else: `test_handlers_only_convert` refuses
arithmetic, comparisons and mathematical functions in the handler files.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
FOLDER = Path(os.environ.get("SEAWALL_PEER_CASES") or ROOT / "../shared/peer-cases")

PeerCase = dict[str, Any]
Kind = tuple[str, str | None, str]
Handler = Callable[[PeerCase], Mapping[str, Any]]

TOLERANCES = {"absolute", "relative", "absolute_units", "absolute_1e9_units", "as_named"}
REMARKS = {"peer_relative", "peer_absolute", "our_max_rel_error", "note"}


def peer_cases(folder: Path) -> tuple[list[PeerCase], list[str]]:
    """All cases of a folder in the form that the README describes, parameter sets joined in.

    The second is a sentence for each file or case that cannot be read: they are not lost silently.
    """
    cases: list[PeerCase] = []
    faults: list[str] = []
    for path in sorted(folder.glob("*.json")):
        try:
            content = json.loads(path.read_text("utf-8"))
        except ValueError as error:
            faults.append(f"{path.name} is not JSON: {error}")
            continue
        if not isinstance(content, dict) or content.get("schema") != 1:
            continue
        rows, sets = content.get("cases"), content.get("parameter_sets", [])
        if not isinstance(rows, list):
            faults.append(f"{path.name} has no list of cases")
            continue
        for n, case in enumerate(rows):
            where = f"{path.name}, case {n}"
            fault = _fault_of(case, sets)
            if fault is not None:
                faults.append(f"{where}: {fault}")
                continue
            joined = (
                {"parameters": sets[case["parameters_ref"]]} if "parameters_ref" in case else {}
            )
            cases.append({"id": where, **case, **joined})
    return cases, faults


def _fault_of(case: Any, sets: Sequence[Any]) -> str | None:
    """Why a row is no case, as a sentence."""
    if not isinstance(case, dict):
        return f"it is {case!r}, expected an object"
    missing = [name for name in ("venue", "kind", "expected", "tolerance") if name not in case]
    if missing:
        return f"{case.get('id')} has no {', '.join(missing)}"
    wanted = case.get("parameters_ref", 0)
    if "parameters_ref" in case and not (isinstance(wanted, int) and 0 <= wanted < len(sets)):
        return f"{case.get('id')} asks for parameter set {wanted!r}, the file has {len(sets)}"
    return None


def kind_of(case: PeerCase) -> Kind:
    return case["venue"], case.get("engine"), case["kind"]


def compare(handlers: Mapping[Kind, Handler], case: PeerCase) -> list[str]:
    """Sentences on what differs from the case's expected numbers; none when all hold."""
    got = handlers[kind_of(case)](case)
    unknown = set(case["tolerance"]) - TOLERANCES - REMARKS
    assert not unknown, f"{case.get('id')}: unknown tolerance {unknown}"
    return [
        sentence
        for name, expected in case["expected"].items()
        if name not in NOT_COMPARED.get(kind_of(case), ())
        for sentence in differences(name, got.get(name), expected, case["tolerance"])
    ]


def told(handlers: Mapping[Kind, Handler], case: PeerCase) -> list[str]:
    """What is wrong with a case, each sentence with its id: a refusal hides no other case."""
    try:
        found = compare(handlers, case)
    except KeyError as error:
        found = [f"the case has no {error}, or not where its kind has it"]
    except Exception as error:  # whatever a handler raises belongs to this one case
        found = [f"{type(error).__name__}: {error}"]
    return [f"{case.get('id')}: {sentence}" for sentence in found]


def differences(name: str, got: Any, expected: Any, tolerance: Mapping[str, Any]) -> list[str]:
    """Lists and maps are compared element by element; null is never compared."""
    if expected is None:
        return []
    wrong = [f"{name}: {got!r}, expected {expected!r}"]
    if got is None:
        return wrong
    if isinstance(expected, list):
        if len(got) != len(expected):
            return [f"{name}: {len(got)} numbers, expected {len(expected)}"]
        pairs = enumerate(zip(got, expected, strict=True))
        return [d for n, (g, e) in pairs for d in differences(f"{name}[{n}]", g, e, tolerance)]
    if isinstance(expected, dict):
        pairs = ((key, got.get(key), expected[key]) for key in expected)
        return [d for key, g, e in pairs for d in differences(f"{name}.{key}", g, e, tolerance)]
    if isinstance(expected, bool) or isinstance(got, bool | str):
        return [] if type(got) is type(expected) and got == expected else wrong
    if isinstance(expected, str):  # an exact fraction "p/q"
        return [] if isinstance(got, int | Fraction) and got == Fraction(expected) else wrong
    return [] if _holds(name, got, expected, tolerance) else wrong


def _holds(name: str, got: Any, expected: float, tolerance: Mapping[str, Any]) -> bool:
    if tolerance.get("as_named"):
        if name.endswith("_3dp_floor"):
            return math.floor(1000 * got) / 1000 == expected
        if name.endswith("_floor"):
            return math.floor(got) == expected
        return abs(got - expected) <= 1e-9
    if "relative" in tolerance:
        return bool(abs(got - expected) <= tolerance["relative"] * abs(expected) + 1e-8)
    units = tolerance.get("absolute_units", tolerance.get("absolute_1e9_units"))
    if units is not None:
        return isinstance(got, int) and abs(got - expected) <= units
    absolute = tolerance.get("absolute", 0)
    if absolute == 0:
        return bool(got == expected)
    return bool(abs(got - expected) <= absolute + 1e-12 * max(1.0, abs(expected)))


# Fields of `expected` that the README lists as labels or remarks.
NOT_COMPARED: dict[Kind, tuple[str, ...]] = {
    ("hyperliquid", None, "tiered_maintenance_margin"): ("continuity_at_bounds",),
    ("bybit", None, "cross_inverse_liquidation_price"): ("tick", "rounding"),
    ("derive", "dutch_auction", "liquidation_auction_step"): ("fraction_liquidated_of_original",),
    ("drift_v2", None, "base_to_liquidate_to_cover_shortage"): ("base_asset_amount",),
    ("drift_v2", None, "liability_transfer_to_cover_shortage"): ("liability_tokens",),
    ("drift_v2", None, "perp_bankruptcy_socialised_via_funding"): ("loss_per_base_unit",),
    ("dydx_v4", None, "deleveraging"): ("reason",),
    ("dydx_v4", None, "fillable_price"): ("fillable_price_usd",),
    ("dydx_v4", None, "liquidation_priority_compare"): ("meaning",),
    ("opyn_gamma", None, "max_loss_spread_margin"): ("unit",),
    ("opyn_gamma", None, "naked_option_margin"): ("unit",),
}

# All kinds there are, from the README: (venue, engine, kind).
KINDS: frozenset[Kind] = frozenset(
    {
        ("aave_v3", None, "health_factor"),
        ("binance", None, "isolated_linear_liquidation_price"),
        ("binance", None, "maintenance_amount_recursion"),
        ("binance", None, "maintenance_tier_lookup"),
        ("binance_coin_m", None, "inverse_initial_margin"),
        ("binance_coin_m", None, "inverse_maintenance_margin"),
        ("bitmex", None, "adl_queue"),
        ("bybit", None, "cross_inverse_liquidation_price"),
        ("bybit", None, "isolated_inverse_bankruptcy_price"),
        ("bybit", None, "isolated_inverse_margins"),
        ("bybit", None, "isolated_linear_liquidation_price"),
        ("deribit", None, "standard_margin_linear_perp"),
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
        ("gate", None, "isolated_linear_liquidation_price"),
        ("gmx_v2", None, "adl_flag"),
        ("gmx_v2", None, "is_liquidatable"),
        ("hyperliquid", None, "maintenance_margin_rate"),
        ("hyperliquid", None, "tiered_maintenance_margin"),
        ("okx", None, "isolated_linear_liquidation_price"),
        ("okx", None, "portfolio_margin_MR9_stablecoin_depeg"),
        ("opyn_gamma", None, "excess_collateral"),
        ("opyn_gamma", None, "max_loss_spread_margin"),
        ("opyn_gamma", None, "naked_option_margin"),
        ("perennial_v2", None, "is_maintained"),
        ("perennial_v2", None, "is_margined"),
        ("perennial_v2", None, "maintenance_margin"),
        ("pricing", None, "black_scholes_greek"),
        ("pricing", None, "black_scholes_value"),
        ("pricing", None, "heston_value"),
        ("pricing", None, "merton_jump_diffusion_value"),
        ("synthetix_v3_perps", None, "fill_price_pnl_and_available_margin"),
        ("synthetix_v3_perps", None, "initial_maintenance_margin"),
    }
)
