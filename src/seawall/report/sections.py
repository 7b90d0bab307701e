"""The sections of the terminal page, each a function of the result and the width.

A section with nothing to say returns no lines, or the one sentence that says why.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from seawall.report import findings, loss_words, numbers
from seawall.report.columns import (
    Line,
    Span,
    bar,
    beside,
    clean,
    column,
    fit,
    lines_of,
    more,
    rule,
    table,
    width_of,
    with_marks,
    wrap,
)
from seawall.report.findings import Result
from seawall.report.parts_rows import parts_block

ROWS = 8  # rows of a long table before "and n more"
PAIRED = 96  # from this width on, two blocks stand side by side
BAR, WIDE_BAR = 6, 10  # cells of a part's bar on the right, and where it stands below


def marks(result: Result, *names: str) -> str:
    """The marks among ``names`` that this run rests on, as text."""
    stated = set(result.get("assumptions") or [])
    return " ".join(name for name in names if name in stated)


def warnings(result: Result, width: int, rows: int = ROWS) -> list[Line]:
    """What the run could not do as asked, in its own sentences, the most serious first."""
    said = result.get("warnings") or []
    if not said:
        return []
    lines: list[Line] = [rule("Warnings", width)]
    for sentence in said[:rows]:
        lines += lines_of(wrap("! " + clean(sentence), width, 2, 4))
    return lines + more(len(said), rows, " in the JSON")


def first_to_break(result: Result, width: int, most: int = ROWS) -> list[Line]:
    """Which account breaks first, by which leg, where and how far away."""
    head, rows = findings.headline(result), result["first_to_break"]
    if not rows:
        return []
    shown = rows[:most]
    largest = max((row["probability"] or 0.0 for row in rows), default=0.0) or 1.0

    def where(row: Mapping[str, Any]) -> str:
        if not numbers.known(row.get("liquidation_price")):
            return "-"
        return f"{clean(row.get('underlying') or '')} {numbers.price(row['liquidation_price'])}"

    def away(row: Mapping[str, Any]) -> str:
        distance = row.get("distance") or {}
        if not numbers.known(distance.get("fraction")):
            return "-"
        sigmas = distance.get("daily_sigmas")
        tail = f" {numbers.sigmas(sigmas)}σ" if numbers.known(sigmas) else ""
        return numbers.signed_percent(distance["fraction"], 1) + tail

    columns = [
        column("account", shown, lambda r: clean(r["account"]), "l", flexible=True),
        column("leg", shown, lambda r: clean(findings.leg(r)), "l", wraps=True),
        column("kind", shown, lambda r: findings.kind(clean(r["kind"])), "l"),
        column("prob", shown, findings.break_chance),
        column(
            "",
            shown,
            lambda r: bar((r["probability"] or 0) / largest, 10),
            "l",
            drop=1,
            style="blue",
        ),
        column("liq price", shown, where),
        column("distance", shown, away),
    ]
    rest = sum(row["probability"] or 0.0 for row in rows[most:])
    # Of tilted paths it is not told which leg broke first.
    sums = "plain paths" if result.get("rare") else f"sums to {head.text}"
    return [
        rule(f"First to break in {head.horizon}, {sums}", width),
        *table(columns, width),
        *more(len(rows), most, f", {numbers.percent(rest)} together"),
    ]


def horizons(result: Result, width: int) -> list[Line]:
    """DRE and severity by horizon, beside the parts; then other scopes and other crowds."""
    head = findings.headline(result)
    lines = _with_parts(result, _dre_table(result, head, width), [], width)
    entry = result["dre"]["scopes"].get(head.scope, {})
    seconds = result["dre"]["horizons_seconds"]
    known = [
        f"{numbers.horizon(seconds[i])} {ends}".replace(" ", "\xa0")
        for i in range(len(seconds))
        if (ends := loss_words.interval(entry, i))
    ]
    if known:
        lines += lines_of(wrap(f"mean loss 95%: {', '.join(known)}", width))
    if why := loss_words.why(entry):
        lines += lines_of(wrap(why, width))
    start = clean(head.sentence or head.scope)
    lines += lines_of(wrap("; ".join([start, *_other_scopes(result, head)]), width))
    return lines + _crowd(result, width)


def horizons_in_short(result: Result, width: int) -> list[Line]:
    """The same with the other scopes below the table of DRE, where there is room for them."""
    head = findings.headline(result)
    left = _dre_table(result, head, width)
    return _with_parts(result, left, _other_scopes(result, head), width) + _crowd(result, width)


def _with_parts(result: Result, left: list[Line], notes: Sequence[str], width: int) -> list[Line]:
    """The table of DRE with its notes, and the parts to its right; below it on a narrow page."""
    said, title = "; ".join(notes), "DRE by horizon"
    split = max(50, *(width_of(line) + 3 for line in left))
    room = width - split - max(map(width_of, parts_block(result, 0)), default=width)
    if room >= 0 and width >= PAIRED:
        right = parts_block(result, BAR if room >= BAR else 0)
        left = [*left, *lines_of(wrap(said, split - 2))]
        lines = [_paired_rule(title, right[0][0].text, split, width)]
        return [*lines, *beside(left, right[1:], split)]
    lines = [rule(title, width), *left, *lines_of(wrap(said, width))]
    if right := parts_block(result, WIDE_BAR):
        lines += [(), rule(right[0][0].text, width), *((Span("  "), *row) for row in right[1:])]
        lines.append(())
    return lines


def _paired_rule(left: str, right: str, split: int, width: int) -> Line:
    first, room = rule(left, split - 1), width - split
    second = fit(right, min(room, width_of(right)))
    rest = " " + "─" * max(0, room - 1 - width_of(second))
    return (*first, Span(" "), Span(second, "strong"), Span(rest, "muted"))


def _dre_table(result: Result, head: findings.Headline, width: int) -> list[Line]:
    entry = result["dre"]["scopes"].get(head.scope, {})
    seconds = result["dre"]["horizons_seconds"]
    rows = range(len(seconds))
    levels = findings.shortfall_levels(entry)
    title = f"ES {findings.level_text(levels[0])}" if len(levels) == 1 else "ES (level)"

    def chance(i: int) -> str:
        return numbers.probability(
            findings.at(entry, "probability", i),
            findings.at(entry, "impaired_paths", i),
            findings.at(entry, "high", i),
        )

    def model(i: int) -> str:
        ends = (findings.at(entry, key, i) for key in ("model_low", "model_high", "high"))
        return numbers.model_interval(*ends)

    columns = [
        column("", rows, lambda i: numbers.horizon(seconds[i]), "l"),
        column("DRE", rows, chance),
        column("model 95%", rows, model),
        column(
            "mean loss", rows, lambda i: loss_words.loss(findings.at(entry, "expected_loss", i))
        ),
        column(title, rows, lambda i: findings.shortfall(entry, i, len(levels) > 1)),
    ]
    return table(columns, width)


def _other_scopes(result: Result, head: findings.Headline) -> list[str]:
    """DRE of the other scopes at the headline's horizon, six of them and how many more."""
    parts = []
    for name, entry in result["dre"]["scopes"].items():
        if name == head.scope:
            continue
        text = numbers.probability(
            findings.at(entry, "probability", head.index),
            findings.at(entry, "impaired_paths", head.index),
            findings.at(entry, "high", head.index),
        )
        own = name == f"{head.scope}/loss"
        words = entry.get("sentence") or name
        parts.append(f"{clean(words if own else name)}: {text}".replace(": ", ":\xa0"))
    return [*parts[:6], *([f"and {len(parts) - 6} more scopes"] if len(parts) > 6 else [])]


def _crowd(result: Result, width: int) -> list[Line]:
    crowds = result.get("crowd_leverage")
    if not crowds:
        return []
    names = " / ".join(clean(name) for name in crowds)
    values = []
    for crowd in crowds.values():
        none = crowd["probability"] == 0
        text = numbers.probability(crowd["probability"], 0 if none else 1, crowd.get("high"))
        values.append(text)
    lines = lines_of(wrap(f"crowd leverage {names}: {' / '.join(values)}", width))
    return [*lines[:-1], with_marks(lines[-1], marks(result, "A4", "A7", "A10"), width)]


def concentration(result: Result, width: int, most: int = ROWS) -> list[Line]:
    """Own size against open interest and depth, slowest exit first."""
    rows = result.get("concentration") or []
    if not rows:
        return []
    shown = rows[:most]
    accounts = {row["account"] for row in rows}
    title = "Concentration"
    columns = []
    if len(accounts) == 1:
        title += f", {clean(next(iter(accounts)))}"
    else:
        columns = [column("account", shown, lambda r: clean(r["account"]), "l", flexible=True)]
    columns += [
        column("leg", shown, lambda r: clean(findings.leg(r)), "l", wraps=True),
        column("notional", shown, lambda r: numbers.money(r["notional"])),
        column("of OI", shown, lambda r: numbers.percent(r["open_interest_share"], 1)),
        column("x depth 1%", shown, lambda r: numbers.ratio(r["depth_multiple"], 1)),
        column("exit days", shown, lambda r: numbers.days(r["days_to_exit"])),
        column("exit cost", shown, lambda r: numbers.money(r["exit_cost"])),
    ]
    return [rule(title, width), *table(columns, width), *more(len(rows), most, " legs")]
