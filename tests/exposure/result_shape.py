"""The shape of the result of `seawall check`: every key of its schema with a test of its type."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

from drawn_shapes import FAN_ASSET, GRID, MAP_ASSET

# A shape is a type test, a dict of shapes (exactly these keys), a list of one shape (any number of
# them), Maps(shape) (any keys) or Maybe(shape) (or null).
Test = Callable[[Any], bool]


class Maps:
    def __init__(self, shape: Any, keys: Test = lambda key: bool(key)) -> None:
        self.shape, self.keys = shape, keys


class Maybe:
    def __init__(self, shape: Any) -> None:
        self.shape = shape


def text(value: Any) -> bool:
    return isinstance(value, str) and bool(value)


def label(value: Any) -> bool:
    return isinstance(value, str)


def whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def number(value: Any) -> bool:
    return isinstance(value, float | int) and not isinstance(value, bool) and math.isfinite(value)


def fraction(value: Any) -> bool:
    return number(value) and 0.0 <= value <= 1.0


def flag(value: Any) -> bool:
    return isinstance(value, bool)


def utc(value: Any) -> bool:
    return text(value) and bool(datetime.strptime(value, "%Y-%m-%dT%H:%M:%SZ"))


def sha(value: Any) -> bool:
    return isinstance(value, str) and re.fullmatch(r"[0-9a-f]{64}", value) is not None


def one_of(*words: str) -> Test:
    return lambda value: value in words


ACTION = {
    "action": one_of("add", "repay", "move", "reduce"),
    "account": text,
    "venue": text,
    "source": Maybe(text),
    "asset": text,
    "instrument": Maybe(text),
    "side": Maybe(one_of("long", "short")),
    "amount": number,
    "amount_quote": number,
    "share": Maybe(fraction),
}
REMEDY = ACTION | {
    "then": Maybe(ACTION),
    "dre_after": fraction,
    "low_after": fraction,
    "high_after": fraction,
    "dre_landed": fraction,
    "sure": flag,
    "cost": number,
    "cost_basis": one_of("per day", "once", "over the horizon"),
    "cost_horizon": number,
    "cost_point": Maybe(number),
    "limit": text,
    "deadline_seconds": Maybe(number),
    "lead_seconds": number,
    "lead_basis": text,
    "in_time": flag,
}
SALE = {
    "account": text,
    "asset": text,
    "side": one_of("long", "short"),
    "amount": number,
    "amount_quote": number,
}

SHARE = {"probability": fraction, "low": fraction, "high": fraction}
PART_OF_CHANGE = {
    "part": number,
    "low": number,
    "high": number,
    "tail": number,
    "tail_low": number,
    "tail_high": number,
}
ONE_OF_TWO = {"name": text, "as_of": utc, "hash": sha}
SINCE_LAST = {
    "before": ONE_OF_TWO,
    "after": ONE_OF_TWO,
    "seconds": number,
    "step_seconds": number,
    "step_seconds_before": number,
    "scope": text,
    "horizon_seconds": number,
    "paths": whole,
    "method": one_of("exact", "two orders"),
    "hybrids": whole,
    "dre_before": SHARE,
    "dre_after": SHARE,
    "before_recorded": Maybe(fraction),
    "tail_paths": whole,
    "tail_before": number,
    "tail_before_low": number,
    "tail_before_high": number,
    "tail_after": number,
    "tail_after_low": number,
    "tail_after_high": number,
    "change": PART_OF_CHANGE,
    "drivers": [
        PART_OF_CHANGE
        | {
            "driver": text,
            "kind": text,
            "assets": [text],
            "name": text,
            "was": Maybe(number),
            "now": Maybe(number),
        }
    ],
    "sentence": text,
}

KIND_NAMES = (
    *("liquidation", "negative_equity", "adl", "socialised", "claims_lost"),
    "loss_fraction",
)
OPTION_BOUND = {
    **dict.fromkeys(("account", "venue", "settle"), text),
    **dict.fromkeys(("options", "short_options"), whole),
    "tabled": flag,
    **{name: Maybe(number) for name in ("requirement", "slack", "largest_slack")},
    **{name: Maybe(number) for name in ("slack_share", "largest_slack_share")},
    **{name: Maybe(fraction) for name in ("healthy_share", "decided_share")},
}
CHANNELS = ("liquidity", "crowd", "latency", "counterparty")
PART_ENDS = dict.fromkeys(("price", *CHANNELS, "total"), number)
PART = PART_ENDS | {"price": fraction, "total": fraction}
LEVELS = (0.975, 0.95, 0.9, 0.8)
SCOPE = {
    "probability": [fraction],
    "low": [fraction],
    "high": [fraction],
    "model_low": [Maybe(fraction)],
    "model_high": [Maybe(fraction)],
    **{f"expected_loss{end}": [Maybe(number)] for end in ("", "_low", "_high")},
    **{f"expected_shortfall{end}": [Maybe(number)] for end in ("", "_low", "_high")},
    "expected_shortfall_level": [Maybe(lambda value: value in LEVELS)],
    "impaired_paths": [whole],
    "kinds": {name: [fraction] for name in KIND_NAMES},
    "parts": [
        Maybe(
            {**PART, "low": PART_ENDS, "high": PART_ENDS}
            | {"beyond_price": {"value": number, "low": number, "high": number}}
        )
    ],
    "sentence": text,
}
MIX = {
    "probability": fraction,
    "low": fraction,
    "high": fraction,
    "paths": whole,
    "median_leverage": Maybe(number),
}
PAID = dict.fromkeys(("account", "keeper", "backstop", "fund", "adl", "socialised"), number)
ENDS = ("_low", "_high")
PAID_ENDS = dict.fromkeys(PAID, Maybe(number))
SYSTEM = {
    "bad_debt_mean": number,
    "bad_debt_mean_low": number,
    "bad_debt_mean_high": Maybe(number),
    "value_at_risk": number,
    "value_at_risk_low": Maybe(number),
    "value_at_risk_high": Maybe(number),
    "liquidations_at_risk": number,
    "liquidations_at_risk_low": Maybe(number),
    "liquidations_at_risk_high": Maybe(number),
    "liquidated_mean": number,
    "liquidated_mean_low": number,
    "liquidated_mean_high": Maybe(number),
    "fund_ruin_probability": fraction,
}
COUNTERPARTY = {
    "name": text,
    "kind": text,
    "claims": number,
    "failure": Maybe(text),
    "source": Maybe(text),
    "hazard_per_year": Maybe(number),
    "common_per_year": Maybe(number),
    "at_seconds": Maybe(number),
    "wrong_way": Maybe(number),
    "loss_given_failure": Maybe(fraction),
    "probability": Maybe(fraction),
    "expected_loss": Maybe(number),
}
PRESET = {"name": text, "sha256": sha, "source": text, "as_of": text}
RESULT = {
    "schema": one_of("seawall/check/1"),
    "case": {
        "name": text,
        "hash": sha,
        "as_of": utc,
        "quote": text,
        "venues": [text],
        "mechanisms": Maps(Maps(text)),
        "accounts": whole,
        "positions": whole,
        "desks": [{"owner": text, "equity": number}],
    },
    "version": text,
    "seed": whole,
    "paths": whole,
    "side_paths": whole,
    "horizon_seconds": number,
    "step_seconds": number,
    "steps": whole,
    "headline": text,
    "dre": {
        "horizons_seconds": [number],
        "kinds": {name: {"counts": flag, "sentence": text} for name in KIND_NAMES},
        "parts_paths": whole,
        "parts_channels": [one_of(*CHANNELS)],
        "scopes": Maps(SCOPE),
    },
    "crowd_leverage": Maybe(Maps(MIX, one_of("light", "base", "heavy"))),
    "first_to_break": [
        {
            "account": label,
            "instrument": label,
            "kind": one_of(*KIND_NAMES),
            "side": one_of("long", "short", ""),
            "underlying": label,
            "probability": fraction,
            "paths": whole,
            "liquidation_price": Maybe(number),
            "distance": Maybe({"fraction": number, "daily_sigmas": Maybe(number)}),
        }
    ],
    **dict.fromkeys(("who_pays", "who_pays_unconditional"), PAID),
    **{f"who_pays{of}{end}": PAID_ENDS for of in ("", "_unconditional") for end in ENDS},
    **{f"who_pays_loss{end}": Maybe(number) for end in ENDS},
    "who_pays_scope": text,
    "who_pays_loss": number,
    "system": {
        **SYSTEM,
        "amplification": Maps([{"shock": number, "ratio": number}]),
        "venues": Maps({**SYSTEM, "fund": number}),
    },
    # Its own shape: tests/exposure/test_tail_block.py.
    "tail": lambda tail: isinstance(tail, dict),
    "liquidation_map": Maybe({"moves": [number], "focus": text, "assets": Maps(MAP_ASSET)}),
    "pnl_grid": Maybe(GRID),
    "fan": Maybe(
        {"focus": text, "paths": whole, "tail_paths": whole, "assets": Maps(FAN_ASSET)}
        | {"times_seconds": [number], "levels": [fraction], "liquidated": [[number]]}
    ),
    "counterparty": Maybe(
        {
            "counterparties": [COUNTERPARTY],
            "expected_loss": Maybe(number),
            # What the sample has none of: tests/exposure/counterparty.
            "wrong_way": lambda value: value is None,
            "pledged": [lambda row: isinstance(row, dict)],
            "remove_one": lambda value: value is None,
        }
    ),
    "option_bounds": {
        "cell_width": fraction,
        "slice_seconds": number,
        "slices": whole,
        "sampled_points": whole,
        "lowest_price": number,
        "highest_price": number,
        "interpolation_error": lambda value: value == 0.0,
        "accounts": [OPTION_BOUND],
        "other_accounts": whole,
        "other_accounts_tabled": whole,
    },
    "concentration": [
        {
            "account": text,
            "owner": text,
            "instrument": text,
            "side": one_of("long", "short"),
            "notional": number,
            "open_interest_share": Maybe(number),
            "depth_multiple": number,
            "days_to_exit": number,
            "exit_cost": number,
            "owner_open_interest_share": Maybe(fraction),
            "owner_days_to_exit": number,
        }
    ],
    "limits": [
        {
            "name": text,
            "measure": text,
            "number": Maybe(text),
            "scope": text,
            "horizon_seconds": Maybe(number),
            "end": Maybe(one_of("low", "high")),
            "value": Maybe(number),
            "low": Maybe(number),
            "high": Maybe(number),
            "limit": number,
            "bound": one_of("maximum", "minimum"),
            "unit": one_of("fraction", "quote", "days", "seconds", "ratio", "number"),
            "hysteresis": fraction,
            "after": whole,
            "breached": flag,
            "state": one_of("breached", "no value", "not resolved", "near", "within"),
            "breacher": Maybe(text),
        }
    ],
    "remedy": Maybe(REMEDY),
    "remedies": [REMEDY],
    "limit_actions": [
        {
            "limit": text,
            "measure": text,
            "scope": text,
            "sentence": text,
            "actions": [SALE],
        }
    ],
    "remedy_note": text,
    "assumptions": [lambda mark: re.fullmatch(r"A\d+", mark) is not None],
    "warnings": [text],
    "manifest": {
        "schema": one_of("seawall/manifest/1"),
        "case": sha,
        "files": Maps(sha),
        "rulebooks": Maps({"source": text, "as_of": text, "preset": Maybe(PRESET)}),
        "code": sha,
        "texts": Maps(sha, lambda mark: re.fullmatch(r"A\d+", mark) is not None),
        "versions": Maps(text, one_of("seawall", "python", "numpy", "scipy")),
        # Null until a report is written: tests/store.
        "options": Maybe(Maps(lambda value: value is not None)),
        "written": Maybe(utc),
        "number": Maybe(whole),
        "previous": Maybe(sha),
        "kept": Maybe([text]),
        "result": Maybe(sha),
        "sections": Maybe(Maps(sha)),
        "seal": Maybe(sha),
    },
    "since_last": Maybe(SINCE_LAST),
}


def faults(value: Any, shape: Any, place: str = "result") -> list[str]:
    """Sentences on what does not fit the shape."""
    if isinstance(shape, Maybe):
        return [] if value is None else faults(value, shape.shape, place)
    if isinstance(shape, list):
        if not isinstance(value, list):
            return [f"{place} is no list"]
        return [f for n, item in enumerate(value) for f in faults(item, shape[0], f"{place}[{n}]")]
    if isinstance(shape, dict | Maps):
        if not isinstance(value, dict):
            return [f"{place} is no object"]
        if isinstance(shape, Maps):
            wrong = [f"{place} has the key {key!r}" for key in value if not shape.keys(key)]
            inner = [(f"{place}.{key}", item, shape.shape) for key, item in value.items()]
        else:
            wrong = [f"{place}.{key} is missing" for key in shape if key not in value]
            wrong += [f"{place}.{key} is not in the schema" for key in value if key not in shape]
            inner = [(f"{place}.{key}", value[key], shape[key]) for key in shape if key in value]
        return wrong + [f for where, item, of in inner for f in faults(item, of, where)]
    return [] if shape(value) else [f"{place} is {value!r}"]
