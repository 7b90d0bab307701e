"""The terminal page of `seawall margin`: where each account stands, and what would end it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from seawall.report import numbers
from seawall.report.columns import Column, Line, Span, clean, paint, rule, table, wrap
from seawall.report.derivation import tree
from seawall.report.venues_section import exact_section, venues_section

Result = Mapping[str, Any]
LABEL = 12
ROWS = 24  # positions of an account on the page; the JSON has all


def render(result: Result, width: int = 100, colour: bool = False) -> str:
    """The page for one answer of `seawall.whatif.margin_answer`, no line wider than ``width``."""
    width = max(1, width)
    lines = _verdict(result, width)
    for section in (
        _accounts,
        _positions,
        _surfaces,
        _cross,
        venues_section,
        exact_section,
        _workings,
        _notes,
    ):
        body = section(result, width)
        if body:
            lines += [(), *body]
    return paint(lines, width, colour)


def lead(label: Span, text: str, width: int) -> list[Line]:
    """A labelled line of the answer, wrapped under itself."""
    indent = LABEL if width >= 40 else 4
    start = label.text.ljust(indent) if len(label.text) < indent else label.text + " "
    rows = wrap(text, width, len(start), indent)
    first = (Span(start[: len(label.text)], label.style), Span(start[len(label.text) :]))
    return [(*first, Span(rows[0].lstrip())), *((Span(row),) for row in rows[1:])]


def column(
    title: str, rows: Sequence[Any], cell: Callable[[Any], str], align: str = "r", **more: Any
) -> Column:
    """A column of a table from rows and what each shows."""
    style = more.pop("style", "")
    return Column(title, [Span(cell(row), style) for row in rows], align, **more)


def where(threat: Mapping[str, Any] | None) -> str:
    """As "SOL 106.55", or a dash."""
    if threat is None or not numbers.known(threat.get("liquidation_price")):
        return "-"
    return f"{clean(threat['asset'])} {numbers.price(threat['liquidation_price'])}"


def away(threat: Mapping[str, Any] | None) -> str:
    """As "-10.0% 2.2σ", or a dash."""
    distance = (threat or {}).get("distance")
    if not distance:
        return "-"
    sigmas = distance.get("daily_sigmas") or None
    tail = f" {numbers.sigmas(sigmas)}σ" if numbers.known(sigmas) else ""
    return far(distance["fraction"]) + tail


def far(fraction: float | None) -> str:
    """A relative move, "now" for none at all; beyond ten times the price in multiples."""
    if fraction is None or not numbers.known(fraction):
        return "-"
    if fraction == 0.0:
        return "now"
    if fraction >= 9.995:
        return f"x{1 + fraction:,.0f}" if fraction < 1e6 else ">x1,000,000"
    return f"{fraction * 100:+.1f}%"


def nearest(account: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The threat fewest daily sigmas away."""
    known = [
        t for t in account["threats"] if t["distance"] and t["distance"]["daily_sigmas"] is not None
    ]
    return known[0] if known else None


def state_of(account: Mapping[str, Any]) -> tuple[str, str]:
    """A word for where an account stands, and its style."""
    if account["liquidatable"]:
        return "▲ BELOW", "bad"
    if account["equity"] < account["initial"]:
        return "< initial", "strong"
    return "ok", ""


def _verdict(result: Result, width: int) -> list[Line]:
    accounts = result["accounts"]
    below = [a for a in accounts if a["liquidatable"]]
    venues = len({a["venue"] for a in accounts})
    count = f"{len(accounts)} margin account{'s' * (len(accounts) != 1)}"
    count += f" at {venues} venue{'s' * (venues != 1)}"
    scope = clean(result["scope"])
    if below:
        names = ", ".join(clean(a["margin_account"]) for a in below[:3])
        more = f" and {len(below) - 3} more" if len(below) > 3 else ""
        sentence = f"{scope}: {count}; below maintenance margin: {names}{more}"
        lines = lead(Span("▲ BELOW", "bad"), sentence, width)
    else:
        sentence = f"{scope}: {count}, none below its maintenance margin"
        lines = lead(Span("■ OK", "good"), sentence, width)
    pairs = [(a, t) for a in accounts if (t := nearest(a)) is not None]
    if pairs:
        account, threat = min(pairs, key=lambda p: float(p[1]["distance"]["daily_sigmas"]))
        lines += lead(Span("  Nearest"), nearest_words(account["margin_account"], threat), width)
    case = result["case"]
    words = f"{clean(case['name'])}, {clean(numbers.moment(case['as_of']))}, amounts in "
    return lines + lead(Span("  Case"), words + clean(case["quote"]), width)


def nearest_words(account: str, threat: Mapping[str, Any]) -> str:
    """Which account dies first, by which leg, where and how far away."""
    words = f"{clean(account)}, by its {clean(threat['leg'])} {clean(threat['side'])}: "
    if threat["distance"]["fraction"] == 0.0:
        return words + f"liquidatable at {where(threat)}, the present price"
    sigmas = numbers.sigmas(threat["distance"]["daily_sigmas"])
    return (
        words + f"{where(threat)} is {far(threat['distance']['fraction'])}, {sigmas} daily sigmas"
    )


def account_columns(rows: Sequence[Mapping[str, Any]]) -> list[Column]:
    """The columns that every table of margin accounts has."""
    states = [state_of(r) for r in rows]
    return [
        column("account", rows, lambda r: clean(r["margin_account"]), "l", flexible=True),
        column("venue", rows, lambda r: clean(r["venue"]), "l", flexible=True, drop=3),
        column("equity", rows, lambda r: numbers.money(r["equity"])),
        column("initial", rows, lambda r: numbers.money(r["initial"])),
        column("maint.", rows, lambda r: numbers.money(r["maintenance"])),
        column("ratio", rows, lambda r: numbers.ratio(r["ratio"]), drop=1),
        column("buffer", rows, lambda r: numbers.money(r["buffer"])),
        column("liq price", rows, lambda r: where(nearest(r))),
        column("distance", rows, lambda r: away(nearest(r))),
        Column("", [Span(text, style) for text, style in states]),
    ]


def _accounts(result: Result, width: int) -> list[Line]:
    rows = result["accounts"]
    if not rows:
        return [rule("Margin accounts", width), (Span("  none: the account holds nothing"),)]
    return [rule("Margin accounts", width), *table(account_columns(rows), width)]


def _positions(result: Result, width: int) -> list[Line]:
    """Every position with its liquidation price; only for one account, where it can be read."""
    if not str(result["scope"]).startswith("account:"):
        return []
    lines: list[Line] = []
    for account in result["accounts"]:
        rows = account["positions"]
        if not rows:
            continue
        title = f"Positions of {clean(account['margin_account'])}, nearest liquidation price first"
        ranked = sorted(rows, key=_rank)
        order = ranked[:ROWS]
        columns = [
            column("position", order, lambda r: clean(r["name"]), "l", flexible=True),
            column("size", order, lambda r: numbers.amount(r["size"])),
            column("price", order, lambda r: numbers.price(r["price"])),
            column("value", order, lambda r: numbers.money(r["value"])),
            column("liq price", order, lambda r: numbers.price(r["liquidation_price"])),
            column("distance", order, lambda r: far(r["distance"])),
        ]
        lines += [rule(title, width), *table(columns, width)]
        if len(ranked) > ROWS:
            lines.append((Span(f"  and {len(ranked) - ROWS:,} more in the JSON", "muted"),))
        note = (
            "one price moves, all others stay, so of a share (a staked token) its discount; "
            "options: price of the underlying, volatility stays (`seawall check` moves it too)"
        )
        lines += [(Span(text, "muted"),) for text in wrap(note, width)]
    return lines


def _rank(position: Mapping[str, Any]) -> tuple[float, float]:
    """Nearest liquidation price first, of equals the most valuable."""
    distance = position["distance"]
    return (float("inf") if distance is None else abs(distance), -abs(position["value"]))


def _surfaces(result: Result, width: int) -> list[Line]:
    lines: list[Line] = []
    for surface in result["surfaces"]:
        assets = ", ".join(clean(a) for a in surface["assets"])
        title = f"Liquidation surface of {clean(surface['account'])}: {assets} x volatility"
        lines += [rule(title, width), *_grid(surface, width)]
    return lines


def _grid(surface: Mapping[str, Any], width: int) -> list[Line]:
    """One row for every other volatility: its edges, and the line of the grid in blocks."""
    spot, volatility = surface["spot"], surface["volatility"]
    rows = range(0, len(volatility), 2)

    def edge(values: Sequence[float | None], v: int) -> str:
        value = values[v]
        return "-" if value is None else "now" if value == 1.0 else far(value - 1.0)

    def blocks(v: int) -> str:
        signs = ("█" if bad else "·" for bad in surface["liquidatable"][v])
        return "".join(signs)

    low, high = far(spot[0] - 1), far(spot[-1] - 1)
    room = len(spot) - len(low) - len(high)
    ends = f"{low}{'spot'.center(room)}{high}" if room > 4 else "spot"
    columns = [
        column("vol", rows, lambda v: far(volatility[v] - 1.0)),
        column("dies below", rows, lambda v: edge(surface["below"], v)),
        column("above", rows, lambda v: edge(surface["above"], v)),
        column(ends, rows, blocks, "l", drop=1),
    ]
    key = (
        "█ liquidatable  · not; every price of the assets and every implied volatility moves alike"
    )
    return [*table(columns, width), *((Span(text, "muted"),) for text in wrap(key, width))]


def _cross(result: Result, width: int) -> list[Line]:
    rows = result["cross"]
    if not rows:
        return []
    columns = [
        column("account", rows, lambda r: clean(r["account"]), "l", flexible=True),
        column("positions", rows, lambda r: str(r["positions"]), drop=1),
        column("maint. alone", rows, lambda r: numbers.money(r["maintenance_alone"])),
        column("together", rows, lambda r: numbers.money(r["maintenance_together"])),
        column("saved", rows, lambda r: numbers.money(_rounded(r, "maintenance"))),
        column("initial alone", rows, lambda r: numbers.money(r["initial_alone"])),
        column("together", rows, lambda r: numbers.money(r["initial_together"])),
        column("saved", rows, lambda r: numbers.money(_rounded(r, "initial"))),
    ]
    lines: list[Line] = [rule("Cross against isolated margin", width), *table(columns, width)]
    quote = clean(result["case"]["quote"])
    for row in rows:
        if row["saves_maintenance"]:
            continue
        said = f"{clean(row['account'])}: this rule adds positions up, so nothing is saved"
        if row["same_prices_equity"] is not None:
            said += (
                ", but collateral is shared: to keep every liquidation price where it is, isolated "
                f"margin would lock {numbers.money(row['same_prices_equity'])} {quote}; cross "
                f"margin does it with {numbers.money(row['equity'])}"
            )
        lines += [(Span(text),) for text in wrap(said, width)]
    return lines


def _rounded(row: Mapping[str, Any], kind: str) -> float:
    """The saving; the last bits of a sum are not one."""
    saved, alone = float(row[f"saved_{kind}"]), abs(float(row[f"{kind}_alone"]))
    return 0.0 if abs(saved) <= 1e-9 * max(alone, 1e-12) else saved


def _workings(result: Result, width: int) -> list[Line]:
    lines: list[Line] = []
    for entry in result["workings"]:
        title = f"Derivation of {clean(entry['account'])}, amounts in quote where no unit stands"
        if lines:
            lines.append(())
        lines += [rule(title, width), *tree(entry["working"], width)]
    return lines


def _notes(result: Result, width: int) -> list[Line]:
    """Which numbers are a preset's default, counted."""
    own = [(a["venue"], name) for a in result["accounts"] for name in a["defaults"]]
    own += [(v["venue"], name) for v in result["venues"] for name in v["defaults"]]
    if not own:
        return []
    venues: dict[str, list[str]] = {}
    for venue, name in own:
        venues.setdefault(venue, []).append(name)
    lines: list[Line] = [rule("Defaults used", width)]
    for venue, names in venues.items():
        distinct = list(dict.fromkeys(names))
        shown = ", ".join(clean(name) for name in distinct[:12])
        more = f" and {len(distinct) - 12} more" if len(distinct) > 12 else ""
        count = f"{len(distinct)} underlying{'s' * (len(distinct) != 1)}"
        said = f"{clean(venue)}: a default of its rulebook serves {count}: {shown}{more}"
        lines += [(Span(text),) for text in wrap(said, width, 2, 4)]
    return lines
