"""The page of `seawall scenarios fit`: fitted numbers, goodness on later data, stated priors."""

from __future__ import annotations

from typing import Any


def render(answer: dict[str, Any]) -> str:
    """The answer (docs/scenarios.md) as lines of text."""
    early, late = answer["fitted_on"], answer["judged_on"]
    lines = [
        f"{answer['model']}, {early['bar_seconds']:,} s bars of {', '.join(early['assets'])}",
        f"fitted on {early['from'][:16]} .. {early['to'][:16]} UTC ({early['bars']:,} bars)",
        f"judged on {late['from'][:16]} .. {late['to'][:16]} UTC ({late['bars']:,} bars), "
        f"by {late['paths']} histories of the model",
        "",
        "fitted                                value       error",
    ]
    lines += [_number(f"volatility of {name}", x) for name, x in answer["volatility"].items()]
    lines += [_number(f"correlation {' '.join(x['assets'])}", x) for x in answer["correlation"]]
    lines += [_number(f"jump_beta of {name}", x) for name, x in answer["jump_beta"].items()]
    for key, x in answer["parameters"].items():
        if not isinstance(x, dict):
            lines.append(f"  {key:32}{x!s:>11}")
            continue
        bounds = answer["intervals"].get(key)
        lines.append(
            _number(key, x) + (f"   ({bounds[0]:.3g} to {bounds[1]:.3g})" if bounds else "")
        )
    lines += [f"  {note}" for note in answer["notes"]]
    lines += ["", *_goodness(answer["goodness"])]
    for name, terms in answer["skew"].items():
        lines += ["", *_skew(name, terms)]
    return "\n".join(
        [*lines, "", "stated, not fitted", *(f"  {w}" for w in answer["priors"]["words"])]
    )


def _number(name: str, number: dict[str, float]) -> str:
    return f"  {name:32}{number['value']:>11.5g} {number['error']:>11.3g}"


def _goodness(found: dict[str, Any]) -> list[str]:
    lines = [f"{'on later prices':42}{'observed':>10}{'error':>9}   model's 95% range"]
    for row in found["statistics"]:
        low, middle, high = row["model"]
        mark = "" if row["inside"] else "   outside"
        lines.append(
            f"  {row['statistic'] + ', ' + row['of']:40}{row['observed']:>10.4g}"
            f"{row['error']:>9.2g}   {low:.4g} to {high:.4g} ({middle:.4g}){mark}"
        )
    lines.append("  probability integral transform: Kolmogorov-Smirnov distance and its p-value")
    for one in found["transform"]:
        share = " ".join(f"{x:.3f}" for x in one["histogram"])
        lines.append(
            f"    {one['asset']:8} {one['distance']:.4f} (p {one['p_value']:.3f}); in its own "
            f"volatility {one['shape_distance']:.4f} (p {one['shape_p_value']:.3f}); tenths {share}"
        )
    return lines


def _skew(name: str, terms: list[dict[str, Any]]) -> list[str]:
    lines = [
        f"skew stickiness of {name}: 1 sticky strike, 0 sticky delta",
        f"  {'days to expiry':16}{'R':>7}{'95% interval':>18}{'skew':>8}{'implied_slope':>18}"
        f"{'explained later':>17}{'sticky strike':>15}",
    ]
    for term in terms:
        ratio, slope = term["ratio"], term["implied_slope"]
        bounds = f"{ratio['low']:.2f} to {ratio['high']:.2f}"
        lines.append(
            f"  {'{:g} to {:g}'.format(*term['days']):16}{ratio['value']:>7.2f}{bounds:>18}"
            f"{term['skew']:>8.3f}{slope['value']:>10.3f} +- {slope['error']:<5.3f}"
            f"{_share(term['explained']):>16}{_share(term['strike_explained']):>15}"
        )
    return lines


def _share(value: float | None) -> str:
    return "too few days" if value is None else f"{value:+.1%}"
