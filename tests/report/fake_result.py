"""An invented result of `seawall check`, in the shape of the real one, for the tests of reports."""

from __future__ import annotations

import copy
from typing import Any

from fake_drawn import fake_drawn
from fake_remedies import limit_actions, remedies

HORIZONS = [3600, 14400, 86400, 604800]
PATHS = 10_000

# As of the mock-up: points of DRE 24 h, with an interval of each.
PARTS = {
    "price": 0.0194,
    "liquidity": 0.0036,
    "crowd": 0.0081,
    "latency": -0.0006,
    "counterparty": 0.0005,
    "total": 0.031,
    "beyond_price": {"value": 0.0116, "low": 0.0089, "high": 0.0142},
    "low": {
        "price": 0.0169,
        "liquidity": 0.0027,
        "crowd": 0.0066,
        "latency": -0.0013,
        "counterparty": 0.0002,
        "total": 0.0278,
    },
    "high": {
        "price": 0.0223,
        "liquidity": 0.0045,
        "crowd": 0.0097,
        "latency": 0.0001,
        "counterparty": 0.001,
        "total": 0.0346,
    },
}


def wilson(hits: int, paths: int = PATHS) -> tuple[float, float]:
    z = 1.959963984540054
    share, weight = hits / paths, z * z / paths
    centre = (share + weight / 2) / (1 + weight)
    half = z / (1 + weight) * (share * (1 - share) / paths + weight / (4 * paths)) ** 0.5
    return max(0.0, centre - half), min(1.0, centre + half)


def scope(hits: list[int], sentence: str, **more: Any) -> dict[str, Any]:
    nothing = [None] * len(hits)
    ends = [wilson(n) for n in hits]
    return {
        "probability": [n / PATHS for n in hits],
        "low": [low for low, _ in ends],
        "high": [high for _, high in ends],
        "model_low": more.get("model_low", nothing),
        "model_high": more.get("model_high", nothing),
        "expected_loss": more.get("loss", nothing),
        "expected_loss_low": more.get("loss_low", nothing),
        "expected_loss_high": more.get("loss_high", nothing),
        "expected_shortfall": more.get("shortfall", nothing),
        "expected_shortfall_low": more.get("shortfall_low", nothing),
        "expected_shortfall_high": more.get("shortfall_high", nothing),
        "expected_shortfall_level": more.get("level", nothing),
        "impaired_paths": hits,
        "kinds": {"liquidation": [n / PATHS for n in hits]},
        "parts": more.get("parts", nothing),
        "sentence": sentence,
    }


def breaking(
    account: str,
    instrument: str,
    kind: str,
    side: str,
    underlying: str,
    paths: int,
    price: float | None = None,
    fraction: float | None = None,
    sigmas: float | None = None,
) -> dict[str, Any]:
    distance = None if fraction is None else {"fraction": fraction, "daily_sigmas": sigmas}
    return {
        "account": account,
        "instrument": instrument,
        "kind": kind,
        "side": side,
        "underlying": underlying,
        "probability": paths / PATHS,
        "paths": paths,
        "liquidation_price": price,
        "distance": distance,
    }


def limit(
    name: str, measure: str, scope: str, horizon: float | None, value: float | None, bound: float
) -> dict[str, Any]:
    return {
        "name": name,
        "measure": measure,
        "scope": scope,
        "horizon_seconds": horizon,
        "value": value,
        "limit": bound,
        "breached": value is not None and value > bound,
    }


def _dre() -> dict[str, Any]:
    return {
        "horizons_seconds": HORIZONS,
        "scopes": {
            "desk:harbour": scope(
                [12, 58, 310, 1140],
                "any account impaired",
                model_low=[0.0004, 0.0026, 0.017, 0.072],
                model_high=[0.0033, 0.012, 0.053, 0.176],
                loss=[1.21e6, 1.46e6, 1.84e6, 2.37e6],
                loss_low=[0.88e6, 1.27e6, 1.71e6, 2.29e6],
                loss_high=[1.83e6, 1.72e6, 1.99e6, 2.46e6],
                shortfall=[None, 4.1e6, 6.2e6, 7.9e6],
                shortfall_low=[None, 3.2e6, 5.1e6, 6.9e6],
                shortfall_high=[None, 5.6e6, 7.8e6, 9.3e6],
                level=[None, 0.8, 0.95, 0.975],
                parts=[None, None, PARTS, None],
            ),
            "desk:harbour/loss": scope([0, 1, 9, 61], "loss above 50% of equity"),
            "venue:meridian": scope([0, 2, 24, 88], "bad debt above the fund"),
            "venue:causeway": scope([0, 1, 6, 27], "bad debt above the reserve"),
            "protocol": scope([0, 3, 29, 112], "bad debt above the insurance layer"),
        },
    }


def _first_to_break() -> list[dict[str, Any]]:
    main, loan = "harbour/perp-main", "harbour/loan"
    return [
        breaking(main, "SOL-PERP", "liquidation", "long", "SOL", 161, 104.31, -0.119, 2.7),
        breaking(loan, "wstETH/USDC", "liquidation", "", "ETH", 62, 2401.0, -0.13, 3.5),
        breaking(main, "HYPE-PERP", "liquidation", "long", "HYPE", 57, 24.58, -0.212, 4.1),
        breaking(
            "harbour/options",
            "BTC-27FEB26-76000-P",
            "liquidation",
            "short",
            "BTC",
            17,
            70100.0,
            -0.167,
            5.8,
        ),
        breaking(main, "ETH-PERP", "adl", "short", "ETH", 10),
        breaking(loan, "wstETH", "socialised", "", "ETH", 3),
    ]


def _system() -> dict[str, Any]:
    meridian = {
        "bad_debt_mean": 0.41e6,
        "bad_debt_mean_low": 0.28e6,
        "bad_debt_mean_high": 0.63e6,
        "value_at_risk": 1.9e6,
        "liquidations_at_risk": 148e6,
        "fund_ruin_probability": 0.0024,
        "fund": 14.2e6,
        "liquidated_mean": 31.5e6,
        "liquidated_mean_low": 29.8e6,
        "liquidated_mean_high": 33.4e6,
    }
    causeway = {
        "bad_debt_mean": 0.02e6,
        "bad_debt_mean_low": 0.0,
        "bad_debt_mean_high": None,
        "value_at_risk": 0.0,
        "liquidations_at_risk": 9.3e6,
        "fund_ruin_probability": 0.0,
        "fund": 1.1e6,
        "liquidated_mean": 0.7e6,
        "liquidated_mean_low": 0.6e6,
        "liquidated_mean_high": 0.9e6,
    }
    shocks = [-0.05, -0.10, -0.15, -0.20]
    return {
        "bad_debt_mean": 0.43e6,
        "bad_debt_mean_low": 0.3e6,
        "bad_debt_mean_high": 0.65e6,
        "value_at_risk": 1.9e6,
        "liquidations_at_risk": 155e6,
        "fund_ruin_probability": 0.0029,
        "amplification": {
            "SOL": _ratios(shocks, [1.23, 1.34, 1.33, 1.27]),
            "HYPE": _ratios(shocks, [1.31, 1.52, 1.61, 1.48]),
        },
        "venues": {"meridian": meridian, "causeway": causeway},
    }


def _ratios(shocks: list[float], ratios: list[float]) -> list[dict[str, float]]:
    return [{"shock": s, "ratio": r} for s, r in zip(shocks, ratios, strict=True)]


def _concentration() -> list[dict[str, Any]]:
    rows = [
        ("HYPE-PERP", "long", 9.67e6, 0.047, 4.2, 0.80, 95e3),
        ("XRP-PERP", "short", 5.08e6, 0.043, 2.7, 0.53, 33e3),
        ("SOL-PERP", "long", 16.81e6, 0.026, 2.6, 0.41, 100e3),
        ("ETH-PERP", "short", 16.28e6, 0.013, 0.7, 0.10, 39e3),
        ("BTC-PERP", "short", 7.41e6, 0.004, 0.2, 0.03, 7e3),
    ]
    keys = (
        "instrument",
        "side",
        "notional",
        "open_interest_share",
        "depth_multiple",
        "days_to_exit",
        "exit_cost",
    )
    account = {"account": "harbour/perp-main"}
    return [account | dict(zip(keys, row, strict=True)) for row in rows]


def _limits() -> list[dict[str, Any]]:
    desk, day = "desk:harbour", 86400
    return [
        limit("DRE 24 h, desk:harbour", "dre", desk, day, 0.031, 0.02),
        limit("DRE 7 d, desk:harbour", "dre", desk, 604800, 0.114, 0.15),
        limit("Model interval high end, 24 h", "model_high", desk, day, 0.053, 0.06),
        limit("Expected shortfall, 24 h", "expected_shortfall", desk, day, 6.2e6, 6.5e6),
        limit("Largest share of open interest", "open_interest_share", desk, None, 0.047, 0.05),
        limit("Longest exit", "days_to_exit", desk, None, 0.80, 1.0),
        limit("Fund ruin 24 h, venue:meridian", "fund_ruin", "venue:meridian", day, 0.0024, 0.005),
    ]


def fake_result() -> dict[str, Any]:
    """A fresh copy of the whole result: one desk, two venues, one breached limit of seven."""
    pays = {
        "account": 1.84e6,
        "keeper": -0.11e6,
        "backstop": 0.21e6,
        "fund": 0.29e6,
        "adl": 0.06e6,
        "socialised": 0.02e6,
    }
    rows = remedies()
    result = {
        "schema": "seawall/check/1",
        "case": {
            "name": "harbour",
            "hash": "39b85ff9c452c8b1" * 4,
            "as_of": "2026-01-30T16:00:00Z",
            "quote": "USDC",
            "venues": ["meridian", "causeway"],
            "accounts": 6412,
            "positions": 11806,
            "desks": [{"owner": "harbour", "equity": 11.5e6}],
        },
        "version": "0.1.0",
        "seed": 7,
        "paths": PATHS,
        "side_paths": PATHS // 2,
        "horizon_seconds": 86400,
        "step_seconds": 300,
        "steps": 288,
        "headline": "desk:harbour",
        "dre": _dre(),
        "option_bounds": {
            "cell_width": 0.0025,
            "slice_seconds": 3_900.0,
            "slices": 23,
            "sampled_points": 287,
            "lowest_price": 0.50125,
            "highest_price": 1.50125,
            "interpolation_error": 0.0,
            "accounts": [
                {
                    "account": "harbour/options",
                    "venue": "sextant",
                    "settle": "BTC",
                    "options": 3,
                    "short_options": 2,
                    "tabled": True,
                    "requirement": 1_711_663.0,
                    "slack": 6_166.0,
                    "slack_share": 0.0036,
                    "largest_slack": 17_262.0,
                    "largest_slack_share": 0.0061,
                    "healthy_share": 0.32,
                    "decided_share": 0.31,
                }
            ],
            "other_accounts": 0,
            "other_accounts_tabled": 0,
        },
        "crowd_leverage": {
            name: {
                "probability": p / PATHS,
                "low": wilson(p)[0],
                "high": wilson(p)[1],
                "median_leverage": leverage,
            }
            for name, p, leverage in (("light", 274, 4.3), ("base", 310, 6.1), ("heavy", 371, 8.9))
        },
        "first_to_break": _first_to_break(),
        "who_pays": pays,
        "who_pays_unconditional": {payer: amount * 0.031 for payer, amount in pays.items()},
        "who_pays_scope": "desk:harbour",
        "who_pays_loss": 2.31e6,
        "who_pays_loss_low": 2.12e6,
        "who_pays_loss_high": 2.54e6,
        "who_pays_low": {payer: amount - 0.1 * abs(amount) for payer, amount in pays.items()},
        "who_pays_high": {payer: amount + 0.1 * abs(amount) for payer, amount in pays.items()},
        "who_pays_unconditional_low": {k: 0.031 * x - 0.009 * abs(x) for k, x in pays.items()},
        "who_pays_unconditional_high": {k: 0.031 * x + 0.009 * abs(x) for k, x in pays.items()},
        "system": _system(),
        "concentration": _concentration(),
        "limits": _limits(),
        "remedy": rows[0],
        "remedies": rows,
        "limit_actions": limit_actions(),
        "remedy_note": "The smallest single action found; 14 were tried on the same paths.",
        "assumptions": [f"A{number}" for number in range(1, 15)],
        "warnings": ["2 open-interest figures are older than a day and were kept as given."],
        "manifest": {
            "files": {
                name: f"{seed:02x}93eef8fb598f4e" * 4
                for seed, name in enumerate(
                    (
                        "case.toml",
                        "instruments.csv",
                        "accounts.parquet",
                        "positions.parquet",
                        "balances.csv",
                        "market.toml",
                        "limits.toml",
                    )
                )
            },
            "rulebooks": {
                "meridian": {"source": "exchange documentation", "as_of": "2026-01-15"},
                "causeway": {"source": "protocol parameters", "as_of": "2026-01-09"},
            },
            "versions": {
                "python": "3.11.7",
                "numpy": "2.4.6",
                "scipy": "1.17.1",
                "seawall": "0.1.0",
            },
        },
        "since_last": None,
    }
    return copy.deepcopy(result | fake_drawn())


def without_desk() -> dict[str, Any]:
    """A protocol's case: no desk, no limits, no crowd variants, no remedy, nothing impaired."""
    result = fake_result()
    result["case"]["desks"] = []
    result["headline"] = result["who_pays_scope"] = "protocol"
    result["dre"]["scopes"] = {
        "venue:meridian": scope([0, 0, 0, 0], "bad debt above the fund"),
        "protocol": scope([0, 0, 0, 0], "bad debt above the insurance layer"),
    }
    result["crowd_leverage"] = None
    result["first_to_break"] = []
    payers = result["who_pays"]
    result["who_pays"] = dict.fromkeys(payers, 0.0)
    result["who_pays_unconditional"] = dict.fromkeys(payers, 0.0)
    result["who_pays_loss"] = 0.0
    result["who_pays_loss_low"] = result["who_pays_loss_high"] = None
    for key in ("who_pays_low", "who_pays_high"):
        result[key] = dict.fromkeys(payers)
    for key in ("who_pays_unconditional_low", "who_pays_unconditional_high"):
        result[key] = dict.fromkeys(payers)
    result["concentration"] = []
    result["liquidation_map"] = result["pnl_grid"] = result["fan"] = None
    result["limits"] = []
    result["remedy"] = None
    result["remedies"] = result["limit_actions"] = []
    result["remedy_note"] = ""
    result["warnings"] = []
    result["system"]["amplification"] = {}
    result["assumptions"] = ["A1", "A3", "A9"]
    return result
