"""The answer of `seawall backtest --prices` as lines of text."""

from __future__ import annotations

from collections.abc import Mapping
from textwrap import wrap
from typing import Any

from seawall.report import reality_page

JOINT_WORDS = {
    "value_at_risk_long": "value at risk, long",
    "value_at_risk_short": "value at risk, short",
    "expected_shortfall_long": "expected shortfall, long",
    "expected_shortfall_short": "expected shortfall, short",
}
SHOWN = 6
REJECTED = 0.05


def render(result: Mapping[str, Any], *, width: int, colour: bool) -> str:
    """The page; ``width`` and ``colour`` as for the other pages, neither changes it."""
    if "refused" in result:
        told = f"Value at risk and expected shortfall: {result['refused']}"
        return "\n".join([*wrap(told, 80), *reality_page.lines_of(result)])
    fitted, extent = result["fitted"], result["judged"]
    lines = [
        f"Value at risk and expected shortfall at {result['level']:.1%} of one unit of notional, "
        f"periods of {result['period_seconds'] / 3600:g} h",
        f"Chosen on {fitted['from']} to {fitted['until']} by the mean Fissler-Ziegel score; judged "
        f"once on the rest,",
        f"{extent['first']} to {extent['last']} ({extent['periods_before_fit']} periods before the "
        f"fitted part, {extent['periods_after_fit']} after it).",
        "",
        "Candidates, best first (smaller is better)",
    ]
    ranked = result["candidates"]
    lines += [f"  {one['score']:9.4f}  {one['words']}" for one in ranked[:SHOWN]]
    lines += [f"  and {len(ranked) - SHOWN} more" if len(ranked) > SHOWN else ""]
    lines += _verdict("Chosen", result["chosen"])
    lines += _verdict("Best normal method, beside it", result["normal"])
    lines += _power(result["normal"]["power"])
    lines += _positions(result["positions"])
    lines += reality_page.lines_of(result)
    return "\n".join(lines)


def _verdict(title: str, found: Mapping[str, Any]) -> list[str]:
    lines = [
        f"{title}: {found['words']}",
        f"  {found['hit_rate']:.2%} of {found['periods']:,} losses beyond value at risk, "
        f"{found['stated']:.2%} stated.",
        "  Over all assets at once, weeks of dates resampled:",
        f"  {'':28}{'p':>8}{'Holm':>8}",
    ]
    for key, words in JOINT_WORDS.items():
        p, adjusted = found["joint"][key], found["joint_holm"][key]
        word = "rejected" if adjusted < REJECTED else ""
        lines.append(f"  {words:28}{p:8.3f}{adjusted:8.3f}  {word}".rstrip())
    return [*lines, ""]


def _power(found: Mapping[str, float]) -> list[str]:
    return [
        "Power: share of tests at 5% that reject the normal method where the chosen one holds",
        f"  count of hits: long {found['unconditional_long']:.0%}, "
        f"short {found['unconditional_short']:.0%};  "
        f"Z2: long {found['z2_long']:.0%}, short {found['z2_short']:.0%}",
        "",
    ]


def _positions(rows: list[Mapping[str, Any]]) -> list[str]:
    head = (
        f"  {'asset':10}{'side':6}{'periods':>8}{'hits':>6}{'stated':>8}{'count':>8}{'chain':>8}"
        f"{'both':>8}{'dynamic':>8}{'Z1':>8}{'Z2':>8}"
    )
    lines = ["Chosen method by position: p-values, exact by simulation, ties randomised", head]
    for row in rows:
        values = [row[key] for key in ("unconditional", "independence", "conditional", "dynamic")]
        values += [row["z1_p"], row["z2_p"]]
        shown = "".join(f"{value:8.3f}" if value == value else f"{'-':>8}" for value in values)
        lines.append(
            f"  {row['asset']:10}{row['side']:6}{row['periods']:8.0f}{row['hits']:6.0f}"
            f"{row['expected']:8.1f}{shown}"
        )
    found = sum(row["unconditional_holm"] < REJECTED for row in rows)
    short = sum(row["z2_p_holm"] < REJECTED for row in rows)
    return [
        *lines,
        f"Rejected after Holm over {len(rows)} positions: {found} by the count of hits, "
        f"{short} by Z2.",
    ]
