"""Handlers of peers' cases: drift. They convert inputs and units and compute nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from peer_runner import Handler, Kind, PeerCase
from peer_units import exact, from_smallest_units, to_smallest_units, whole

from seawall.liquidation.drift_liquidation import (
    asset_seized,
    base_to_cover,
    insurance_fee_perp,
    insurance_fee_spot,
    largest_share,
    liability_implied,
    liability_to_cover,
    liquidation_fee,
)
from seawall.margin.protocols.drift_exact import (
    asset_weight,
    liability_weight,
    scaled_asset_weight,
    token_value,
)
from seawall.waterfall.drift_socialise import deposit_index_step, funding_step

# Where a case states no decimals the amount is taken in 1e-9 and the answer does not depend on it.
TOKEN = 9
BASE, PRICE, QUOTE, RATIO, FEE = 9, 6, 6, 4, 6


def _base_to_cover(case: PeerCase) -> Mapping[str, Any]:
    parameters, market = case["parameters"], case["market"]
    base = base_to_cover(
        to_smallest_units(case["account"]["margin_shortage"], QUOTE),
        to_smallest_units(parameters["margin_ratio"], RATIO),
        to_smallest_units(parameters["liquidation_fee"], FEE),
        to_smallest_units(parameters["if_liquidation_fee"], FEE),
        to_smallest_units(market["oracle_price"], PRICE),
        to_smallest_units(market["quote_price"], PRICE),
    )
    return {"base_asset_amount_1e9": base}


def _sides(parameters: Mapping[str, Any], end: str) -> tuple[tuple[int, int], tuple[int, int]]:
    """(Weight, multiplier) of asset and liability; ``end`` is how the multipliers' names end."""
    asset, liability = (
        (
            to_smallest_units(parameters[f"{side}_weight"], RATIO),
            to_smallest_units(parameters[f"{side}_{end}"], FEE),
        )
        for side in ("asset", "liability")
    )
    return asset, liability


def _liability_to_cover(case: PeerCase) -> Mapping[str, Any]:
    parameters, account = case["parameters"], case["account"]
    asset, liability = _sides(parameters, "liquidation_multiplier")
    units = liability_to_cover(
        to_smallest_units(account["margin_shortage"], QUOTE),
        asset,
        liability,
        to_smallest_units(parameters["if_liquidation_fee"], FEE),
        to_smallest_units(case["market"]["liability_price"], PRICE),
        whole(account["liability_decimals"]),
    )
    return {"liability_units": units, "unbounded": units is None}


def _exchanged(case: PeerCase, side: str, decimals: int) -> tuple[int, int, int]:
    """(Price, multiplier, decimals) of one side of a seizure."""
    return (
        to_smallest_units(case["market"][f"{side}_price"], PRICE),
        to_smallest_units(case["parameters"][f"{side}_liquidation_multiplier"], FEE),
        decimals,
    )


def _liability_implied(case: PeerCase) -> Mapping[str, Any]:
    units = liability_implied(
        to_smallest_units(case["account"]["asset_amount"], TOKEN),
        _exchanged(case, "asset", TOKEN),
        _exchanged(case, "liability", TOKEN),
    )
    return {"liability_units_1e9": units}


def _asset_seized(case: PeerCase) -> Mapping[str, Any]:
    account = case["account"]
    units = asset_seized(
        to_smallest_units(account["asset_balance"], whole(account["asset_decimals"])),
        to_smallest_units(account["liability_amount"], whole(account["liability_decimals"])),
        _exchanged(case, "asset", whole(account["asset_decimals"])),
        _exchanged(case, "liability", whole(account["liability_decimals"])),
    )
    return {"asset_units": units}


def _fee_ramp(case: PeerCase) -> Mapping[str, Any]:
    parameters = case["parameters"]
    fee = liquidation_fee(
        to_smallest_units(parameters["base_fee"], FEE),
        to_smallest_units(parameters["max_fee"], FEE),
        whole(case["market"]["slots_since_active"]),
        whole(parameters["grace_slots"]),
        to_smallest_units(parameters["increase_per_slot"], FEE),
    )
    return {"liquidation_fee": from_smallest_units(fee, FEE)}


def _insurance_perp(case: PeerCase) -> Mapping[str, Any]:
    parameters, market, account = case["parameters"], case["market"], case["account"]
    fee = insurance_fee_perp(
        to_smallest_units(account["margin_shortage"], QUOTE),
        to_smallest_units(account["base"], BASE),
        to_smallest_units(parameters["margin_ratio"], RATIO),
        to_smallest_units(parameters["liquidator_fee"], FEE),
        (
            to_smallest_units(market["oracle_price"], PRICE),
            to_smallest_units(market["quote_price"], PRICE),
        ),
        to_smallest_units(parameters["max_if_fee"], FEE),
        exact(parameters["safety"]),
    )
    return {"if_fee_1e6": fee}


def _insurance_spot(case: PeerCase) -> Mapping[str, Any]:
    parameters, account = case["parameters"], case["account"]
    asset, liability = _sides(parameters, "multiplier")
    fee = insurance_fee_spot(
        to_smallest_units(account["margin_shortage"], QUOTE),
        to_smallest_units(account["token_amount"], TOKEN),
        asset,
        liability,
        to_smallest_units(case["market"]["liability_price"], PRICE),
        TOKEN,
        to_smallest_units(parameters["max_if_fee"], FEE),
    )
    return {"if_fee_1e6": fee}


def _largest_share(case: PeerCase) -> Mapping[str, Any]:
    parameters = case["parameters"]
    share = largest_share(
        to_smallest_units(case["account"]["margin_shortage"], QUOTE),
        whole(case["market"]["slots_elapsed"]),
        to_smallest_units(parameters["initial_pct"], RATIO),
        whole(parameters["duration_slots"]),
    )
    return {"fraction": from_smallest_units(share, RATIO)}


def _perp_bankruptcy(case: PeerCase) -> Mapping[str, Any]:
    market = case["market"]
    step = funding_step(
        to_smallest_units(case["account"]["loss"], QUOTE),
        to_smallest_units(market["open_interest_long"], BASE),
        to_smallest_units(market["open_interest_short"], BASE),
    )
    return {"cumulative_funding_rate_delta_1e9": step}


def _spot_bankruptcy(case: PeerCase) -> Mapping[str, Any]:
    account = case["account"]
    step = deposit_index_step(
        to_smallest_units(account["borrow_loss"], TOKEN),
        to_smallest_units(account["total_deposits"], TOKEN),
        to_smallest_units(account["cumulative_deposit_interest"], 10),
    )
    return {"cumulative_deposit_interest_delta_1e10": step}


def _weights(case: PeerCase) -> Mapping[str, Any]:
    parameters = case["parameters"]
    size = to_smallest_units(case["account"]["size_tokens"], BASE)
    imf = to_smallest_units(parameters["imf_factor"], FEE)
    asset = to_smallest_units(parameters["initial_asset_weight"], RATIO)
    liability = to_smallest_units(parameters["initial_liability_weight"], RATIO)
    return {
        "asset_weight_1e4": asset_weight(size, imf, asset),
        "liability_weight_1e4": liability_weight(size, imf, liability),
    }


def _deposit_cap(case: PeerCase) -> Mapping[str, Any]:
    parameters = case["parameters"]
    deposits = token_value(
        to_smallest_units(case["account"]["total_deposits_tokens"], TOKEN),
        TOKEN,
        to_smallest_units(case["market"]["oracle_price"], PRICE),
    )
    weight = scaled_asset_weight(
        to_smallest_units(parameters["initial_asset_weight"], RATIO),
        to_smallest_units(parameters["scale_start_usd"], QUOTE),
        deposits,
    )
    return {"initial_asset_weight_1e4": weight}


HANDLERS: dict[Kind, Handler] = {
    ("drift_v2", None, "asset_seized_for_liability"): _asset_seized,
    ("drift_v2", None, "base_to_liquidate_to_cover_shortage"): _base_to_cover,
    ("drift_v2", None, "deposit_cap_scaled_initial_asset_weight"): _deposit_cap,
    ("drift_v2", None, "insurance_fund_fee_rate_perp"): _insurance_perp,
    ("drift_v2", None, "insurance_fund_fee_rate_spot"): _insurance_spot,
    ("drift_v2", None, "liability_transfer_implied_by_asset"): _liability_implied,
    ("drift_v2", None, "liability_transfer_to_cover_shortage"): _liability_to_cover,
    ("drift_v2", None, "liquidation_fee_ramp"): _fee_ramp,
    ("drift_v2", None, "max_fraction_to_liquidate"): _largest_share,
    ("drift_v2", None, "perp_bankruptcy_socialised_via_funding"): _perp_bankruptcy,
    ("drift_v2", None, "size_based_collateral_weight_initial"): _weights,
    ("drift_v2", None, "spot_bankruptcy_socialised_to_depositors"): _spot_bankruptcy,
}


def _by_hand(kind: str, **fields: Any) -> PeerCase:
    case = {"parameters": {}, "market": {}, "account": {}, "tolerance": {"absolute_units": 0}}
    return {"venue": "drift_v2", "kind": kind, **case, **fields}


# Worked by hand, one of each kind, so that the runner is tested without the folder.
BY_HAND: list[PeerCase] = [
    # 7 / (50 x (0.10 - 0.02) - 50 x 0.01) = 7 / 3.5
    _by_hand(
        "base_to_liquidate_to_cover_shortage",
        parameters={"margin_ratio": 0.1, "liquidation_fee": 0.02, "if_liquidation_fee": 0.01},
        market={"oracle_price": 50.0, "quote_price": 1.0},
        account={"margin_shortage": 7.0},
        tolerance={"absolute_1e9_units": 0},
        expected={"base_asset_amount_1e9": 2_000_000_000},
    ),
    # 3 / (20 x (1.2 - 0.9 x 1 / 1)) = 0.5 tokens of eight decimals
    _by_hand(
        "liability_transfer_to_cover_shortage",
        parameters={
            "asset_weight": 0.9,
            "asset_liquidation_multiplier": 1.0,
            "liability_weight": 1.2,
            "liability_liquidation_multiplier": 1.0,
            "if_liquidation_fee": 0.0,
        },
        market={"liability_price": 20.0},
        account={"margin_shortage": 3.0, "liability_decimals": 8},
        expected={"liability_units": 50_000_000, "unbounded": False},
    ),
    # 2 tokens x $30 x 1.1 / ($3 x 1.0) = 22 of the 100 held
    _by_hand(
        "asset_seized_for_liability",
        parameters={"asset_liquidation_multiplier": 1.1, "liability_liquidation_multiplier": 1.0},
        market={"asset_price": 3.0, "liability_price": 30.0},
        account={
            "asset_balance": 100.0,
            "asset_decimals": 6,
            "liability_amount": 2.0,
            "liability_decimals": 9,
        },
        expected={"asset_units": 22_000_000},
    ),
    # 10 x $1 x 0.9 / ($3 x 1.0) = 3 tokens
    _by_hand(
        "liability_transfer_implied_by_asset",
        parameters={"asset_liquidation_multiplier": 1.0, "liability_liquidation_multiplier": 0.9},
        market={"asset_price": 1.0, "liability_price": 3.0},
        account={"asset_amount": 10.0},
        expected={"liability_units_1e9": 3_000_000_000},
    ),
    # 1% + 4,000 x 0.0001%
    _by_hand(
        "liquidation_fee_ramp",
        parameters={
            "base_fee": 0.01,
            "max_fee": 0.05,
            "grace_slots": 1500,
            "increase_per_slot": 1e-06,
        },
        market={"slots_since_active": 4000},
        tolerance={"absolute": 1e-9},
        expected={"liquidation_fee": 0.014},
    ),
    # 0.95 x (0.10 - 0.02 - 30 / (10 x 100)) = 0.95 x 0.05
    _by_hand(
        "insurance_fund_fee_rate_perp",
        parameters={"margin_ratio": 0.1, "liquidator_fee": 0.02, "max_if_fee": 0.1, "safety": 0.95},
        market={"oracle_price": 100.0, "quote_price": 1.0},
        account={"margin_shortage": 30.0, "base": 10.0},
        expected={"if_fee_1e6": 47_500},
    ),
    # (1.25 - 0.8 - 20 / (2 x 40)) / 1.25 = 0.2 / 1.25
    _by_hand(
        "insurance_fund_fee_rate_spot",
        parameters={
            "asset_weight": 0.8,
            "asset_multiplier": 1.0,
            "liability_weight": 1.25,
            "liability_multiplier": 1.0,
            "max_if_fee": 0.3,
        },
        market={"liability_price": 40.0},
        account={"margin_shortage": 20.0, "token_amount": 2.0},
        expected={"if_fee_1e6": 160_000},
    ),
    # 10% + 3 / 10 of 80
    _by_hand(
        "max_fraction_to_liquidate",
        parameters={"initial_pct": 0.1, "duration_slots": 10},
        market={"slots_elapsed": 3},
        account={"margin_shortage": 80.0},
        tolerance={"absolute": 0},
        expected={"fraction": 0.4},
    ),
    # 10 / (2 + 1) = 3.33..., up at the sixth decimal
    _by_hand(
        "perp_bankruptcy_socialised_via_funding",
        market={"open_interest_long": 2.0, "open_interest_short": -1.0},
        account={"loss": 10.0},
        expected={"cumulative_funding_rate_delta_1e9": 3_333_334_000},
    ),
    # 1.5 x 2 / 7 = 0.428571428..., up at the tenth decimal
    _by_hand(
        "spot_bankruptcy_socialised_to_depositors",
        account={"borrow_loss": 2.0, "total_deposits": 7.0, "cumulative_deposit_interest": 1.5},
        expected={"cumulative_deposit_interest_delta_1e10": 4_285_714_286},
    ),
    # sqrt(10,000) = 100: 1.1 / (1 + 0.01 x 100) = 0.55, and 0.8 x 1.2 + 1 = 1.96
    _by_hand(
        "size_based_collateral_weight_initial",
        parameters={
            "initial_asset_weight": 0.8,
            "initial_liability_weight": 1.2,
            "imf_factor": 0.01,
        },
        market={"price": 1.0},
        account={"size_tokens": 10_000.0},
        expected={"asset_weight_1e4": 5_500, "liability_weight_1e4": 19_600},
    ),
    # $2,000,000 of deposits from $500,000 on: 0.8 / 4
    _by_hand(
        "deposit_cap_scaled_initial_asset_weight",
        parameters={"initial_asset_weight": 0.8, "scale_start_usd": 500_000},
        market={"oracle_price": 20.0},
        account={"total_deposits_tokens": 100_000},
        expected={"initial_asset_weight_1e4": 2_000},
    ),
]
