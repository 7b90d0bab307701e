"""The terminal page of `seawall collateral`: verdict, mix, what to move, what it rests on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from seawall.report import numbers
from seawall.report.columns import Line, Span, clean, paint, rule, table, wrap
from seawall.report.margin_page import column, lead

Result = Mapping[str, Any]
Rows = Sequence[Mapping[str, Any]]
PARTS = {
    "financing": "financing of what is posted",
    "depeg": "expected loss of broken pegs, posted or not",
    "conversion": "conversion, once",
    "new_money": "new money, beyond financing",
}


def render(result: Result, width: int = 100, colour: bool = False) -> str:
    """The page for one answer of `seawall.whatif.collateral`, no line wider than ``width``."""
    width = max(1, width)
    lines = _verdict(result, width)
    for section in (_mix, _moves, _cost, _states, _terms):
        body = section(result, width)
        if body:
            lines += [(), *body]
    return paint(lines, width, colour)


def _verdict(result: Result, width: int) -> list[Line]:
    scope, now, mix = clean(result["scope"]), result["now"], result["mix"]
    days, states = result["days"], len(result["states"])
    brought = sum(m["cost"] > 0.0 or m["from"] == "new money" for m in result["moves"])
    if now["holds"]:
        lines = lead(
            Span("■ OK", "good"),
            f"{scope}: collateral holds in all {states} states",
            width,
        )
    else:
        worst = max(now["short"], key=lambda s: float(s["amount"]))
        more = len(now["short"]) - 1
        others = f", and {more} more account{'s' * (more > 1)}" if more else ""
        said = (
            f"{scope}: {clean(worst['account'])} lacks {numbers.money(worst['amount'])} of "
            f"{worst['margin']} margin when {_state(worst['state'])}{others}"
        )
        lines = lead(Span("▲ SHORT", "bad"), said, width)
    cost, before = mix["cost"]["total"], now["cost"]["total"]
    words = f"costs {numbers.money(cost)} over {days:g} days, now {numbers.money(before)}; "
    words += f"{_holds(mix, states)}; {_gap(mix)}"
    lines += lead(Span("  Cheapest"), words, width)
    if brought:
        new = [m for m in result["moves"] if m["from"] == "new money"]
        amounts = ", ".join(f"{numbers.amount(m['amount'])} {clean(m['asset'])}" for m in new)
        if amounts:
            said = f"{amounts} that the desk does not have in these accounts or outside"
            lines += lead(Span("  New money"), said, width)
    case = result["case"]
    said = f"{clean(case['name'])}, {clean(numbers.moment(case['as_of']))}, amounts in "
    return lines + lead(Span("  Case"), said + clean(case["quote"]), width)


def _state(name: str) -> str:
    return "nothing moves" if name == "now" else clean(name)


def _holds(mix: Result, states: int) -> str:
    if mix["holds"]:
        return f"holds in all {states} states"
    worst = max(mix["short"], key=lambda s: float(s["amount"]))
    return (
        f"does NOT hold as a whole: {clean(worst['account'])} lacks "
        f"{numbers.money(worst['amount'])} when {_state(worst['state'])}"
    )


def _gap(mix: Result) -> str:
    """How much cheaper another mix could be."""
    total = max(float(mix["cost"]["total"]), 1e-12)
    share = float(mix["gap"]) / total
    if share < 1e-6:
        return "no other mix is cheaper by more than a millionth"
    return f"no mix is cheaper by more than {numbers.percent(share)}"


def _mix(result: Result, width: int) -> list[Line]:
    rows = [
        {**coin, "account": account["account"], "first": n == 0, "of": account}
        for account in result["accounts"]
        for n, coin in enumerate(account["collateral"] or [None])
        if coin is not None
    ]
    if not rows:
        return [rule("Collateral", width), (Span("  none is needed"),)]
    columns = [
        column("account", rows, lambda r: clean(r["account"]), "l", flexible=True),
        column("asset", rows, lambda r: clean(r["asset"]), "l"),
        column("now", rows, lambda r: numbers.amount(r["now"])),
        column("cheapest", rows, lambda r: numbers.amount(r["mix"])),
        column("change, quote", rows, _change),
        column("tightest state", rows, _tightest, "l", wraps=True, drop=1),
    ]
    lines = [rule("Collateral, in units", width), *table(columns, width)]
    outside = [o for o in result["outside"] if o["now"] or o["mix"]]
    if outside:
        words = ", ".join(
            f"{clean(o['asset'])} {numbers.amount(o['now'])} now, {numbers.amount(o['mix'])} then"
            for o in outside
        )
        lines += [(Span(t, "muted"),) for t in wrap(f"outside the accounts: {words}", width)]
    for row in result["left_out"]:
        said = f"{clean(row['account'])} stays as it is: {clean(row['why'])}"
        lines += [(Span(t, "muted"),) for t in wrap(said, width)]
    return lines


def _change(row: Mapping[str, Any]) -> str:
    change = (float(row["mix"]) - float(row["now"])) * float(row["price"])
    if abs(change) < 0.005:
        return "none"
    return ("+" if change > 0 else "") + numbers.money(change)


def _tightest(row: Mapping[str, Any]) -> str:
    account = row["of"]
    if not row["first"]:
        return ""
    return f"{_state(account['tightest'])}, {account['tightest_margin']}"


def _moves(result: Result, width: int) -> list[Line]:
    rows = result["moves"]
    if not rows:
        return [rule("What to move", width), (Span("  nothing: the collateral is the cheapest"),)]
    columns = [
        column("", rows, _what, "l", wraps=True),
        column("from", rows, lambda r: clean(r["from"]), "l", flexible=True),
        column("to", rows, lambda r: clean(r["to"]), "l", flexible=True),
        column("cost", rows, lambda r: numbers.money(r["cost"]) if r["cost"] else "-"),
    ]
    return [rule("What to move", width), *table(columns, width)]


def _what(row: Mapping[str, Any]) -> str:
    amount = f"{numbers.amount(row['amount'])} {clean(row['asset'])}"
    if row["into"] is None:
        return amount
    return f"{amount} into {numbers.amount(row['amount_into'])} {clean(row['into'])}"


def _cost(result: Result, width: int) -> list[Line]:
    now, mix = result["now"]["cost"], result["mix"]["cost"]
    rows = [key for key in PARTS if now[key] > 0.005 or mix[key] > 0.005] + ["total"]
    columns = [
        column("", rows, lambda k: PARTS.get(k, "together"), "l", wraps=True),
        column("now", rows, lambda k: numbers.money(now[k])),
        column("cheapest", rows, lambda k: numbers.money(mix[k])),
    ]
    days, quote = result["days"], clean(result["case"]["quote"])
    lines = [rule(f"Cost over {days:g} days, {quote}", width), *table(columns, width)]
    lines += [(Span(t, "muted"),) for bent in result["bent"] for t in wrap(_bent(bent), width)]
    return lines


def _bent(row: Mapping[str, Any]) -> str:
    """How a credit that is no line is counted."""
    where = f"{clean(row['asset'])} at {clean(row['account'])}"
    if row["concave"]:
        return (
            f"{where} counts for less the more there is of it: its curve is cut into straight "
            "pieces from below, and the bound is that of pieces from above"
        )
    return (
        f"what {where} counts for is neither a line nor bends one way: the mix counts it at a line "
        "below, and the bound at a line above"
    )


def _states(result: Result, width: int) -> list[Line]:
    first, *others = result["states"]
    names = "; ".join(_state(s["name"]) for s in others)
    said = f"initial margin when {_state(first['name'])}; maintenance margin when {names}"
    return [rule("States to hold in", width), *((Span(t),) for t in wrap(said, width))]


def _terms(result: Result, width: int) -> list[Line]:
    rows = result["terms"]
    columns = [
        column("asset", rows, lambda r: clean(r["asset"]), "l"),
        column("financing", rows, lambda r: numbers.percent(r["financing"])),
        column("conversion", rows, _conversion),
        column("peg breaks", rows, _peg, "l", drop=1),
        column("cap", rows, lambda r: "-" if r["cap"] is None else numbers.money(r["cap"]), drop=2),
        column("share", rows, lambda r: "-" if r["share"] == 1 else numbers.percent(r["share"])),
        column("outside", rows, lambda r: numbers.amount(r["wallet"]), drop=3),
    ]
    note = (
        "a year; costs and pegs are the desk's own terms or Seawall's defaults (A15), no venue's. "
        "A fee for each transfer is not in it"
    )
    lines = [rule("Terms", width), *table(columns, width)]
    return [*lines, *((Span(t, "muted"),) for t in wrap(note, width))]


def _conversion(row: Mapping[str, Any]) -> str:
    return numbers.percent(row["conversion"]) if row["converts"] else "stays"


def _peg(row: Mapping[str, Any]) -> str:
    if not row["depeg_size"]:
        return "-"
    chance = numbers.percent(row["depeg_probability"])
    return f"-{numbers.percent(row['depeg_size'])}, chance {chance}"
