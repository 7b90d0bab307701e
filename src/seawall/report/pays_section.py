"""Who pays on the terminal page: the payers' sum and bar, venues, amplification of shocks."""

from __future__ import annotations

from collections.abc import Sequence

from seawall.report import findings, loss_words, numbers
from seawall.report.columns import (
    Column,
    Line,
    Span,
    clean,
    column,
    lines_of,
    more,
    rule,
    table,
    with_marks,
    wrap,
)
from seawall.report.findings import Result
from seawall.report.sections import marks

VENUES = 4
BLOCKS = {
    "account": ("█", "blue"),
    "fund": ("▓", "orange"),
    "backstop": ("▒", "sky"),
    "others": ("░", "slate"),
}


def who_pays(result: Result, width: int) -> list[Line]:
    """Who bears the loss of an impaired path; then what each venue lost."""
    lines = _paid(result, width) + lines_of(wrap(_intervals(result), width))
    whole = findings.payers_total(result.get("who_pays_unconditional"))
    if numbers.known(whole) and whole:
        quote = clean(result["case"]["quote"])
        said = f"mean over all paths, impaired or not: {loss_words.loss(whole)} {quote}"
        lines += lines_of(wrap(said, width))
    return lines + _venues(result, width, with_ends=True)


def who_pays_in_short(result: Result, width: int) -> list[Line]:
    """The same without the mean over all paths; of the intervals the loss's, in the heading."""
    return _paid(result, width) + _venues(result, width, with_ends=False)


def _paid(result: Result, width: int) -> list[Line]:
    pays = findings.payer_amounts(result.get("who_pays"), findings.own_name(result))
    loss = result.get("who_pays_loss")
    quote = clean(result["case"]["quote"])
    scale, letter = numbers.money_scale([amount for _, _, amount in pays])
    unit = f"{letter} {quote}".strip()
    title = f"Who pays, mean per impaired path, {unit}"
    if ends := _ends(result, "who_pays_loss", scale):
        longer = f"{title}; loss 95% {ends}"
        title = longer if len(longer) <= width - 6 else title
    lines: list[Line] = [rule(title, width)]
    if not any(amount for _, _, amount in pays):
        none = "no plain path is impaired" if result.get("rare") else "no impaired path"
        lines += lines_of(wrap(f"{none}, so nobody paid", width))
    else:
        lines += lines_of(wrap(_sum_text(pays, loss, scale), width))
        lines += _stacked(pays, width)
    return lines


def _ends(result: Result, key: str, scale: float) -> str:
    low, high = (result.get(f"{key}_{end}") for end in ("low", "high"))
    return numbers.scaled_interval(low, high, scale)


def _intervals(result: Result) -> str:
    """The 95% interval of each payer's mean; nothing where nobody paid."""
    owner = findings.own_name(result)
    pays = findings.payer_amounts(result.get("who_pays"), owner)
    scale, _ = numbers.money_scale([amount for _, _, amount in pays])
    low, high = (result.get(f"who_pays_{end}") or {} for end in ("low", "high"))
    found = {
        name: numbers.scaled_interval(low.get(key), high.get(key), scale)
        for key, name, amount in pays
        if amount
    }
    said = [f"{name} {ends}".replace(" ", "\xa0") for name, ends in found.items() if ends]
    return f"95%: {', '.join(said)}" if said else ""


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
    return [tuple(spans), *lines_of(wrap(key, width), "muted")]


def _venues(result: Result, width: int, *, with_ends: bool) -> list[Line]:
    """Bad debt, what is at risk and ruin of each venue; the most bad debt first. Venues
    that say the same share a line. ``with_ends``: with the interval of bad debt.
    """
    system = result.get("system") or {}
    said: dict[str, list[str]] = {}
    venues = (system.get("venues") or {"all venues": system}).items()
    for name, row in sorted(venues, key=lambda one: -(one[1].get("bad_debt_mean") or 0.0)):
        ruin = numbers.probability(
            row.get("fund_ruin_probability"), None, numbers.none_seen(result["paths"])
        )
        debt_ends = findings.bad_debt_ends(row) if with_ends else ""
        text = (
            f"bad debt mean {numbers.money(row.get('bad_debt_mean'))}"
            f"{debt_ends and f' [{debt_ends}]'}, "
            f"value at risk {numbers.money(row.get('value_at_risk'))}, "
            f"liquidations at risk {numbers.money(row.get('liquidations_at_risk'))}, "
            f"fund ruin {ruin}"
        )
        said.setdefault(text, []).append(clean(name))
    lines: list[Line] = []
    for text, names in list(said.items())[:VENUES]:
        lines += lines_of(wrap(f"{_some(names)}: {text}", width, 2, 4))
    left = sum(len(names) for names in list(said.values())[VENUES:])
    lines += more(left, 0, " venues")
    return [*lines[:-1], with_marks(lines[-1], marks(result, "A5", "A7"), width)]


def _some(names: Sequence[str]) -> str:
    rest = len(names) - VENUES
    return ", ".join(names[:VENUES]) + (f" and {rest} more" if rest > 0 else "")


def amplification(result: Result, width: int) -> list[Line]:
    """How far one-step shocks to one asset alone go, asset by asset."""
    shocks = (result.get("system") or {}).get("amplification") or {}
    if not shocks:
        return []
    rows = list(shocks.items())
    columns = [column("asset", rows, lambda row: clean(row[0]), "l", flexible=True)]
    for n, one in enumerate(rows[0][1]):
        title = numbers.signed_shock(one["shock"])
        columns.append(Column(title, [Span(numbers.ratio(of[n]["ratio"])) for _, of in rows], "r"))
    title = "Amplification of a shock to one asset alone"
    lines = [rule(title, width), *table(columns, width)]
    return [*lines[:-1], with_marks(lines[-1], marks(result, "A5", "A7"), width)]
