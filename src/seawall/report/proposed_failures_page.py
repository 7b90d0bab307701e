"""The answer of `seawall scenarios failures` as lines of text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from seawall.report import numbers
from seawall.report.columns import Column, Line, Span, clean, paint, rule, table, wrap

Result = Mapping[str, Any]


def render(result: Result, *, width: int, colour: bool) -> str:
    """Counterparties, the wrong-way sensitivity, and the tables to copy, which are not wrapped."""
    lines = [*_counterparties(result, width), (), *_wrong_way(result, width), ()]
    lines.append(rule("For the market.toml of the Case", width))
    text = paint(lines, width, colour)
    return text + "\n" + "\n".join(clean(line) for line in result["toml"].splitlines())


def _text(text: str, width: int, style: str = "") -> list[Line]:
    return [(Span(line, style),) for line in wrap(text, width, 2, 4)]


def _counterparties(result: Result, width: int) -> list[Line]:
    rows = result["counterparties"]

    def loss(row: Result) -> str:
        found = row["loss"]
        return f"{found['mean']:.0%} ({found['low']:.0%} to {found['high']:.0%})"

    columns = [
        Column("counterparty", [Span(clean(r["name"])) for r in rows], flexible=True),
        Column("kind", [Span(r["kind"]) for r in rows]),
        Column("hazard a year", [Span(f"{r['hazard_per_year']:.2%}") for r in rows], "r"),
        Column("95%", [Span(f"{r['low']:.2%} to {r['high']:.2%}") for r in rows], "r"),
        Column("from", [Span(r["source"]) for r in rows]),
        Column("lost of a claim", [Span(loss(r)) for r in rows], "r"),
        Column("from", [Span(r["loss"]["source"]) for r in rows]),
    ]
    lines = [rule(f"Counterparties of {clean(result['case'])}", width), *table(columns, width)]
    lines += _text(f"hazards: {clean(result['fitted_on'])}", width)
    if result["list"]["source"] == "assumption":
        said = "no list was given: who was at risk is an assumption, and so is every hazard a year"
        lines += _text(said, width, "strong")
    return lines


def _wrong_way(result: Result, width: int) -> list[Line]:
    found = result["wrong_way"]
    rows = found["rows"]
    columns = [
        Column("wrong_way", [Span(f"{r['wrong_way']:g}") for r in rows], "r"),
        Column("chance", [Span(f"{r['probability']:.4%}") for r in rows], "r"),
        Column(
            "on the worst 5% of paths",
            [Span(f"{r['probability_in_worst']:.4%}") for r in rows],
            "r",
        ),
        Column(
            "at a fall of 10 / 30 / 50%",
            [
                Span(" / ".join(f"x{_factor(r['wrong_way'], d):.3g}" for d in (0.1, 0.3, 0.5)))
                for r in rows
            ],
            "r",
        ),
    ]
    title = (
        f"Wrong way: chance that {clean(found['of'])} fails in "
        f"{numbers.horizon(result['horizon_seconds'])}, its hazard rising as "
        f"{clean(found['asset'])} falls"
    )
    return [
        rule(title, width),
        *table(columns, width),
        *_text(
            "a prior of Seawall, not measured; a share of "
            f"{result['common_share']:.0%} of every hazard is a common shock's, as assumed",
            width,
        ),
    ]


def _factor(coefficient: float, drawdown: float) -> float:
    from math import exp

    return exp(coefficient * drawdown)
