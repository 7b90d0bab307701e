"""Handlers of peers' cases: pricing. They convert inputs and units and compute nothing."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from peer_runner import Handler, Kind, PeerCase

from seawall.valuation.discounted import Carry, SpotGreeks, spot_greeks
from seawall.valuation.heston import Heston, heston_spot_value
from seawall.valuation.merton import jump_diffusion, merton_spot_value


def is_call(case: PeerCase) -> bool:
    return {"call": True, "put": False}[case["account"]["type"]]


def carry(case: PeerCase) -> Carry:
    market = case["market"]
    return Carry(market["spot"], market["rate"], market["dividend_yield"])


def black_scholes(case: PeerCase) -> dict[str, Any]:
    market, account = case["market"], case["account"]
    found = spot_greeks(
        spot=market["spot"],
        strike=account["strike"],
        years=account["years"],
        volatility=market["vol"],
        rate=market["rate"],
        dividend_yield=market["dividend_yield"],
        call=is_call(case),
    )
    return {field.name: float(getattr(found, field.name)) for field in fields(SpotGreeks)}


def merton(case: PeerCase) -> dict[str, Any]:
    given, account = case["parameters"], case["account"]
    model = jump_diffusion(
        total_volatility=case["market"]["total_vol"],
        intensity=given["jump_intensity"],
        jump_share=given["gamma_share_of_variance_from_jumps"],
        mean_jump=given["mean_jump"],
    )
    value = merton_spot_value(
        model, carry(case), account["strike"], account["years"], is_call(case)
    )
    return {"value": value}


def heston(case: PeerCase) -> dict[str, Any]:
    given, account = case["parameters"], case["account"]
    model = Heston(
        variance=given["v0"],
        reversion=given["kappa"],
        long_variance=given["theta"],
        volatility_of_variance=given["sigma"],
        correlation=given["rho"],
    )
    value = heston_spot_value(
        model, carry(case), account["strike"], account["years"], is_call(case)
    )
    return {"value": value}


HANDLERS: dict[Kind, Handler] = {
    ("pricing", None, "black_scholes_value"): black_scholes,
    ("pricing", None, "black_scholes_greek"): black_scholes,
    ("pricing", None, "merton_jump_diffusion_value"): merton,
    ("pricing", None, "heston_value"): heston,
}

# Worked by hand, one of each kind, so that the runner is tested without the folder.
BY_HAND: list[PeerCase] = [
    {
        "venue": "pricing",
        "kind": "black_scholes_value",
        "parameters": {},
        "market": {"spot": 100.0, "dividend_yield": 0.0, "rate": 0.0, "vol": 0.2},
        "account": {"type": "call", "strike": 100.0, "years": 1.0},
        # 100 (2 N(0.1) - 1)
        "expected": {"value": 7.965567455405798},
        "tolerance": {"absolute": 1e-9},
    },
    {
        "venue": "pricing",
        "kind": "black_scholes_greek",
        "parameters": {},
        "market": {"spot": 100.0, "dividend_yield": 0.0, "rate": 0.0, "vol": 0.2},
        "account": {"type": "call", "strike": 100.0, "years": 1.0},
        # N(0.1); N(0.1) - 1 for the rest of delta: rho = 100 N(0.1) - value = 100 N(-0.1).
        "expected": {"delta": 0.539827837277029, "rho": 46.0172162722971},
        "tolerance": {"absolute": 1e-9},
    },
    {
        "venue": "pricing",
        "kind": "merton_jump_diffusion_value",
        # All variance from jumps, with none left to diffuse: without a jump a call at the money
        # is worth 0; with n jumps Black at s = 0.2 sqrt(n), weighted exp(-1)/n!.
        "parameters": {
            "jump_intensity": 1.0,
            "gamma_share_of_variance_from_jumps": 1.0,
            "mean_jump": 0.0,
        },
        "market": {"spot": 100.0, "dividend_yield": 0.0, "rate": 0.0, "total_vol": 0.2},
        "account": {"type": "call", "strike": 100.0, "years": 1.0},
        # exp(-1) x 100 x (2 N(0.1) - 1, 2 N(0.1414) - 1, ...) over n! = 1, 2, 6, ...
        "expected": {"value": 6.150991413833382},
        "tolerance": {"absolute": 1e-9},
    },
    {
        "venue": "pricing",
        "kind": "heston_value",
        # Variance that does not move: Black at 20%, 100 (2 N(0.1) - 1).
        "parameters": {"v0": 0.04, "kappa": 1.0, "theta": 0.04, "sigma": 0.0, "rho": 0.0},
        "market": {"spot": 100.0, "dividend_yield": 0.0, "rate": 0.0},
        "account": {"type": "call", "strike": 100.0, "years": 1.0},
        "expected": {"value": 7.965567455405798},
        "tolerance": {"absolute": 1e-9},
    },
]
