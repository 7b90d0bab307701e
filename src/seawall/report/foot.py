"""Sentences for the foot of the page: mechanisms, exact ledger, rare impairment, option bounds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from seawall.report import numbers
from seawall.report.columns import clean
from seawall.report.findings import Result, headline


def mechanisms(result: Result) -> str:
    """Which mechanisms were in force, as a sentence with a space behind; nothing where none was."""
    found: dict[str, dict[str, str]] = result["case"].get("mechanisms") or {}
    if not found:
        return ""
    told = [
        f"{clean(where)} "
        + ", ".join(slot if rule == slot else f"{slot} {rule}" for slot, rule in rules.items())
        for where, rules in found.items()
    ]
    return f"Mechanisms: {'; '.join(told)}. "


def ledger(result: Result) -> str:
    """How the run ends in whole units, one sentence and a space; nothing where it was not asked."""
    block = result.get("ledger")
    if not block:
        return ""
    sums = "sums are exactly zero"
    if block["imbalance_units"]:
        sums = f"sums are off by up to {block['imbalance_units']:,} units"
    return (
        f"Exact ledger: {block['transfers']:,} transfers on {block['paths']:,} paths in whole "
        f"units, {sums}; at most {block['largest_gap']:.2g} {clean(result['case']['quote'])} from "
        f"the run, where rounding explains {block['gap_bound']:.2g}. "
    )


def rare(result: Result) -> str:
    """How rare impairments were looked for, one sentence and a space; nothing where not asked."""
    block = result.get("rare")
    if not block:
        return ""
    head = headline(result)
    own = block["scopes"][head.scope]
    open_to = " and ".join(block["not_pushed"])
    return (
        f"Rare impairment: DRE rests on {block['plain_paths']:,} plain and "
        f"{block['tilted_paths']:,} tilted paths, weighted; who pays, first to break and the "
        f"system's numbers on the plain ones. DRE {head.horizon} is known as from "
        f"{own['effective_paths'][head.index]:,.0f} impaired paths of equal weight; the plain "
        f"paths alone say {numbers.percent(own['plain_low'][head.index])} to "
        f"{numbers.percent(own['plain_high'][head.index])}. "
        + (f"Not pushed, so the interval is wide: {open_to}. " if open_to else "")
    )


def option_bounds(result: Result) -> str:
    """How options in accounts were bounded, sentences and a space; nothing where there are none.

    A report of an earlier version has no such block.
    """
    block = result.get("option_bounds")
    if not block:
        return ""
    widest = _widest(block["accounts"])
    text = "Options in accounts: no number is interpolated. "
    if widest is not None:
        text += (
            f"Tables bound what short options require, at most {numbers.percent(widest)} above it "
            f"on {block['sampled_points']:,} sampled points; what they leave in doubt is priced. "
        )
    untabled = sum(not row["tabled"] for row in block["accounts"])
    if untabled:
        text += f"{untabled:,} of the desks' accounts are priced at every step. "
    return text


def option_bounds_short(result: Result) -> str:
    """The same in one sentence, for a page of one screen."""
    block = result.get("option_bounds")
    if not block:
        return ""
    widest = _widest(block["accounts"])
    above = f"; tables at most {numbers.percent(widest)} above their margin" if widest else ""
    return f"Options: not interpolated{above}. "


def _widest(rows: Sequence[Mapping[str, Any]]) -> float | None:
    """The largest share by which a table lies above a requirement; None without a table."""
    return max((row["largest_slack_share"] for row in rows if row["tabled"]), default=None)
