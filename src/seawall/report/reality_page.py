"""DRE against reality, and forced liquidations, as lines of the page of `seawall backtest`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

PEERS = {
    "normal_fitted": "normal first passage, volatility of the fitted stretch",
    "normal_current": "normal first passage, volatility of the moment",
    "frequency": "how often such accounts broke on the fitted stretch",
}


def lines_of(result: Mapping[str, Any]) -> list[str]:
    """Both blocks; nothing where the answer has none."""
    found: list[str] = []
    if "dre" in result:
        found += _dre(result["dre"])
    if "forced_liquidations" in result:
        found += _forced(result["forced_liquidations"])
    return found


def _dre(block: Mapping[str, Any]) -> list[str]:
    levers = ", ".join(f"{one:g}" for one in block["leverages"])
    lines = [
        "",
        "DRE against reality: accounts opened at every bar after the fitted part",
        f"  Leverage {levers}; long and short; for a week {block['most_for_a_week']:g} at most.",
        f"  Liquidation price by the first bracket of each coin on {block['venue']}.",
        "  Paths: windows of the fitted history at the volatility forecast now; label",
        f"  {block['label']}, feedback {block['feedback']}.",
    ]
    if block["defaults"]:
        lines += _wrapped("Not in that table, its strictest bracket: ", block["defaults"])
    if block["closes_alone"]:
        lines += _wrapped("No lows and highs, judged at closes: ", block["closes_alone"])
    if block["horizons"]:
        lines += _summary(block)
        for one in block["horizons"]:
            lines += _horizon(one)
    for one in block["left_out"]:
        lines.append(
            f"  Bars of {_length(one['bar_seconds'])}, {_length(one['horizon_seconds'])}: not "
            f"judged; {one['why']}."
        )
    return lines


def _wrapped(title: str, names: list[str]) -> list[str]:
    from textwrap import wrap

    return wrap(title + ", ".join(names) + ".", 78, initial_indent="  ", subsequent_indent="    ")


def _summary(block: Mapping[str, Any]) -> list[str]:
    lines = [
        "",
        "  Slope 1: chances neither too bold nor too timid. Brier skill above 0: better than",
        *(f"    {letter}  {words}" for letter, words in zip("abc", PEERS.values(), strict=True)),
        "  95% intervals in brackets: weeks resampled, all assets of a week together.",
        "",
        f"  {'bars':>6}{'horizon':>8}{'accounts':>11}{'said':>8}{'seen':>8}"
        f"{'slope':>8} {'':13}{'a':>7}{'b':>7}{'c':>7}",
    ]
    for one in block["horizons"]:
        first = f"{_length(one['bar_seconds']):>6}{_length(one['horizon_seconds']):>8}"
        lines.append(f"  {first}{_scores(one['joint'])}")
    if len(block["horizons"]) > 1:
        lines.append(f"  {'all':>14}{_scores(block['all'])}")
    return lines


def _scores(one: Mapping[str, Any]) -> str:
    skill = "".join(f"{_percent(one['brier_skill'][peer]['value']):>7}" for peer in PEERS)
    return (
        f"{one['accounts']:>11,}{one['said']:>8.2%}{one['seen']:>8.2%}"
        f"{_number(one['slope']['value']):>8} {_range(one['slope']):13}{skill}"
    )


def _horizon(one: Mapping[str, Any]) -> list[str]:
    fitted, judged, joint = one["fitted"], one["judged"], one["joint"]
    best = one["candidates"][0]
    others = "; ".join(f"{c['words']} {c['log_score']:.4f}" for c in one["candidates"][1:])
    weights = ", ".join(f"{name} {value:+.2f}" for name, value in one["weights"].items())
    lines = [
        "",
        f"  {_length(one['horizon_seconds'])} ahead, bars of {_length(one['bar_seconds'])}",
        f"    fitted on {fitted['from']} to {fitted['until']}: {one['windows']:,} windows,",
        f"    fitted again {one['fits'] - 1} times on what had passed;",
        f"    judged {judged['first']} to {judged['last']}, {joint['weeks']} weeks, "
        f"blocks of {one['block_weeks']}",
        f"    volatility: {best['words']} (log score {best['log_score']:.4f};",
        f"    {others})" if others else "    no other was tried)",
        f"    weights by half-life: {weights}",
        f"    intercept {_number(joint['intercept']['value'])} {_range(joint['intercept'])}; "
        f"sharpness {joint['sharpness']:.4f}; resolution {joint['resolution']:.4f}",
        "    Brier "
        + ", ".join(
            f"{name} {joint['brier'][key]:.4f}"
            for name, key in zip(("DRE", "a", "b", "c"), ("dre", *PEERS), strict=True)
        ),
        "    log   "
        + ", ".join(
            f"{name} {joint['log_score'][key]:.4f}"
            for name, key in zip(("DRE", "a", "b", "c"), ("dre", *PEERS), strict=True)
        ),
        "",
        f"    {'stated chance':>15}{'accounts':>11}{'said':>8}{'seen':>8}  95%",
    ]
    for row in joint["curve"]:
        bounds = f"{_edge(row['from'])} - {_edge(row['until'])}"
        inside = "" if row["low"] <= row["said"] <= row["high"] else "  said lies outside"
        interval = f"{row['low']:.2%} .. {row['high']:.2%}"
        lines.append(
            f"    {bounds:>15}{row['accounts']:>11,}{row['said']:>8.2%}{row['seen']:>8.2%}  "
            f"{interval:18}{inside}".rstrip()
        )
    return [*lines, *_assets(one["assets"])]


def _assets(rows: list[Mapping[str, Any]]) -> list[str]:
    lines = [
        "",
        f"    {'asset':12}{'said':>8}{'seen':>8}{'slope':>8} {'':13}{'a':>7}{'b':>7}{'c':>7}",
    ]
    for row in rows:
        skill = "".join(f"{_percent(row['brier_skill'][peer]['value']):>7}" for peer in PEERS)
        lines.append(
            f"    {row['asset'][:12]:12}{row['said']:>8.2%}{row['seen']:>8.2%}"
            f"{_number(row['slope']['value']):>8} {_range(row['slope']):13}{skill}"
        )
    holds = sum(_holds_one(row["slope"]) for row in rows)
    better = sum(
        all((row["brier_skill"][peer]["value"] or 0.0) > 0.0 for peer in PEERS) for row in rows
    )
    lines.append(
        f"    Of {len(rows)} assets: slope's interval contains 1 in {holds}; skill above 0 over "
        f"all three in {better}."
    )
    return lines


def _holds_one(slope: Mapping[str, float | None]) -> bool:
    low, high = slope["low"], slope["high"]
    return low is not None and high is not None and low <= 1.0 <= high


def _forced(block: Mapping[str, Any]) -> list[str]:
    if not block["assets"]:
        return []
    lines = [
        "",
        "Forced liquidations in a day, all dates of the files (no forecast)",
        f"  {'leverage':>10}{'long':>9}{'short':>9}{'days of assets':>17}",
    ]
    for row in block["leverage"]:
        lines.append(
            f"  {row['leverage']:>9g}x{row['long']:>9.2%}{row['short']:>9.2%}{row['days']:>17,.0f}"
        )
    lines += [
        "",
        f"  Margin that a day's adverse move passes in {block['called']:.0%} of days: by extreme "
        "value, by a",
        "  normal first passage, and as observed",
        f"  {'':14}{'long':^27}  {'short':^27}",
        f"  {'asset':14}{'extreme':>9}{'normal':>9}{'observed':>9}  "
        f"{'extreme':>9}{'normal':>9}{'observed':>9}",
    ]
    for row in block["assets"]:
        sides = [
            "".join(f"{row[side][key]:>9.1%}" for key in ("extreme_value", "normal", "observed"))
            for side in ("long", "short")
        ]
        lines.append(f"  {row['asset'][:13]:14}{'  '.join(sides)}")
    return lines


def _length(seconds: float) -> str:
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= size and seconds % size == 0:
            # A day is 24 h here: horizons of a run are said in hours up to two days.
            return "24h" if (unit, seconds) == ("d", 86_400) else f"{seconds // size:g}{unit}"
    return f"{seconds:g}s"


def _edge(value: float) -> str:
    return f"{100.0 * value:g}%"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{value:.1%}"


def _range(one: Mapping[str, float | None]) -> str:
    if one["low"] is None or one["high"] is None:
        return ""
    return f"[{one['low']:.2f} {one['high']:.2f}]"
