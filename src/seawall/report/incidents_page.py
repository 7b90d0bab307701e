"""The answer of `seawall backtest --incidents` as lines of text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from seawall.report import numbers
from seawall.report.columns import Column, Line, Span, clean, paint, rule, table, wrap

Result = Mapping[str, Any]
NAMES = {"constant_rate": "constant rate", "last_year": "last year's count"}
STATES = {
    "frozen": "Nothing known after the fit",
    "updated": "Each calendar year from what was known before it, same method",
}


def render(result: Result, *, width: int, colour: bool) -> str:
    """The page for a terminal of ``width`` cells, with or without colour."""
    lines: list[Line] = []
    for block in (_question, _hazards, _parameters, _judged, _years, _growth, _losses):
        body = block(result, width)
        lines += [(), *body] if lines and body else body
    return paint(lines, width, colour)


def _text(text: str, width: int, style: str = "") -> list[Line]:
    return [(Span(line, style),) for line in wrap(text, width, 2, 4)]


def _question(result: Result, width: int) -> list[Line]:
    fitted, judged = result["fitted"], result["judged"]
    lines = [rule("Failures of venues, bridges, stablecoins, contracts and oracles", width)]
    lines += _text(
        f"fitted on {fitted['incidents']} incidents, {fitted['from']} to {fitted['until']}; judged "
        f"on {judged['incidents']}, {judged['from']} to {judged['until']} "
        f"({judged['months']} months), of {', '.join(clean(name) for name in result['files'])}",
        width,
    )
    left = "; ".join(f"{count} {clean(why)}" for why, count in result["left_out"].items())
    lines += _text(
        f"of {result['rows']} rows left out: {left or 'none'}; an incident loses "
        f"{numbers.money(result['threshold'])} USD or more",
        width,
    )
    return lines + _list(result["list"], width)


def _list(found: Result, width: int) -> list[Line]:
    if found["source"] == "file":
        return _text(f"at risk: {clean(found['file'])}, {found['rows']:,} rows", width)
    law = ", ".join(
        f"{name} {row['entities_2022']:,.0f} +{row['growth']:.0%}"
        for name, row in found["law"].items()
    )
    return _text(
        f"at risk: ASSUMED, no list was given. Entities at the beginning of 2022 and their growth "
        f"a year then, which halves every year: {law}",
        width,
        "strong",
    )


def _hazards(result: Result, width: int) -> list[Line]:
    rows = list(result["hazards"].items())

    def year(row: Result) -> str:
        ahead = row["next_year"]
        if row["source"] != "fitted":
            return str(row["source"])
        return f"{ahead['expected']:.1f} [{ahead['low']}, {ahead['high']}]"

    columns = [
        Column("kind", [Span(name) for name, _ in rows]),
        Column("incidents", [Span(f"{row['incidents']}") for _, row in rows], "r"),
        Column("entity-years", [Span(f"{row['entity_years']:,.0f}") for _, row in rows], "r"),
        Column("hazard a year", [Span(f"{row['hazard_per_year']:.2%}") for _, row in rows], "r"),
        Column("95%", [Span(f"{row['low']:.2%} to {row['high']:.2%}") for _, row in rows], "r"),
        Column("at risk now", [Span(f"{row['entities']:,.0f}") for _, row in rows], "r", drop=1),
        Column("year after the fit", [Span(year(row)) for _, row in rows], "r"),
    ]
    return [rule("Hazard of one entity at the end of the fit", width), *table(columns, width)]


def _parameters(result: Result, width: int) -> list[Line]:
    found = result["parameters"]
    half = ", ".join(f"{name} {weight:.0%}" for name, weight in found["half_life_months"].items())
    spread = ", ".join(f"{name} {weight:.0%}" for name, weight in found["dispersion"].items())
    lines = _text(f"memory of the level, half-life in months by weight: {half}", width)
    lines += _text(f"variance of months' common shocks by weight: {spread}", width)
    said = f"kinds are drawn towards {found['prior_hazard']:.2%} a year"
    if found["size_elasticity"] is not None:
        said += (
            f"; hazard ~ value locked ^ {found['size_elasticity']:.2f} "
            f"± {found['size_error']:.2f}, and falls {found['fading_per_year']:.2f} "
            f"± {found['fading_error']:.2f} a year of age ({found['matched_incidents']} incidents "
            "matched to the list)"
        )
    else:
        said += f"; size and age are not used: {found['matched_incidents']} incidents on the list"
    return lines + _text(said, width)


def _judged(result: Result, width: int) -> list[Line]:
    lines: list[Line] = []
    for state, words in STATES.items():
        found = result["judged"][state]
        rows = [("total", found["total"]), *found["by_kind"].items()]
        columns = [
            Column("", [Span(name) for name, _ in rows]),
            Column("expected", [Span(f"{r['model']['expected']:.1f}") for _, r in rows], "r"),
            Column("came", [Span(f"{r['model']['seen']}") for _, r in rows], "r"),
            Column("score", [Span(f"{r['model']['log_score']:.3f}") for _, r in rows], "r"),
        ]
        for name, title in NAMES.items():
            cells = [Span(*_gain(r["against"][name])) for _, r in rows]
            columns.append(Column(f"over {title}", cells, "r"))
        columns.append(Column("in 95%", [Span(_inside(r["model"])) for _, r in rows], "r"))
        columns.append(Column("width", [Span(_width(r["model"])) for _, r in rows], "r"))
        both = found["log_score_of_all_kinds"]
        if lines:
            lines.append(())
        lines += [rule(f"{words}: log score by month", width), *table(columns, width)]
        lines += _text(
            "kinds together, log score by month: "
            + ", ".join(
                f"{NAMES.get(name, name).replace('model', 'fit')} {value:.3f}"
                for name, value in both.items()
            ),
            width,
        )
        lines += _text(_verdict(found["total"]), width, "strong")
    return lines


def _gain(found: Result) -> tuple[str, str]:
    text = f"{found['mean']:+.2f} [{found['low']:+.2f}, {found['high']:+.2f}]"
    return text, "bad" if found["high"] < 0 else "good" if found["low"] > 0 else ""


def _inside(found: Result) -> str:
    return f"{found['coverage']['95%']['inside']:.0%}"


def _width(found: Result) -> str:
    return f"{found['coverage']['95%']['width']:.1f}"


def _verdict(total: Result) -> str:
    said = []
    for name, title in NAMES.items():
        row = total["against"][name]
        word = (
            "better than" if row["low"] > 0 else "worse than" if row["high"] < 0 else "level with"
        )
        said.append(f"{word} {title} by {abs(row['mean']):.2f} a month")
    return f"In total: {', '.join(said)} (level would be an interval that holds 0)."


def _years(result: Result, width: int) -> list[Line]:
    rows: Sequence[Result] = result["judged"]["updated"]["years"]
    columns = [
        Column("year", [Span(f"{r['year']}" + _part(r)) for r in rows]),
        Column("kind", [Span(r["kind"]) for r in rows]),
        Column("expected", [Span(f"{r['expected']:.1f}") for r in rows], "r"),
        Column("95%", [Span(f"{r['low']} to {r['high']}") for r in rows], "r"),
        Column(
            "came",
            [
                Span(f"{r['seen']}", "" if r["low"] <= r["seen"] <= r["high"] else "bad")
                for r in rows
            ],
            "r",
        ),
        Column("constant rate", [Span(f"{r['constant_rate']:.1f}") for r in rows], "r", drop=1),
        Column("last year", [Span(f"{r['last_year']:.1f}") for r in rows], "r", drop=1),
    ]
    return [rule("Years, each from what was known before it", width), *table(columns, width)]


def _part(row: Result) -> str:
    return "" if row["months"] == 12 else f" ({row['months']} months)"


def _growth(result: Result, width: int) -> list[Line]:
    rows = result["growth"]
    if not rows:
        return []
    said = "; ".join(
        f"x {row['factor']:g}: {row['expected']:.0f} expected, score {row['log_score']:.3f}"
        for row in rows
    )
    return [
        rule("If the assumed list grew otherwise", width),
        *_text(f"nothing known after the fit, {said}", width),
    ]


def _losses(result: Result, width: int) -> list[Line]:
    lines = [rule("Size, and loss given failure", width)]
    size = result["severity"]
    if size is not None:
        judged = size["judged_inside_90"]
        later = "" if judged is None else f"; {judged:.0%} of {size['judged_amounts']} later ones"
        lines += _text(
            f"median {numbers.money(size['median'])}, 90% within {numbers.money(size['low_90'])} "
            f"to {numbers.money(size['high_90'])} USD ({size['amounts']} amounts, log-normal cut "
            f"below the threshold){later}; below the threshold the law puts "
            f"{size['share_below_threshold']:.1%} of all incidents, which the file does not list",
            width,
        )
    said = "; ".join(
        f"{claim.replace('_', ' ')} {row['mean']:.0%} ({row['low']:.0%} to {row['high']:.0%}, "
        f"{row['source']}{_measured(row)})"
        for claim, row in result["loss_given_failure"].items()
    )
    return lines + _text(f"share of a claim lost: {said}", width)


def _measured(row: Result) -> str:
    return f" on {row['count']}" if row["count"] else ""
