"""The page of `seawall scenarios fit`: fitted numbers, goodness on later data, stated priors."""

from __future__ import annotations

from typing import Any

from seawall.report.columns import Line, Span, clean, paint, table, wrap
from seawall.report.margin_page import column


def render(answer: dict[str, Any], width: int = 100, *, colour: bool = False) -> str:
    """The answer (docs/scenarios.md) as lines of text, none wider than ``width``."""
    width = max(1, width)
    early, late = answer["fitted_on"], answer["judged_on"]
    head = [
        f"{answer['model']}, {early['bar_seconds']:,} s bars of {', '.join(early['assets'])}",
        f"fitted on {early['from'][:16]} .. {early['to'][:16]} UTC ({early['bars']:,} bars)",
        f"judged on {late['from'][:16]} .. {late['to'][:16]} UTC ({late['bars']:,} bars), "
        f"by {late['paths']} histories of the model",
    ]
    lines = [*_prose(head, width, 0), (), *_fitted(answer, width)]
    lines += [*_prose(answer["notes"], width), (), *_goodness(answer, width)]
    for name, terms in answer["skew"].items():
        lines += [(), *_skew(name, terms, width)]
    lines += [(), *_prose(["stated, not fitted"], width, 0)]
    lines += _prose(answer["priors"]["words"], width)
    return paint(lines, width, colour)


def _prose(sentences: list[str], width: int, indent: int = 2) -> list[Line]:
    return [
        (Span(row),)
        for text in sentences
        for row in wrap(clean(text), width, indent, indent + 2 if indent else 0)
    ]


def _fitted(answer: dict[str, Any], width: int) -> list[Line]:
    rows: list[tuple[str, Any]] = [
        *((f"volatility of {name}", x) for name, x in answer["volatility"].items()),
        *((f"correlation {' '.join(x['assets'])}", x) for x in answer["correlation"]),
        *((f"jump_beta of {name}", x) for name, x in answer["jump_beta"].items()),
        *answer["parameters"].items(),
    ]
    bounds = answer["intervals"]

    def value(row: tuple[str, Any]) -> str:
        return f"{row[1]['value']:.5g}" if isinstance(row[1], dict) else str(row[1])

    def error(row: tuple[str, Any]) -> str:
        return f"{row[1]['error']:.3g}" if isinstance(row[1], dict) else ""

    def interval(row: tuple[str, Any]) -> str:
        found = bounds.get(row[0])
        return f"{found[0]:.3g} to {found[1]:.3g}" if found else ""

    columns = [
        column("fitted", rows, lambda row: clean(row[0]), "l", wraps=True),
        column("value", rows, value),
        column("error", rows, error),
    ]
    if bounds:
        columns.append(column("95% interval", rows, interval, "l", wraps=True))
    return table(columns, width)


def _goodness(answer: dict[str, Any], width: int) -> list[Line]:
    rows, laws = answer["goodness"]["statistics"], answer["goodness"]["transform"]
    inside, paths = sum(row["inside"] for row in rows), answer["judged_on"]["paths"]
    statistics = [
        column("", rows, lambda r: f"{r['statistic']}, {clean(r['of'])}", "l", wraps=True),
        column("observed", rows, lambda r: f"{r['observed']:.4g}"),
        column("error", rows, lambda r: f"{r['error']:.2g}"),
        column("model 95%", rows, lambda r: f"{r['model'][0]:.4g} to {r['model'][2]:.4g}"),
        column("middle", rows, lambda r: f"{r['model'][1]:.4g}"),
        column("", rows, lambda r: "" if r["inside"] else "outside", "l"),
    ]
    transforms = [
        column("", laws, lambda r: clean(r["asset"]), "l", wraps=True),
        column("distance", laws, lambda r: f"{r['distance']:.4f}"),
        column("p", laws, lambda r: f"{r['p_value']:.3f}"),
        column("in own volatility", laws, lambda r: f"{r['shape_distance']:.4f}"),
        column("p", laws, lambda r: f"{r['shape_p_value']:.3f}"),
        column("tenths, %", laws, _tenths, "l", wraps=True),
    ]
    first = f"on later prices: {inside} of {len(rows)} statistics lie in the model's 95% range"
    second = (
        "probability integral transform: Kolmogorov-Smirnov distance, its p-value "
        f"({1 / (1 + paths):.2g} is the least that {paths} histories can say), and the share of "
        "later returns in each tenth of the model's law (10% each were it true)"
    )
    return [
        *_prose([first], width, 0),
        *table(statistics, width),
        (),
        *_prose([second], width, 0),
        *table(transforms, width),
    ]


def _tenths(row: dict[str, Any]) -> str:
    return " ".join(f"{100 * share:.0f}" for share in row["histogram"])


def _skew(name: str, terms: list[dict[str, Any]], width: int) -> list[Line]:
    columns = [
        column("days to expiry", terms, lambda t: "{:g} to {:g}".format(*t["days"]), "l"),
        column("R", terms, lambda t: f"{t['ratio']['value']:.2f}"),
        column("R 95%", terms, lambda t: f"{t['ratio']['low']:.2f} to {t['ratio']['high']:.2f}"),
        column("skew", terms, lambda t: f"{t['skew']:.3f}"),
        column("implied_slope", terms, _slope),
        column("explained later", terms, lambda t: _share(t["explained"])),
        column("by sticky strike", terms, lambda t: _share(t["strike_explained"])),
    ]
    head = f"skew stickiness of {clean(name)}: 1 sticky strike, 0 sticky delta"
    return [*_prose([head], width, 0), *table(columns, width)]


def _slope(term: dict[str, Any]) -> str:
    slope = term["implied_slope"]
    return f"{slope['value']:.3f} +- {slope['error']:.3f}"


def _share(value: float | None) -> str:
    return "too few days" if value is None else f"{value:+.1%}"
