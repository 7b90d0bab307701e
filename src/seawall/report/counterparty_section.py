"""Counterparties on the terminal page and, by the same rows, on the HTML page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from seawall.report import numbers
from seawall.report.columns import Column, Line, Span, clean, rule, table, wrap
from seawall.report.findings import Result

ROWS = 8
SOURCES = {"case": "case", "fitted": "fitted", "assumed": "assumed"}
NONE = "none stated"


def counterparty(result: Result, width: int) -> list[Line]:
    """Claims and hazards, what is pledged more than once, and each venue failing or not."""
    block = result.get("counterparty")
    if not block:
        return []
    rows = block["counterparties"][:ROWS]
    quote = clean(result["case"]["quote"])
    lines = [rule(f"Counterparties, {quote}", width)]
    cells = [named(row) for row in rows]
    columns = [
        Column("counterparty", [Span(c["name"]) for c in cells], flexible=True),
        Column("kind", [Span(c["kind"]) for c in cells]),
        Column("claims", [Span(c["claims"]) for c in cells], "r"),
        Column("hazard a year", [Span(c["hazard"]) for c in cells], "r"),
        Column("from", [Span(c["source"]) for c in cells], drop=1),
        Column(f"in {horizon(result)}", [Span(c["chance"]) for c in cells], "r"),
        Column("lost then", [Span(c["lost"]) for c in cells], "r"),
        Column("expected loss", [Span(c["expected"]) for c in cells], "r"),
    ]
    lines += table(columns, width)
    more = len(block["counterparties"]) - len(rows)
    if more > 0:
        lines.append((Span(f"  and {more} more", "muted"),))
    for said in notes(result):
        lines += [(Span(text),) for text in wrap(said, width, 2, 4)]
    return lines + _removed(block, width)


def horizon(result: Result) -> str:
    """The run's horizon, in words."""
    return numbers.horizon(result["horizon_seconds"])


def named(row: Mapping[str, Any]) -> dict[str, str]:
    """The cells of one counterparty as text."""
    stated = row["failure"] is not None
    rate, when = row["hazard_per_year"], row["at_seconds"]
    hazard = NONE
    if when is not None:
        hazard = f"at {numbers.horizon(when)}"
    elif rate is not None:
        hazard = f"{rate:.2%}" + (" ↑" if row["wrong_way"] else "")
    elif stated:
        hazard = "with its shock"
    return {
        "name": clean(row["name"]),
        "kind": row["kind"],
        "claims": numbers.money(row["claims"]),
        "hazard": hazard,
        "source": SOURCES.get(row["source"] or "", numbers.UNKNOWN),
        "chance": f"{row['probability']:.3%}" if stated else numbers.UNKNOWN,
        "lost": f"{row['loss_given_failure']:.0%}" if stated else numbers.UNKNOWN,
        "expected": numbers.money(row["expected_loss"]) if stated else numbers.UNKNOWN,
    }


def notes(result: Result) -> list[str]:
    """Sentences: what no hazard is stated for, the wrong-way sensitivity, what is pledged twice."""
    block = result["counterparty"]
    quote, said = clean(result["case"]["quote"]), []
    if all(row["failure"] is None for row in block["counterparties"]):
        said.append(
            "No failure is stated, so none is in DRE; seawall scenarios failures proposes some."
        )
    found = block["wrong_way"]
    if found is not None:
        chances = " / ".join(f"{row['probability']:.3%}" for row in found["rows"])
        worst = " / ".join(f"{row['probability_in_worst']:.3%}" for row in found["rows"])
        betas = " / ".join(f"{row['wrong_way']:g}" for row in found["rows"])
        said.append(
            f"↑ rises as prices fall: {clean(found['of'])} within {horizon(result)} with "
            f"coefficient {betas}: {chances}; on the worst 5% of {clean(found['asset'])} paths "
            f"{worst}. Other rows are at no drawdown."
        )
    for row in block["pledged"]:
        chain = ", ".join(
            f"{clean(link['asset'])} at {clean(link['venue'])} {numbers.money(link['worth'])}"
            for link in row["chain"]
        )
        text = (
            f"{clean(row['owner'])}, {clean(row['underlying'])} and what leads to it: pledged "
            f"{numbers.money(row['gross'])} {quote}, counted once "
            f"{numbers.money(row['counted_once'])} ({chain})"
        )
        if row["stated_twice"] > 0:
            text += (
                f"; {numbers.money(row['stated_twice'])} is a deposit stated beside its receipt, "
                "which the run counts twice: take one out of the case"
            )
        said.append(text)
    return said


def finding(result: Result) -> str:
    """The headline of the section."""
    block, quote = result["counterparty"], result["case"]["quote"]
    if block["expected_loss"] is None:
        return "The case states no failure of anybody it has claims on."
    most = block["counterparties"][0]
    return (
        f"{numbers.money(block['expected_loss'])} {quote} of expected loss in {horizon(result)}, "
        f"most of it with {most['name']}."
    )


def removed(row: Mapping[str, Any]) -> dict[str, str]:
    """The cells of one row of the table of venues removed, as text."""
    now, without = row["now"], row["without"]
    return {
        "venue": clean(row["venue"]) + (" *" if row["loss_assumed"] else ""),
        "owner": clean(row["owner"]),
        "dre": numbers.percent(row["dre"]),
        "now": f"{numbers.percent(now['dre'])} {_points(now)}",
        "loss": f"{numbers.money(now['loss_change'])} {_between(now)}",
        "over": numbers.percent(now["over_loss_fraction"]),
        "without": numbers.UNKNOWN
        if without is None
        else f"{numbers.percent(without['dre'])} {_points(without)}",
    }


def _points(found: Mapping[str, Any]) -> str:
    return f"[{found['low'] * 100:+.1f}, {found['high'] * 100:+.1f}]"


def _between(found: Mapping[str, Any]) -> str:
    return f"[{numbers.money(found['loss_low'])}, {numbers.money(found['loss_high'])}]"


def assumed(block: Mapping[str, Any]) -> str:
    """What the star in the table of venues removed says; nothing where there is none."""
    if not any(row["loss_assumed"] for row in block["remove_one"] or []):
        return ""
    return "* what is lost there is assumed for its kind: the case does not say"


def _removed(block: Mapping[str, Any], width: int) -> list[Line]:
    rows = block["remove_one"]
    if not rows:
        return []
    cells = [removed(row) for row in rows]
    columns = [
        Column("venue", [Span(c["venue"]) for c in cells], flexible=True),
        Column("desk", [Span(c["owner"]) for c in cells], drop=1),
        Column("DRE", [Span(c["dre"]) for c in cells], "r"),
        Column("if it fails [change]", [Span(c["now"]) for c in cells], "r"),
        Column("loses too much", [Span(c["over"]) for c in cells], "r"),
        Column("adds to mean loss", [Span(c["loss"]) for c in cells], "r"),
        Column("cannot fail [change]", [Span(c["without"]) for c in cells], "r"),
    ]
    title = f"Each venue in turn, on the first {rows[0]['paths']} paths, differences with 95%"
    lines = [(), rule(title, width), *table(columns, width)]
    if said := assumed(block):
        lines += [(Span(text, "muted"),) for text in wrap(said, width, 2, 4)]
    return lines
