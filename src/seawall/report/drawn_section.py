"""Liquidation map, fan and grid of P&L on the terminal page, in their compact form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from seawall.report import drawn_words, numbers
from seawall.report.columns import Column, Line, Span, clean, rule, table, with_marks, wrap
from seawall.report.findings import Result

ASCII = str.maketrans({"’": "'"})


def liquidation_map(result: Result, width: int) -> list[Line]:
    """How much one asset's moves close, alone and with the cascade, and why the curve turns."""
    lines = liquidation_map_in_short(result, width)
    if not lines:
        return []
    block = result["liquidation_map"]
    one = block["assets"][block["focus"]]
    lines += _said([drawn_words.feedback_words(one), *drawn_words.turning_words(one)], width)
    return [*lines[:-1], with_marks(lines[-1], _marks(result, "A4", "A5", "A7"), width)]


def liquidation_map_in_short(result: Result, width: int) -> list[Line]:
    """The finding, and one row each of what is closed and how far the price goes."""
    block = result.get("liquidation_map")
    if not block or not block["assets"]:
        return []
    name, moves = block["focus"], block["moves"]
    columns, letter = _map_columns(block["assets"][name], moves)
    unit = f"{letter} {_quote(result)}".strip()
    lines = [rule(f"Liquidation map of {clean(name)}, {unit}", width)]
    lines += _said([drawn_words.map_finding(result, name) + "."], width)
    return [*lines, *table(columns, width)]


def _map_columns(one: Mapping[str, Any], moves: Sequence[float]) -> tuple[list[Column], str]:
    """The columns of one asset's map, one for each shock, and the letter of their scale."""
    shocks = one["shocks"]
    scale, letter = numbers.money_scale([*one["crowd"], *one["desk"]])
    at = [s["shock"] for s in shocks] or [-0.2, -0.1, -0.05, 0.05, 0.1, 0.2]
    desk = sum(one["desk"]) > 0.0
    names = ["on the map", *(["of it desks"] if desk else [])]
    names += ["closed", "amplification"] if shocks else []
    columns = [Column("moves by", [Span(name) for name in names])]
    for n, move in enumerate(at):
        total, own = drawn_words.up_to(moves, one, move)
        cells = [_short(total, scale), *([_short(own, scale)] if desk else [])]
        if shocks:
            shock = shocks[n]
            closed = shock["into_market"] + shock["backstop"] + shock["deleveraged"]
            cells += [_short(closed, scale), numbers.ratio(shock["ratio"])]
        deep = 1 if abs(move) > 0.25 else 0
        title = drawn_words.signed(move)
        columns.append(Column(title, [Span(cell) for cell in cells], "r", drop=deep))
    return columns, letter


def _short(value: float, scale: float) -> str:
    return numbers.scaled(value, scale) if value < 99.995 * scale else f"{value / scale:,.0f}"


def fan(result: Result, width: int) -> list[Line]:
    """Where the prices of one asset end: quantiles, without a crowd, and on how few paths."""
    block = result.get("fan")
    if not block:
        return []
    name = block["focus"]
    one = block["assets"][name]
    when = numbers.horizon(block["times_seconds"][-1])
    ends = ", ".join(
        f"{'median' if level == 0.5 else f'{level * 100:g}%'} {numbers.price(row[-1])}"
        for level, row in zip(block["levels"], one["quantiles"], strict=True)
    )
    lines = [rule(f"Price of {clean(name)} after {when}, {block['paths']:,} paths", width)]
    return lines + _said([ends, *drawn_words.fan_notes(block, name)], width)


def pnl_grid(result: Result, width: int) -> list[Line]:
    """What the desk gains or loses over price x volatility; marked where an account dies."""
    desk = drawn_words.grid_desk(result)
    if desk is None:
        return []
    grid = result["pnl_grid"]
    every = [value for row in desk["change"] for value in row]
    scale, letter = numbers.money_scale(every)
    unit = f"{letter} {_quote(result)}".strip()
    volatility = grid["volatility"][::-1]
    change, below = desk["change"][::-1], desk["below_margin"][::-1]
    heads = [Span(f"vol {drawn_words.signed(move) if move else '0%'}") for move in volatility]
    columns = [Column("", heads, "r")] if len(volatility) > 1 else []
    for n, move in enumerate(grid["spot"]):
        cells = [
            Span(numbers.scaled(row[n], scale) + ("*" if under[n] else " "), "bad" * bool(under[n]))
            for row, under in zip(change, below, strict=True)
        ]
        title = (drawn_words.signed(move) if move else "0%") + " "
        columns.append(Column(title, cells, "r", drop=1 if abs(move) == 0.05 else 0))
    title = f"P&L of desk:{clean(desk['owner'])}, {unit}: all prices across"
    lines = [rule(title, width)]
    lines += _said([drawn_words.grid_finding(result, desk) + "."], width)
    lines += table(columns, width)
    if names := drawn_words.below_accounts(desk):
        lines += _said([f"* at liquidation there: {', '.join(names)}"], width)
    return lines


def _quote(result: Result) -> str:
    return clean(result["case"]["quote"])


def _marks(result: Result, *names: str) -> str:
    return " ".join(name for name in names if name in (result.get("assumptions") or []))


def _said(sentences: Sequence[str], width: int) -> list[Line]:
    return [
        (Span(line),)
        for text in sentences
        for line in wrap(clean(text.translate(ASCII)), width, 2, 4)
    ]
