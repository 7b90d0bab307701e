"""`seawall greeks` on one page of a terminal: by underlying first, then where it comes from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from seawall.report import numbers
from seawall.report.columns import Column, Line, Span, clean, paint, rule, table, wrap

Row = Mapping[str, Any]

# (key, title): the trade's units, stated in the title.
COLUMNS = (
    ("delta", "delta"),
    ("gamma", "gamma 1%"),
    ("vega", "vega 1pt"),
    ("theta", "theta 1d"),
    ("vanna", "vanna 1pt"),
    ("volga", "volga 1pt"),
)
MOST_POSITIONS = 40
MOST_ASSETS = 15
MOST_PAIRS = 8
MOST_FITS = 3
READING = (
    "Cash in {quote}, coin in units of the asset (cash / spot). Delta: cash times a move of 100%. "
    "Gamma: change of delta for a move of 1%. Vega: a volatility point. Theta: a day. Vanna: "
    "change of delta for a point. Volga: change of vega for a point. All: every price that is not "
    "money moves together, cross-gammas included."
)


def render(result: Row, width: int = 100, colour: bool = False) -> str:
    """The terminal page for one result of `greeks_result` (docs/greeks.md).

    width   terminal cells; no line is wider, and tables fold where they do not fit
    colour  ANSI colours on; they repeat what a word or a sign already says

    Of a desk: its assets (the 15 of the largest cash delta or vega, the rest summed), its money,
    its accounts, positions (the 40 largest), cross-gammas and shares. The JSON has all rows.
    """
    width = max(1, width)
    lines = _head(result, width)
    scopes = list(result["scopes"])
    for place, scope in enumerate(scopes):
        if scope["scope"].startswith("account:") and place:
            continue
        lines += [(), *_scope(scope, _quote(result), width)]
        accounts = _accounts_of(scopes, place)
        if len(accounts) > 1:
            lines += [(), *_accounts(accounts, width)]
    lines += _positions(result["positions"], width)
    lines += _shares(result["balances"], width)
    lines += [(), *_closing(result, width)]
    return paint(lines, width, colour)


def _head(result: Row, width: int) -> list[Line]:
    case, smile = result["case"], result["smile"]
    when = numbers.moment(case["as_of"])
    about = (
        f"{clean(case['name'])}, {clean(when)}, money in {clean(case['quote'])}, "
        f"case {clean(case['hash'][:8])}"
    )
    said = [clean(smile["sentence"]), *_fits(smile["fits"])]
    return [*_said("Greeks", about, width), *_said("Smile", "; ".join(said), width)]


def _fits(fits: Sequence[Row]) -> list[str]:
    """The fitted smiles: each one where they are few, else their span by underlying."""
    if len(fits) <= MOST_FITS:
        return [
            f"{clean(fit['underlying'])} {clean(fit['expiry'][:10])}: {fit['level']:.1%} at the "
            f"money, skew {fit['skew']:+.3f}, ratio {fit['skew_stickiness']:.2f} "
            f"({fit['strikes']} strikes)"
            for fit in fits
        ]
    found = []
    for name in dict.fromkeys(fit["underlying"] for fit in fits):
        mine = [fit for fit in fits if fit["underlying"] == name]
        skew = sorted(fit["skew"] for fit in mine)
        ratio = sorted(fit["skew_stickiness"] for fit in mine)
        found.append(
            f"{clean(name)}, {len(mine)} expiries: skew {skew[0]:+.3f} to {skew[-1]:+.3f}, "
            f"ratio {ratio[0]:.2f} to {ratio[-1]:.2f}"
        )
    return found


def _said(label: str, text: str, width: int) -> list[Line]:
    """A labelled sentence, its further lines under the first."""
    first, *more = wrap(text, width, 8, 8) or [""]
    head = (Span(label.ljust(8), "strong"), Span(first.strip()))
    return [head, *((Span(part),) for part in more)]


def _quote(result: Row) -> str:
    return clean(result["case"]["quote"])


def _scope(scope: Row, quote: str, width: int) -> list[Line]:
    """The assets of one scope in coin and cash, its total, its money and its cross-gammas."""
    kind, name = scope["scope"].split(":", 1)
    title = f"{kind.capitalize()} {clean(name)}, worth {numbers.money(scope['value'])} {quote}"
    moving = sorted((row for row in scope["assets"] if not row["money"]), key=_weight)
    names, units, cells = [], [], []
    for row in moving[:MOST_ASSETS]:
        names += [clean(row["asset"]), ""]
        units += ["coin", "cash"]
        cells += [
            {key: row[key] for key, _ in COLUMNS},
            {key: row[f"{key}_cash"] for key, _ in COLUMNS},
        ]
    if rest := moving[MOST_ASSETS:]:
        names.append(f"{len(rest)} more")
        units.append("cash")
        cells.append({key: sum(row[f"{key}_cash"] for row in rest) for key, _ in COLUMNS})
    names.append("All")
    units.append("cash")
    cells.append({key: scope["total"][f"{key}_cash"] for key, _ in COLUMNS})
    lines = [
        rule(title, width),
        *_greeks_table([("asset", names), ("", units)], cells, width, strong=len(cells) - 1),
    ]
    lines += _money([row for row in scope["assets"] if row["money"]], width)
    return lines + _cross(scope, moving, width)


def _weight(row: Row) -> float:
    """Sorts the heaviest first: by cash delta, or by vega where a volatility moves 100 points."""
    return -max(abs(float(row["delta_cash"])), 100.0 * abs(float(row["vega_cash"])))


def _greeks_table(
    labels: Sequence[tuple[str, Sequence[str]]],
    cells: Sequence[Mapping[str, float]],
    width: int,
    strong: int = -1,
) -> list[Line]:
    """Label columns, then the six Greeks; ``strong`` is the number of an emphasised row."""
    columns = [
        Column(
            title,
            [Span(text, "strong" if n == strong else "") for n, text in enumerate(texts)],
            # Names stand left, what is counted beside them right.
            "r" if place and title else "l",
            flexible=place == 0,
        )
        for place, (title, texts) in enumerate(labels)
    ]
    for key, title in COLUMNS:
        spans = [
            Span(_amount(row[key]), "strong" if n == strong else "") for n, row in enumerate(cells)
        ]
        columns.append(Column(title, spans, "r"))
    return table(columns, width)


def _amount(value: float) -> str:
    """Three digits with their letter; nothing at all is a dot, so that numbers stand out."""
    return "." if value == 0.0 else numbers.money(value)


def _money(rows: Sequence[Row], width: int) -> list[Line]:
    """Money apart: what is held or owed, and what profits are paid in, each asset its own row."""
    if not rows:
        return []
    columns = [
        Column("money", [Span(clean(row["asset"])) for row in rows], flexible=True),
        Column("price", [Span(numbers.price(row["spot"])) for row in rows], "r"),
        Column("units", [Span(_amount(row["delta"])) for row in rows], "r"),
    ]
    for key, title in (("holding", "held or owed"), ("settlement", "paid in it")):
        cells = [Span(_amount(row["by_reason"][key])) for row in rows]
        columns.append(Column(title, cells, "r"))
    columns.append(Column("cash", [Span(_amount(row["delta_cash"])) for row in rows], "r"))
    return [(), *table(columns, width)]


def _cross(scope: Row, moving: Sequence[Row], width: int) -> list[Line]:
    """Cross-gammas between assets that are not money, and deltas that settlement brings."""
    names = {row["asset"] for row in moving}
    pairs = [row for row in scope["cross_gamma"] if names.issuperset(row["pair"])]
    said = [
        f"{' x '.join(map(clean, row['pair']))} {numbers.money(row['gamma_cash'])}"
        for row in pairs[:MOST_PAIRS]
    ]
    if len(pairs) > MOST_PAIRS:
        said.append(f"and {len(pairs) - MOST_PAIRS} smaller")
    paid = [
        f"{clean(row['asset'])} {numbers.money(row['by_reason']['settlement'])}"
        for row in moving
        if row["by_reason"]["settlement"] != 0.0
    ]
    lines: list[Line] = []
    if paid:
        text = "Of delta, profit paid in coin: " + ", ".join(paid)
        lines += [(Span(part),) for part in wrap(text, width)]
    if said:
        text = "Cross-gamma, cash for 1% of the other: " + ", ".join(said)
        lines += [(Span(part),) for part in wrap(text, width)]
    return lines


def _accounts_of(scopes: Sequence[Row], place: int) -> list[Row]:
    """The account scopes that follow a desk, up to the next desk."""
    found = []
    for scope in scopes[place + 1 :]:
        if not scope["scope"].startswith("account:"):
            break
        found.append(scope)
    return found


def _accounts(scopes: Sequence[Row], width: int) -> list[Line]:
    names = [clean(scope["scope"].removeprefix("account:")) for scope in scopes]
    worth = [numbers.money(scope["value"]) for scope in scopes]
    cells = [{key: scope["total"][f"{key}_cash"] for key, _ in COLUMNS} for scope in scopes]
    title = rule("Its accounts, cash over all prices but money", width)
    return [title, *_greeks_table([("account", names), ("worth", worth)], cells, width)]


def _positions(rows: Sequence[Row], width: int) -> list[Line]:
    if not rows:
        return []
    shown = sorted(rows, key=_weight)[:MOST_POSITIONS]
    title = "Positions, cash in their underlying"
    if len(rows) > len(shown):
        title += f": {len(shown)} of {len(rows)}, --json has them all"
    labels = [
        ("position", [clean(row["instrument"]) for row in shown]),
        ("size", [numbers.money(row["size"]) for row in shown]),
        ("coin delta", [numbers.money(row["delta"]) for row in shown]),
    ]
    cells = [{key: row[f"{key}_cash"] for key, _ in COLUMNS} for row in shown]
    return [(), rule(title, width), *_greeks_table(labels, cells, width)]


def _shares(rows: Sequence[Row], width: int) -> list[Line]:
    """Staked coins and shares held: the discount the market takes, and what is inside."""
    shares = [row for row in rows if row["discount"] is not None]
    if not shares:
        return []
    columns = [
        Column("share", [Span(clean(row["asset"])) for row in shares], flexible=True),
        Column("held", [Span(numbers.money(row["quantity"])) for row in shares], "r"),
        Column("value", [Span(numbers.money(row["value"])) for row in shares], "r"),
        Column("price", [Span(numbers.price(row["spot"])) for row in shares], "r"),
        Column("contents", [Span(numbers.price(row["worth"])) for row in shares], "r"),
        Column("market", [Span(f"{row['discount']:+.2%}") for row in shares], "r"),
        Column("theta 1d", [Span(_amount(row["theta_cash"])) for row in shares], "r"),
        Column("inside, in coin", [Span(_inside(row)) for row in shares], flexible=True),
    ]
    return [(), rule("Shares, looked through", width), *table(columns, width)]


def _inside(row: Row) -> str:
    return ", ".join(
        f"{clean(part['asset'])} {numbers.money(part['delta'])}" for part in row["exposures"]
    )


def _closing(result: Row, width: int) -> list[Line]:
    text = READING.format(quote=_quote(result)) + " Any word: seawall define NAME"
    return [rule("How to read it", width), *((Span(part),) for part in wrap(text, width))]
