"""Handlers of peers' cases: exchanges. They convert inputs and units and compute nothing."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
from by_hand_exchanges import BY_HAND as EXCHANGES_BY_HAND
from peer_runner import Handler, Kind, PeerCase
from peer_units import exact, signed

from seawall.margin.account.margin_account import MarginAccount, Perps, SpotPrice
from seawall.margin.liquidation_price import closed_form as prices
from seawall.margin.options.standard_margin import StandardMargin, assess
from seawall.margin.tiered.coin_margin import coin_margins, contracts_margins
from seawall.margin.tiered.lines import (
    deductions,
    maintenance_of,
    next_deduction,
    schedule,
    tier_of,
)
from seawall.margin.tiered.peg_tiers import depeg_charge
from seawall.venues import OptionMargin, Tier
from seawall.venues.preset import load_preset
from seawall.venues.tier_table import leverage_tiers
from seawall.waterfall.adl_queue import queue

ZERO = Fraction(0)


def hyperliquid_tiers(rows: list[list[float]]) -> tuple[Tier, ...]:
    """The venue's rule for the maintenance rate, with the share that its preset states."""
    share = load_preset("hyperliquid")["maintenance_of_initial"]
    assert isinstance(share, float)
    return leverage_tiers([(bound, top) for bound, top in rows], share)


def hyperliquid_rate(case: PeerCase) -> dict[str, Any]:
    (tier,) = hyperliquid_tiers([[0.0, case["parameters"]["max_leverage"]]])
    return {"mmr": tier.maintenance_rate}


def hyperliquid_margin(case: PeerCase) -> dict[str, Any]:
    tiers = hyperliquid_tiers(case["parameters"]["tiers[lower_bound,max_leverage]"])
    rates, cuts = schedule(tiers)
    notional = np.array(case["account"]["notionals"], dtype=float)
    return {
        "maintenance_rates": rates.tolist(),
        "deductions": cuts.tolist(),
        "maintenance_margin": maintenance_of(tiers, notional).tolist(),
    }


def deribit_perp(case: PeerCase) -> dict[str, Any]:
    given, index = case["parameters"], case["market"]["index"]
    rule = OptionMargin(
        initial_base=0.15,
        initial_floor=0.1,
        maintenance_base=0.075,
        perp_initial=given["im_base"],
        perp_maintenance=given["mm_base"],
        perp_slope=given["size_slope_per_coin"],
    )
    perps = Perps(
        names=("PERP",),
        underlying=("COIN",),
        size=np.array([case["account"]["size_coins"]], dtype=float),
        entry=np.array([index], dtype=float),
        mark=np.array([index], dtype=float),
        confidence=np.ones(1),
        accrued=np.zeros(1),
        inverse=np.zeros(1, dtype=bool),
        seconds=np.full(1, np.inf),
    )
    account = MarginAccount("a", "USDC", 0.0, {"COIN": SpotPrice(index)}, perps=perps)
    found = assess(StandardMargin(rule, {}), account).requirement
    return {
        "initial_margin_usdc": float(found.initial),
        "maintenance_margin_usdc": float(found.maintenance),
    }


def binance_lookup(case: PeerCase) -> dict[str, Any]:
    tiers = case["parameters"]["tiers[min,max,mmr,cum]"]
    row = tiers[tier_of([t[0] for t in tiers], case["account"]["notional"])]
    return {"mmr": row[2], "maintenance_amount": row[3]}


def binance_recursion(case: PeerCase) -> dict[str, Any]:
    given = case["parameters"]
    tiers = given.get("tiers[min,max,mmr,max_leverage]")
    if tiers is not None:
        bounds, rates = np.array([t[0] for t in tiers]), np.array([t[2] for t in tiers])
        return {"cum": deductions(bounds, rates).tolist()}
    cum = next_deduction(
        before=given["cum_prev"],
        bound=given["floor"],
        rate_before=given["mmr_prev"],
        rate=given["mmr"],
    )
    return {"cum": cum}


def binance_price(case: PeerCase) -> dict[str, Any]:
    given, held = case["parameters"], case["account"]
    price = prices.linear_crossing(
        size=signed(held["size"], held["side"]),
        entry=held["entry_price"],
        margin=held["wallet_balance"],
        rate=given["mmr"],
        deduction=given["maintenance_amount"],
        other_maintenance=0.0,
        other_profit=0.0,
    )
    return {"liquidation_price": price}


def price_with_fee(case: PeerCase) -> dict[str, Any]:
    given, held = case["parameters"], case["account"]
    price = prices.linear_crossing_with_fee(
        size=signed(held["size"], held["side"]),
        entry=held["entry_price"],
        margin=held["wallet_balance"],
        rate=given["mmr"],
        taker_fee=given["taker_fee"],
    )
    return {"liquidation_price": price}


def coin_initial(case: PeerCase) -> dict[str, Any]:
    held = case["account"]
    found = contracts_margins(
        contracts=held["contracts"],
        contract_size=held["contract_usd"],
        price=held["order_price"],
        leverage=case["parameters"]["leverage"],
        rate=0.0,
        deduction=0.0,
    )
    return {"initial_margin_btc": found.initial}


def coin_maintenance(case: PeerCase) -> dict[str, Any]:
    given, held = case["parameters"], case["account"]
    found = contracts_margins(
        contracts=held["contracts"],
        contract_size=held["contract_usd"],
        price=case["market"]["mark"],
        leverage=1.0,
        rate=given["mmr"],
        deduction=given["cum"],
    )
    return {"notional_btc": found.value, "maintenance_margin_btc": found.maintenance}


def bitmex_queue(case: PeerCase) -> dict[str, Any]:
    held, bankrupt = case["account"]["longs"], case["account"]["liquidated_short"]
    found = queue(
        [row["quantity"] for row in held],
        [row["ranking_score"] for row in held],
        needed=bankrupt["size"],
        bankruptcy_price=bankrupt["bankruptcy_price"],
    )
    names = [row["account"] for row in held]
    closed = zip(names, found.closed.tolist(), strict=True)
    left = zip(names, found.remaining.tolist(), strict=True)
    percent = zip(names, found.percent, strict=True)
    return {
        "order": [names[n] for n in found.order],
        "closed": {str(name): size for name, size in closed if size},
        "price": found.price,
        "quintile_pct_published": {str(name): share for name, share in percent},
        **{f"account{name}_remaining": size for name, size in left},
    }


def bybit_cross(case: PeerCase) -> dict[str, Any]:
    given, held = case["parameters"], case["account"]
    found = prices.bybit_inverse_cross(
        size=signed(exact(held["quantity_usd"]), held["side"]),
        entry=exact(held["entry_price"]),
        balance=exact(held["account_balance_btc"]),
        order_margin=exact(held.get("order_margin_btc") or 0),
        rate=exact(given["mmr"]),
        taker_fee=exact(given["taker_fee"]),
    )
    if found is None:
        return {}
    bankrupt, price = found
    tick = exact(case["expected"].get("tick") or 0.5)
    return {
        "bankruptcy_price": float(bankrupt),
        "liquidation_price": float(prices.to_tick_above(price, tick)),
        "liquidation_price_before_tick_rounding": float(price),
    }


def bybit_bankruptcy(case: PeerCase) -> dict[str, Any]:
    price = prices.inverse_isolated_bankruptcy_price(
        side=case["account"]["side"],
        entry=exact(case["account"]["entry_price"]),
        leverage=exact(case["parameters"]["leverage"]),
    )
    assert price is not None
    return {
        "bankruptcy_price_unrounded": float(price),
        "bankruptcy_price_rounded_to_tick_0.5": float(prices.to_tick_above(price, exact(0.5))),
    }


def bybit_inverse_margins(case: PeerCase) -> dict[str, Any]:
    held = case["account"]
    found = coin_margins(
        quantity=held["quantity_usd"],
        price=held["entry_price"],
        leverage=held["leverage"],
        rate=case["parameters"]["mmr"],
        deduction=0.0,
    )
    return {
        "position_value_btc": found.value,
        "initial_margin_btc": found.initial,
        "maintenance_margin_btc": found.maintenance,
    }


def bybit_linear(case: PeerCase) -> dict[str, Any]:
    given, held = case["parameters"], case["account"]
    size, entry = signed(exact(held["size"]), held["side"]), exact(held["entry_price"])
    _, initial, maintenance = prices.entry_margins(
        size=size,
        entry=entry,
        leverage=exact(held["leverage"]),
        rate=exact(given["mmr"]),
        deduction=exact(given.get("mm_deduction") or 0),
    )
    own = held.get("wallet_balance")
    price = prices.bybit_linear_crossing(
        size=size,
        entry=entry,
        margin=initial if own is None else exact(own),
        maintenance=maintenance,
    )
    return {
        "liquidation_price": float(price),
        "initial_margin": float(initial),
        "maintenance_margin": float(maintenance),
    }


def okx_depeg(case: PeerCase) -> dict[str, Any]:
    tiers = [(upper, rate) for upper, rate in case["parameters"]["tiers[upper_usd,rate]"]]
    return {"mr9_usd": depeg_charge(case["account"]["hedged_size_usd"], tiers)}


HANDLERS: dict[Kind, Handler] = {
    ("binance", None, "isolated_linear_liquidation_price"): binance_price,
    ("binance", None, "maintenance_amount_recursion"): binance_recursion,
    ("binance", None, "maintenance_tier_lookup"): binance_lookup,
    ("binance_coin_m", None, "inverse_initial_margin"): coin_initial,
    ("binance_coin_m", None, "inverse_maintenance_margin"): coin_maintenance,
    ("bitmex", None, "adl_queue"): bitmex_queue,
    ("bybit", None, "cross_inverse_liquidation_price"): bybit_cross,
    ("bybit", None, "isolated_inverse_bankruptcy_price"): bybit_bankruptcy,
    ("bybit", None, "isolated_inverse_margins"): bybit_inverse_margins,
    ("bybit", None, "isolated_linear_liquidation_price"): bybit_linear,
    ("deribit", None, "standard_margin_linear_perp"): deribit_perp,
    ("gate", None, "isolated_linear_liquidation_price"): price_with_fee,
    ("hyperliquid", None, "maintenance_margin_rate"): hyperliquid_rate,
    ("hyperliquid", None, "tiered_maintenance_margin"): hyperliquid_margin,
    ("okx", None, "isolated_linear_liquidation_price"): price_with_fee,
    ("okx", None, "portfolio_margin_MR9_stablecoin_depeg"): okx_depeg,
}

# Worked by hand, one of each kind at least, so that the runner is tested without the folder.
BY_HAND: list[PeerCase] = EXCHANGES_BY_HAND
