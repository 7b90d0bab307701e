"""The sections of the terminal page, each a function of the result and the width.

A section with nothing to say returns no lines, or the one sentence that says why.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from seawall.report import findings, loss_words, numbers
from seawall.report.columns import (
    Column,
    Line,
    Span,
    bar,
    beside,
    clean,
    fit,
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


def _text(lines: Sequence[str], style: str = "") -> list[Line]:
    return [(Span(line, style),) for line in lines]


def _more(count: int, shown: int, tail: str = "") -> list[Line]:
    return [(Span(f"  and {count - shown:,} more{tail}", "muted"),)] if count > shown else []


def _column(
    title: str, rows: Sequence[Any], cell: Callable[[Any], str], align: str = "r", **more: Any
) -> Column:
    style = more.pop("style", "")
    return Column(title, [Span(cell(row), style) for row in rows], align, **more)


def warnings(result: Result, width: int) -> list[Line]:
    """What the run could not do as asked, in its own sentences."""
    said = result.get("warnings") or []
    if not said:
        return []
    lines: list[Line] = [rule("Warnings", width)]
    for sentence in said[:ROWS]:
        lines += _text(wrap("! " + clean(sentence), width, 2, 4))
    return lines + _more(len(said), ROWS, " in the JSON")


def first_to_break(result: Result, width: int) -> list[Line]:
    """Which account breaks first, by which leg, where and how far away."""
    head, rows = findings.headline(result), result["first_to_break"]
    if not rows:
        return []
    shown = rows[:ROWS]
    most = max((row["probability"] or 0.0 for row in rows), default=0.0) or 1.0

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
        _column("account", shown, lambda r: clean(r["account"]), "l", flexible=True),
        _column("leg", shown, lambda r: clean(findings.leg(r)), "l", wraps=True),
        _column("kind", shown, lambda r: findings.kind(clean(r["kind"])), "l"),
        _column("prob", shown, findings.break_chance),
        _column(
            "", shown, lambda r: bar((r["probability"] or 0) / most, 10), "l", drop=1, style="blue"
        ),
        _column("liq price", shown, where),
        _column("distance", shown, away),
    ]
    rest = sum(row["probability"] or 0.0 for row in rows[ROWS:])
    # Of tilted paths it is not told which leg broke first.
    sums = "plain paths" if result.get("rare") else f"sums to {head.text}"
    return [
        rule(f"First to break in {head.horizon}, {sums}", width),
        *table(columns, width),
        *_more(len(rows), ROWS, f", {numbers.percent(rest)} together"),
    ]


def horizons(result: Result, width: int) -> list[Line]:
    """DRE and severity by horizon, beside the parts; then other scopes and other crowds."""
    head = findings.headline(result)
    left = _dre_table(result, head, width)
    right = parts_block(result, BAR)
    title = "DRE by horizon"
    split = max(50, *(width_of(line) + 3 for line in left))
    if right and width >= PAIRED and split + max(map(width_of, right)) <= width:
        lines = [_paired_rule(title, right[0][0].text, split, width)]
        lines += beside(left, right[1:], split)
    else:
        lines = [rule(title, width), *left]
        if right := parts_block(result, WIDE_BAR):
            lines += [(), rule(right[0][0].text, width), *((Span("  "), *row) for row in right[1:])]
            lines.append(())
    if why := loss_words.why(result["dre"]["scopes"].get(head.scope, {})):
        lines += _text(wrap(why, width))
    lines += _other_scopes(result, head, width)
    lines += _crowd(result, width)
    return lines


def _paired_rule(left: str, right: str, split: int, width: int) -> Line:
    first = rule(left, split - 1)
    second = rule(right, width - split + 3)
    return (*first, Span(" "), *second[1:])


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
        _column("", rows, lambda i: numbers.horizon(seconds[i]), "l"),
        _column("DRE", rows, chance),
        _column("model 95%", rows, model),
        _column(
            "mean loss", rows, lambda i: loss_words.loss(findings.at(entry, "expected_loss", i))
        ),
        _column(title, rows, lambda i: findings.shortfall(entry, i, len(levels) > 1)),
    ]
    return table(columns, width)


def _other_scopes(result: Result, head: findings.Headline, width: int) -> list[Line]:
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
        parts.append(f"{clean(words if own else name)}: {text}")
    start = clean(head.sentence or head.scope)
    extra = f"; and {len(parts) - 6} more scopes" if len(parts) > 6 else ""
    text = "; ".join([start, *parts[:6]]) + extra
    return _text(wrap(text, width))


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
    lines = _text(wrap(f"crowd leverage {names}: {' / '.join(values)}", width))
    return [*lines[:-1], with_marks(lines[-1], marks(result, "A4", "A7", "A10"), width)]


BLOCKS = {
    "account": ("█", "blue"),
    "fund": ("▓", "orange"),
    "backstop": ("▒", "sky"),
    "others": ("░", "slate"),
}


def who_pays(result: Result, width: int) -> list[Line]:
    """Who bears the loss of an impaired path; then what the system lost, and amplification."""
    pays = findings.payer_amounts(result.get("who_pays"), findings.own_name(result))
    loss = result.get("who_pays_loss")
    quote = clean(result["case"]["quote"])
    scale, letter = numbers.money_scale([amount for _, _, amount in pays])
    unit = f"{letter} {quote}".strip()
    lines: list[Line] = [rule(f"Who pays, mean per impaired path, {unit}", width)]
    if not any(amount for _, _, amount in pays):
        none = "no plain path is impaired" if result.get("rare") else "no impaired path"
        lines += _text(wrap(f"{none}, so nobody paid", width))
    else:
        lines += _text(wrap(_sum_text(pays, loss, scale), width))
        lines += _stacked(pays, width)
        whole = findings.payers_total(result.get("who_pays_unconditional"))
        if numbers.known(whole):
            said = f"mean over all paths, impaired or not: {loss_words.loss(whole)} {quote}"
            lines += _text(wrap(said, width))
    return lines + _system(result, width)


def _sum_text(pays: Sequence[tuple[str, str, float]], loss: float | None, scale: float) -> str:
    text = ""
    for _, name, amount in pays:
        sign = "-" if amount < 0 else "+"
        size = numbers.scaled(abs(amount), scale)
        text += f" {sign} {name}\xa0{size}" if text or amount < 0 else f"{name}\xa0{size}"
    whole = numbers.scaled(loss, scale)
    return f"{text.strip()} = " + (
        f"{whole},\xa0a\xa0gain" if loss_words.is_gain(loss) else f"loss\xa0{whole}"
    )


def _stacked(pays: Sequence[tuple[str, str, float]], width: int) -> list[Line]:
    shares: dict[str, float] = {}
    names: dict[str, str] = {}
    for key, name, amount in pays:
        group = key if key in BLOCKS else "others"
        if amount > 0 and key != "keeper":
            shares[group] = shares.get(group, 0.0) + amount
            names[group] = name if group == key else "other traders"
    whole = sum(shares.values())
    if whole <= 0:
        return []
    cells = min(48, max(8, width - 4))
    spans, legend, used = [Span("  ")], [], 0
    for group in [g for g in BLOCKS if g in shares]:
        size = max(1, round(shares[group] / whole * cells))
        size = min(size, cells - used)
        used += size
        sign, style = BLOCKS[group]
        spans.append(Span(sign * size, style))
        legend.append(f"{sign} {names[group]}".replace(" ", "\xa0"))
    key = "  ".join(legend)
    if 2 + cells + 3 + len(key) <= width:
        return [(*spans, Span(" " * (cells - used + 3)), Span(key, "muted"))]
    return [tuple(spans), *_text(wrap(key, width), "muted")]


def _system(result: Result, width: int) -> list[Line]:
    system = result.get("system") or {}
    venues = system.get("venues") or {"all venues": system}
    lines: list[Line] = []
    for name, row in list(venues.items())[:4]:
        ruin = numbers.probability(
            row.get("fund_ruin_probability"), None, numbers.none_seen(result["paths"])
        )
        text = (
            f"{clean(name)}: bad debt mean {numbers.money(row.get('bad_debt_mean'))}, "
            f"value at risk {numbers.money(row.get('value_at_risk'))}, "
            f"liquidations at risk {numbers.money(row.get('liquidations_at_risk'))}, "
            f"fund ruin {ruin}"
        )
        lines += _text(wrap(text, width, 2, 4))
    lines += _more(len(venues), 4, " venues")
    shocks = system.get("amplification") or {}
    for asset, grid in list(shocks.items())[:3]:
        steps = " \xa0".join(
            f"{numbers.signed_shock(g['shock'])}\xa0{numbers.ratio(g['ratio'])}" for g in grid
        )
        lines += _text(wrap(f"amplification of a {clean(asset)} shock: {steps}", width, 2, 4))
    lines += _more(len(shocks), 3, " assets")
    if lines:
        lines[-1] = with_marks(lines[-1], marks(result, "A5", "A7"), width)
    return lines


def concentration(result: Result, width: int) -> list[Line]:
    """Own size against open interest and depth, slowest exit first."""
    rows = result.get("concentration") or []
    if not rows:
        return []
    shown = rows[:ROWS]
    accounts = {row["account"] for row in rows}
    title = "Concentration"
    columns = []
    if len(accounts) == 1:
        title += f", {clean(next(iter(accounts)))}"
    else:
        columns = [_column("account", shown, lambda r: clean(r["account"]), "l", flexible=True)]
    columns += [
        _column("leg", shown, lambda r: clean(findings.leg(r)), "l", wraps=True),
        _column("notional", shown, lambda r: numbers.money(r["notional"])),
        _column("of OI", shown, lambda r: numbers.percent(r["open_interest_share"], 1)),
        _column("x depth 1%", shown, lambda r: numbers.ratio(r["depth_multiple"], 1)),
        _column("exit days", shown, lambda r: numbers.days(r["days_to_exit"])),
        _column("exit cost", shown, lambda r: numbers.money(r["exit_cost"])),
    ]
    return [rule(title, width), *table(columns, width), *_more(len(rows), ROWS, " legs")]


def limits(result: Result, width: int) -> list[Line]:
    """Each limit, how much of it is used, and its state in a word."""
    rows = result.get("limits") or []
    if not rows:
        return [rule("Limits", width), *_text(wrap("no limit is set in limits.toml", width))]
    ordered = sorted(rows, key=lambda row: not row["breached"])
    shown = ordered[: max(ROWS + 4, sum(row["breached"] for row in rows))]
    cells, over = (15, 8) if width >= PAIRED else (7, 3)
    words = {
        "breached": ("▲ BREACHED", "bad"),
        "no value": ("? no value", "strong"),
        "not resolved": ("? not resolved", "strong"),
    }

    def share(row: Mapping[str, Any]) -> str:
        part = findings.used(row)
        return numbers.UNKNOWN if part is None else f"{part:.0%}" if part < 99.99 else ">9999%"

    def gauge(row: Mapping[str, Any]) -> str:
        part = findings.used(row) or 0.0
        beyond = bar((part - 1) * cells / over, over) if part > 1 else ""
        return fit(bar(part, cells), cells) + ("┃" if part >= 1 else "│") + beyond

    def value(row: Mapping[str, Any]) -> str:
        if findings.limit_state(row) == "no value":
            return findings.why_no_value(result, row)
        return findings.measure_value(row, "value")

    def bound(row: Mapping[str, Any]) -> str:
        word = "min" if row.get("bound") == "minimum" else "of"
        return f"{word} {findings.measure_value(row, 'limit').rjust(7)}"

    states = [findings.limit_state(row) for row in shown]
    columns = [
        _column("", shown, lambda r: clean(r["name"]), "l", flexible=True),
        _column("", shown, value),
        _column("", shown, bound),
        _column("", shown, share),
        Column("", [Span(gauge(r), "bad" if r["breached"] else "slate") for r in shown], drop=1),
        Column("", [Span(*words.get(s, (s, ""))) for s in states]),
    ]
    return [rule("Limits", width), *table(columns, width), *_more(len(rows), len(shown), " limits")]
