"""Handlers of peers' cases: dydx. They convert inputs and units and compute nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from peer_runner import Handler, Kind, PeerCase
from peer_units import exact, signed, to_smallest_units, whole

from seawall.liquidation.dydx_liquidation import (
    FillablePriceRule,
    fillable_price,
    fund_can_pay,
    insurance_fund_delta,
)
from seawall.margin.protocols.dydx_exact import (
    LiquidityTier,
    Market,
    Position,
    Risk,
    Subaccount,
    account_risk,
    bankruptcy_value,
    initial_margin,
    position_risk,
    price_in_quantums,
    riskier,
)
from seawall.waterfall.dydx_deleveraging import offset

QUOTE_RESOLUTION = -6


def _tier(parameters: Mapping[str, Any]) -> LiquidityTier:
    return LiquidityTier(
        to_smallest_units(parameters["initial_margin_fraction"], 6),
        to_smallest_units(parameters["maintenance_fraction_of_initial"], 6),
    )


def _markets(case: PeerCase) -> dict[str, Market]:
    given, tier = case.get("market") or {}, _tier(case["parameters"])
    quote = whole(given.get("quote_atomic_resolution", QUOTE_RESOLUTION))
    return {
        name: Market(
            price_in_quantums(
                exact(entry["oracle_price_usd"]), 0, whole(entry["base_atomic_resolution"]), quote
            ),
            tier,
        )
        for name, entry in given.items()
        if isinstance(entry, Mapping)  # neither the quote's resolution nor a remark
    }


def _account(case: PeerCase, given: Mapping[str, Any]) -> Subaccount:
    markets = _markets(case)
    positions = {
        held["perpetual"]: Position(markets[held["perpetual"]], whole(held["base_quantums"]))
        for held in given.get("positions", [])
    }
    return Subaccount(whole(given["quote_quantums"]), positions)


def _bankruptcy_price(case: PeerCase) -> Mapping[str, Any]:
    action = case["action"]
    value = bankruptcy_value(
        _account(case, case["account"]), action["perpetual"], whole(action["delta_base_quantums"])
    )
    return {"bankruptcy_quote_quantums": value}


def _fillable_price(case: PeerCase) -> Mapping[str, Any]:
    parameters = case["parameters"]
    rule = FillablePriceRule(
        whole(parameters["bankruptcy_adjustment_ppm"]),
        whole(parameters["spread_to_maintenance_margin_ratio_ppm"]),
    )
    price = fillable_price(_account(case, case["account"]), case["action"]["perpetual"], rule)
    return {"fillable_price_quote_per_base_quantum": price}


def _insurance_fund_delta(case: PeerCase) -> Mapping[str, Any]:
    action = case["action"]
    delta = insurance_fund_delta(
        _account(case, case["account"]),
        action["perpetual"],
        int(signed(whole(action["fill_base_quantums"]), action["side"])),
        whole(action["fill_quote_quantums"]),
        whole(case["parameters"]["max_liquidation_fee_ppm"]),
    )
    return {"insurance_fund_delta_quote_quantums": delta}


def _is_liquidatable(case: PeerCase) -> Mapping[str, Any]:
    return {"is_liquidatable": account_risk(_account(case, case["account"])).liquidatable}


def _open_interest_scaled(case: PeerCase) -> Mapping[str, Any]:
    parameters = case["parameters"]
    tier = LiquidityTier(
        whole(parameters["initial_margin_ppm"]),
        0,
        whole(parameters["open_interest_lower_cap"]),
        whole(parameters["open_interest_upper_cap"]),
    )
    margin = initial_margin(
        whole(case["account"]["position_notional_quote_quantums"]),
        tier,
        whole(case["market"]["open_interest_notional_quote_quantums"]),
    )
    return {"initial_margin_quote_quantums": margin}


def _priority(case: PeerCase) -> Mapping[str, Any]:
    account = case["account"]
    first = Risk(whole(account["firstNC"]), 0, whole(account["firstMMR"]))
    second = Risk(whole(account["secondNC"]), 0, whole(account["secondMMR"]))
    return {"compare_first_to_second": riskier(first, second)}


def _can_cover(case: PeerCase) -> Mapping[str, Any]:
    account = case["account"]
    return {
        "valid": fund_can_pay(whole(account["insurance_fund_balance"]), whole(account["delta"]))
    }


def _deleveraging(case: PeerCase) -> Mapping[str, Any]:
    liquidated = _account(case, case["account"]["liquidated"])
    offsetting = _account(case, case["account"]["offsetting"])
    shared = [name for name in liquidated.positions if name in offsetting.positions]
    name = (shared or [*liquidated.positions, *offsetting.positions])[0]
    made = offset(liquidated, offsetting, name, whole(case["action"]["delta_base_quantums"]))
    if made.refused is not None:
        return {"error": True}
    return {
        "error": False,
        "offsetting_quote_quantums": made.offsetting.quote,
        "close_quote_quantums": made.close_quote,
    }


def _margin_requirement(case: PeerCase) -> Mapping[str, Any]:
    parameters, market = case["parameters"], case["market"]
    tier = LiquidityTier(
        whole(parameters["initial_margin_ppm"]),
        whole(parameters["maintenance_fraction_ppm"]),
        whole(parameters["open_interest_lower_cap"]),
        whole(parameters["open_interest_upper_cap"]),
    )
    price = price_in_quantums(
        exact(market["price"]),
        whole(market["exponent"]),
        whole(market["base_atomic_resolution"]),
        QUOTE_RESOLUTION,
    )
    perpetual = Market(price, tier, whole(market["open_interest_base_quantums"]))
    risk = position_risk(Position(perpetual, whole(case["account"]["base_quantums"])))
    return {
        "initial_margin_quote_quantums": risk.initial,
        "maintenance_margin_quote_quantums": risk.maintenance,
    }


HANDLERS: dict[Kind, Handler] = {
    ("dydx_v4", None, "bankruptcy_price"): _bankruptcy_price,
    ("dydx_v4", None, "deleveraging"): _deleveraging,
    ("dydx_v4", None, "fillable_price"): _fillable_price,
    ("dydx_v4", None, "initial_margin_open_interest_scaled"): _open_interest_scaled,
    ("dydx_v4", None, "insurance_fund_can_cover"): _can_cover,
    ("dydx_v4", None, "insurance_fund_delta"): _insurance_fund_delta,
    ("dydx_v4", None, "is_liquidatable"): _is_liquidatable,
    ("dydx_v4", None, "liquidation_priority_compare"): _priority,
    ("dydx_v4", None, "margin_requirement"): _margin_requirement,
}


# Worked by hand, one of each kind, so that the runner is tested without the folder. All on one coin
# at $100, base quantum 10^-3 coins (so one is worth 100,000 quote quantums), 10% initial, half of
# it maintenance: 2,000 quantums are $200 = 200,000,000; initial 20,000,000, maintenance 10,000,000.
_MARKET = {
    "COIN": {"oracle_price_usd": 100, "base_atomic_resolution": -3},
    "quote_atomic_resolution": -6,
}
_FRACTIONS = {"initial_margin_fraction": "0.10", "maintenance_fraction_of_initial": "0.50"}


def _holding(quote: int, base: int) -> dict[str, Any]:
    return {
        "quote_quantums": quote,
        "positions": [{"perpetual": "COIN", "base_quantums": base}],
    }


def _by_hand(kind: str, **fields: Any) -> PeerCase:
    case = {"parameters": _FRACTIONS, "market": _MARKET, "account": {}, "action": {}}
    return {**case, "venue": "dydx_v4", "kind": kind, "tolerance": {"absolute": 0}, **fields}


BY_HAND: list[PeerCase] = [
    # Net collateral 4,000,000; half is closed: 100,000,000 less half of it.
    _by_hand(
        "bankruptcy_price",
        account=_holding(-196_000_000, 2_000),
        action={"perpetual": "COIN", "delta_base_quantums": -1_000},
        expected={"bankruptcy_quote_quantums": 98_000_000},
    ),
    # Rating 1 - 4/10 = 0.6; spread 0.6 x 10% x 10,000,000 = 600,000 of 200,000,000.
    _by_hand(
        "fillable_price",
        parameters={
            **_FRACTIONS,
            "bankruptcy_adjustment_ppm": 1_000_000,
            "spread_to_maintenance_margin_ratio_ppm": 100_000,
        },
        account=_holding(-196_000_000, 2_000),
        action={"perpetual": "COIN", "delta_base_quantums": -2_000},
        expected={"fillable_price_quote_per_base_quantum": "99700"},
    ),
    # All sold for 197,000,000, 1,000,000 above the debt; 0.4% of the fill is 788,000.
    _by_hand(
        "insurance_fund_delta",
        parameters={**_FRACTIONS, "max_liquidation_fee_ppm": 4_000},
        account=_holding(-196_000_000, 2_000),
        action={
            "perpetual": "COIN",
            "side": "sell",
            "fill_base_quantums": 2_000,
            "fill_quote_quantums": 197_000_000,
        },
        expected={"insurance_fund_delta_quote_quantums": 788_000},
    ),
    _by_hand(
        "is_liquidatable",
        account=_holding(-190_000_001, 2_000),
        tolerance={},
        expected={"is_liquidatable": True},
    ),
    # A quarter of the way from 10% to 100%: 32.5% of 1,001, up from 325.325.
    _by_hand(
        "initial_margin_open_interest_scaled",
        parameters={
            "initial_margin_ppm": 100_000,
            "open_interest_lower_cap": 1_000,
            "open_interest_upper_cap": 5_000,
        },
        market={"open_interest_notional_quote_quantums": 2_000},
        account={"position_notional_quote_quantums": 1_001},
        expected={"initial_margin_quote_quantums": 326},
    ),
    _by_hand(
        "liquidation_priority_compare",
        account={"firstNC": 10, "firstMMR": 40, "secondNC": 5, "secondMMR": 20},
        tolerance={},
        expected={"compare_first_to_second": 1},
    ),
    _by_hand(
        "insurance_fund_can_cover",
        account={"insurance_fund_balance": 9, "delta": -10},
        tolerance={},
        expected={"valid": False},
    ),
    # The short's value is -200,000,000 + 199,000,000: it pays what it has, the long receives that.
    _by_hand(
        "deleveraging",
        account={
            "liquidated": _holding(199_000_000, -2_000),
            "offsetting": _holding(-100_000_000, 2_000),
        },
        action={"delta_base_quantums": 2_000},
        expected={
            "error": False,
            "offsetting_quote_quantums": 99_000_000,
            "close_quote_quantums": -199_000_000,
        },
    ),
    # 3 x 7 x 10^(0 - 5 + 6) = 210; 1.5% of it is 3.15, up to 4; half of 4.
    _by_hand(
        "margin_requirement",
        parameters={
            "initial_margin_ppm": 15_000,
            "maintenance_fraction_ppm": 500_000,
            "open_interest_lower_cap": 0,
            "open_interest_upper_cap": 0,
        },
        market={
            "price": 7,
            "exponent": 0,
            "base_atomic_resolution": -5,
            "open_interest_base_quantums": 0,
        },
        account={"base_quantums": -3},
        expected={"initial_margin_quote_quantums": 4, "maintenance_margin_quote_quantums": 2},
    ),
]
