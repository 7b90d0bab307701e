"""Remedies of the invented result: a deposit, a move with a sale beside it, a sale that is late."""

from __future__ import annotations

from typing import Any

LIMIT = "DRE 24 h, desk:harbour"


def action(kind: str, amount: float, asset: str, **more: Any) -> dict[str, Any]:
    """One action in harbour/perp-main."""
    out: dict[str, Any] = {
        "action": kind,
        "account": "harbour/perp-main",
        "venue": "meridian",
        "source": None,
        "asset": asset,
        "instrument": None,
        "side": None,
        "amount": amount,
        "amount_quote": amount,
        "share": None,
    }
    return out | more


SALE = {"instrument": "SOL-PERP", "side": "long"}


def remedies() -> list[dict[str, Any]]:
    """Three rows of `remedies`, cheapest first, late ones last."""
    common = {"limit": LIMIT, "deadline_seconds": 15_540.0, "sure": True, "in_time": True}
    once = {"cost_basis": "once", "cost_point": None, "lead_basis": "an order, at once"}
    part = action("reduce", 14_000.0, "SOL-PERP", amount_quote=1.657e6, share=0.0986, **SALE)
    return [
        action("add", 620e3, "USDC")
        | common
        | {"then": None, "dre_after": 0.0192, "low_after": 0.0167, "high_after": 0.0221}
        | {"dre_landed": 0.0192, "cost": 119.0, "cost_basis": "per day", "cost_horizon": 119.0}
        | {"cost_point": 96.0, "lead_seconds": 900.0, "lead_basis": "transfer, assumed"},
        action("move", 480e3, "USDC", source="harbour/options")
        | common
        | once
        | {"then": part, "dre_after": 0.0197, "low_after": 0.0171, "high_after": 0.0226}
        | {"dre_landed": 0.0197, "cost": 3.8e3, "cost_horizon": 3.8e3, "sure": False}
        | {"lead_seconds": 4_500.0, "lead_basis": "withdrawal, assumed, and transfer, assumed"},
        action("reduce", 52_000.0, "SOL-PERP", amount_quote=6.16e6, share=0.366, **SALE)
        | common
        | once
        | {"then": None, "dre_after": 0.0195, "low_after": 0.0169, "high_after": 0.0224}
        | {"dre_landed": 0.0195, "cost": 24.9e3, "cost_horizon": 24.9e3, "lead_seconds": 19_800.0}
        | {"in_time": False},
    ]


def limit_actions() -> list[dict[str, Any]]:
    """What brings another limit under its bound."""
    sale = {"account": "harbour/perp-main", "asset": "HYPE-PERP", "side": "long"}
    return [
        {
            "limit": "Largest share of open interest",
            "measure": "open_interest_share",
            "scope": "desk:harbour",
            "sentence": "the excess over the bound, sold from the largest account first",
            "actions": [sale | {"amount": 21_000.0, "amount_quote": 655e3}],
        }
    ]
