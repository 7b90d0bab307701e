"""Liquidation map, fan and grid of P&L on the HTML page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from seawall.report import drawn_words, numbers
from seawall.report.fan_chart import fan_chart
from seawall.report.findings import Result
from seawall.report.map_chart import liquidation_chart
from seawall.report.templates import Explain, Marks, filled
from seawall.report.typography import true_minus

NOTHING = Markup("")
# Colours of the grid on each side of zero.
SHADES = 5


def map_part(result: Result, explain: Explain, marks: Marks) -> Markup:
    """How much is liquidated at which price, and what the cascade adds."""
    block = result.get("liquidation_map")
    if not block or not block["assets"]:
        return NOTHING
    focus = block["focus"]
    names = [focus, *(name for name in block["assets"] if name != focus)]
    values = {
        "maps": [_map(result, name) for name in names],
        "quote": result["case"]["quote"],
        "true_minus": true_minus,
        "n": explain,
        "marks": marks,
    }
    return filled("map.html.jinja", values)


def _map(result: Result, name: str) -> dict[str, Any]:
    block = result["liquidation_map"]
    one = block["assets"][name] | {"own": _inside(block["moves"], result, name)}
    step = f"{(block['moves'][1] - block['moves'][0]) * 100:g}%"
    return {
        "asset": name,
        "finding": drawn_words.map_finding(result, name),
        "chart": liquidation_chart(name, block["moves"], one),
        "step": step,
        "desk": sum(one["desk"]) > 0.0,
        "shocks": bool(one["shocks"]),
        "said": [drawn_words.feedback_words(one), *drawn_words.turning_words(one)],
    }


def _inside(moves: list[float], result: Result, name: str) -> float | None:
    own = drawn_words.own_move(result, name)
    return own if own is not None and moves[0] <= own <= moves[-1] else None


def fan_part(result: Result, explain: Explain, marks: Marks) -> Markup:
    """Where prices stand over time, and what is closed on the way."""
    fan = result.get("fan")
    if not fan:
        return NOTHING
    due = (result.get("remedy") or {}).get("deadline_seconds")
    values = {
        "fans": [
            {
                "asset": name,
                "finding": drawn_words.fan_finding(fan, name),
                "chart": fan_chart(name, fan, one, due),
                "said": drawn_words.fan_notes(fan, name),
                "dashed": bool(one["without_orders"]),
            }
            for name, one in fan["assets"].items()
        ],
        "paths": f"{fan['paths']:,}",
        "horizon": numbers.long_horizon(fan["times_seconds"][-1]),
        "true_minus": true_minus,
        "n": explain,
        "marks": marks,
    }
    return filled("fan.html.jinja", values)


def grid_part(result: Result, explain: Explain, marks: Marks) -> Markup:
    """What the desk gains or loses over price x volatility."""
    desk = drawn_words.grid_desk(result)
    if desk is None:
        return NOTHING
    grid = result["pnl_grid"]
    every = [value for row in desk["change"] for value in row]
    scale, letter = numbers.money_scale(every)
    most = max((abs(value) for value in every), default=0.0)
    names = drawn_words.below_accounts(desk)
    rows = [
        {
            "head": drawn_words.signed(move) if move else "0%",
            "cells": [
                _cell(value, scale, most, under) for value, under in zip(change, below, strict=True)
            ],
        }
        for move, change, below in zip(
            grid["volatility"], desk["change"], desk["below_margin"], strict=True
        )
    ]
    values = {
        "finding": drawn_words.grid_finding(result, desk),
        "owner": desk["owner"],
        "unit": f"{letter} {result['case']['quote']}".strip(),
        "spot": [drawn_words.signed(move) if move else "0%" for move in grid["spot"]],
        "rows": rows[::-1],
        "volatile": len(rows) > 1,
        "assets": ", ".join(grid["assets"]),
        "names": ", ".join(names),
        "true_minus": true_minus,
        "n": explain,
        "marks": marks,
    }
    return filled("grid.html.jinja", values)


def _cell(value: float, scale: float, most: float, under: list[str]) -> Mapping[str, Any]:
    amount = value / scale
    text = f"{amount:.1f}" if abs(amount) < 99.95 else f"{amount:.0f}"
    share = abs(value) / most if most > 0.0 else 0.0
    shade = min(SHADES, round(share * SHADES))
    side = "m" if value < 0.0 else "p"
    return {
        "text": "0.0" if text == "-0.0" else text,
        "shade": f"{side}{shade}" if shade else "z0",
        "under": ", ".join(under),
    }
