"""The tables of the page: what dies first, who pays, the system, exits, limits, the remedy.

Each function turns the result into rows of text and the finding above them. None where the result
holds nothing for it; the template then leaves the section out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from seawall.report import charts, findings, loss_words, numbers
from seawall.report.findings import Result
from seawall.report.model_reach import model_reach
from seawall.report.verdict import driver

ROWS = 12

PAYER_NAMES = {
    "account": ("Desk’s own equity", "blue"),
    "fund": ("Insurance fund", "orange"),
    "backstop": ("Backstop vault", "sky"),
    "adl": ("ADL’d winners", "ink"),
    "socialised": ("Socialised loss", "slate"),
    "keeper": ("Keepers", "verm"),
}

KIND_WORDS = {
    "adl": "forced reduction (ADL)",
    "socialised": "socialised loss",
    "claims_lost": "claims lost",
    "loss_fraction": "loss above theta",
}


def kind_words(name: str) -> str:
    """The kind of impairment in the words of the page."""
    return KIND_WORDS.get(name) or findings.kind(name)


def first(result: Result) -> dict[str, Any] | None:
    """What dies first: rows with bars, and who leads."""
    rows = result["first_to_break"]
    if not rows:
        return None
    total = sum(row["probability"] or 0.0 for row in rows)
    by_account: dict[str, float] = {}
    for row in rows:
        by_account[row["account"]] = by_account.get(row["account"], 0.0) + (row["probability"] or 0)
    leader = max(by_account, key=lambda name: by_account[name])
    most = max((row["probability"] or 0.0 for row in rows), default=0.0) or 1.0
    share = by_account[leader] / total if total else 0.0
    finding = f"{leader} breaks first {_how_often(rows, leader, share)}"
    if all(row["probability"] == 0 for row in rows):
        nothing = "No plain path" if "rare" in result else "Nothing"
        finding = f"{nothing} breaks; {rows[0]['account']} is nearest"
    return {
        "finding": finding,
        "rows": [_break_row(row, most) for row in rows[:ROWS]],
        "more": max(0, len(rows) - ROWS),
        "rest": numbers.percent(sum(row["probability"] or 0.0 for row in rows[ROWS:])),
    }


FEW = 100  # below so many paths a share is told by counting them


def _how_often(rows: Sequence[Mapping[str, Any]], leader: str, share: float) -> str:
    """As "on 5 of 9 impaired paths"; as a percentage where there are many."""
    counts = [row.get("paths") for row in rows]
    seen = sum(count for count in counts if count is not None)
    if None in counts or seen >= FEW:
        return f"in {share:.0%} of the cases"
    own = sum(row["paths"] for row in rows if row["account"] == leader)
    if seen == 1:
        return "on the one impaired path"
    return f"on {'both' if own == seen == 2 else f'{own} of {seen}'} impaired paths"


def _break_row(row: Mapping[str, Any], most: float) -> dict[str, Any]:
    distance = row.get("distance") or {}
    price = row.get("liquidation_price")
    return {
        "account": row["account"],
        "leg": findings.leg(row),
        "kind": kind_words(row["kind"]),
        "chance": findings.break_chance(row),
        "width": f"{(row['probability'] or 0.0) / most * 100:.1f}",
        "price": f"{row.get('underlying') or ''} {numbers.price(price)}".strip()
        if numbers.known(price)
        else numbers.UNKNOWN,
        "distance": numbers.signed_percent(distance.get("fraction"), 1),
        "sigmas": numbers.sigmas(distance.get("daily_sigmas")),
    }


def payers(result: Result) -> list[tuple[str, str, float]]:
    """(key, name, amount) of each payer, loss > 0."""
    own = "Desk’s own equity" if findings.own_name(result) == "desk" else "Accounts’ own equity"
    rows = findings.payer_amounts(result.get("who_pays"), own)
    return [
        (key, own if key == "account" else PAYER_NAMES[key][0], amount) for key, _, amount in rows
    ]


def pays(result: Result) -> dict[str, Any]:
    """Who pays: the bar, the table and what falls on others."""
    rows, loss = payers(result), result.get("who_pays_loss")
    paid = sum(amount for _, _, amount in rows if amount > 0)
    nothing = not any(amount for _, _, amount in rows)
    scale, letter = numbers.money_scale([amount for _, _, amount in rows])
    slices = [
        charts.Slice(
            name, amount, PAYER_NAMES[key][1], amount / paid if paid and amount >= 0 else None
        )
        for key, name, amount in rows
    ]
    low, high = (result.get(f"who_pays_{end}") or {} for end in ("low", "high"))
    unconditional = findings.payers_total(result.get("who_pays_unconditional"))
    return {
        "finding": _pays_finding(rows, findings.own_name(result), "rare" in result),
        "nothing": nothing,
        "unit": f"{letter} {result['case']['quote']}".strip(),
        "chart": charts.stacked(slices, sum(amount for _, _, amount in rows))
        if not nothing
        else "",
        "rows": [
            {
                "key": s.colour,
                "name": s.name,
                "amount": numbers.scaled(s.amount, scale),
                "ends": numbers.scaled_interval(low.get(key), high.get(key), scale)
                if s.amount
                else "",
                "gain": s.amount < 0,
                "drawn": s.amount != 0,
                "share": "-" if s.share is None else share_text(s.share),
            }
            for s, (key, _, _) in zip(slices, rows, strict=True)
        ],
        "loss_ends": numbers.scaled_interval(
            result.get("who_pays_loss_low"), result.get("who_pays_loss_high"), scale
        ),
        "loss": numbers.scaled(loss, scale),
        "all_gain": loss_words.is_gain(loss),
        "why": loss_words.WHY_GAIN if loss_words.is_gain(loss) else "",
        "unconditional": loss_words.loss(unconditional),
    }


def _pays_finding(rows: list[tuple[str, str, float]], payer: str, rare: bool) -> str:
    """Who bears how much of what is paid, and who gains; a gain is nobody's share of the loss."""
    own = next((amount for key, _, amount in rows if key == "account"), 0.0)
    others = sum(amount for key, _, amount in rows if key != "account" and amount > 0)
    gain = -sum(amount for key, _, amount in rows if key != "account" and amount < 0)
    if own == 0 and others == 0 and gain == 0:
        return f"No {'plain ' if rare else ''}path is impaired, so nobody paid"
    plural = payer != "desk"
    if own < 0:
        finding = f"The {payer} {'gain' if plural else 'gains'} {numbers.money(-own)}"
    else:
        share = own / (own + others) if own + others > 0 else 0.0
        finding = f"The {payer} {'bear' if plural else 'bears'} {share_text(share)} of the loss"
    if others > 0:
        finding += f"; {numbers.money(others)} falls on others"
    return finding + (f"; {numbers.money(gain)} is gained by others" if gain > 0 else "")


def share_text(share: float) -> str:
    """A share as a whole percent; 100% and 0% only where it is exactly that."""
    if 0.0 < share < 0.01:
        return "<1%"
    return ">99%" if 0.99 < share < 1.0 else f"{share:.0%}"


def system(result: Result) -> dict[str, Any]:
    """Venue by venue what the system loses, and how it amplifies shocks."""
    whole = result.get("system") or {}
    venues = whole.get("venues") or {}
    names = list(venues)[:4]
    columns = [venues[name] for name in names] or [whole]
    empty = numbers.none_seen(result["paths"])
    lines = [
        ("Expected bad debt", "bad_debt", "bad_debt_mean"),
        ("Protocol value at risk, 95%", "value_at_risk", "value_at_risk"),
        ("Liquidations at risk, 95%", "liquidations", "liquidations_at_risk"),
        ("Insurance fund", "fund", "fund"),
    ]
    rows = [
        (title, term, [_amount(column, key) for column in columns]) for title, term, key in lines
    ]
    ruins = [
        numbers.probability(column.get("fund_ruin_probability"), None, empty) for column in columns
    ]
    rows.append(("Fund ruin", "ruin", [(ruin, "") for ruin in ruins]))
    grids = whole.get("amplification") or {}
    shocks = sorted({g["shock"] for grid in grids.values() for g in grid}, reverse=True)[:6]
    return {
        "names": names or ["all venues"],
        "more": max(0, len(venues) - 4),
        "rows": [row for row in rows if any(cell != numbers.UNKNOWN for cell, _ in row[2])],
        "shocks": [numbers.signed_shock(shock) for shock in shocks],
        "ratios": [
            (asset, [numbers.ratio({g["shock"]: g["ratio"] for g in grid}.get(s)) for s in shocks])
            for asset, grid in list(grids.items())[:6]
        ],
    }


def _amount(column: Mapping[str, Any], key: str) -> tuple[str, str]:
    """An amount and the interval of mean bad debt; amounts at risk have theirs with the tail."""
    ends = findings.bad_debt_ends(column) if key == "bad_debt_mean" else ""
    return numbers.money(column.get(key)), ends


def slowest(result: Result) -> Mapping[str, Any] | None:
    """The leg that takes longest to close."""
    rows = [r for r in result.get("concentration") or [] if numbers.known(r["days_to_exit"])]
    return max(rows, key=lambda r: r["days_to_exit"]) if rows else None


def leaving(result: Result) -> dict[str, Any] | None:
    """Could it get out: concentration, slowest exit first."""
    rows = result.get("concentration") or []
    if not rows:
        return None
    row = slowest(result)
    finding = "No volume is known, so no time to exit"
    if row:
        finding = (
            f"{row['instrument']} is the slowest exit: {numbers.days(row['days_to_exit'])} "
            "days at a tenth of volume"
        )
    accounts = {r["account"] for r in rows}
    return {
        "finding": finding,
        "account": next(iter(accounts)) if len(accounts) == 1 else None,
        "rows": [
            {
                "account": r["account"],
                "instrument": r["instrument"],
                "side": r.get("side") or "",
                "notional": numbers.money(r["notional"]),
                "share": numbers.percent(r["open_interest_share"], 1),
                "depth": numbers.ratio(r["depth_multiple"], 1),
                "days": numbers.days(r["days_to_exit"]),
                "cost": numbers.money(r["exit_cost"]),
                "points": f"{r['exit_cost'] / r['notional'] * 1e4:.0f} bp"
                if numbers.known(r["exit_cost"]) and numbers.known(r["notional"]) and r["notional"]
                else "",
            }
            for r in rows[:ROWS]
        ],
        "more": max(0, len(rows) - ROWS),
    }


COUNTS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def _count(number: int) -> str:
    return COUNTS[number] if number < len(COUNTS) else str(number)


def limits(result: Result) -> dict[str, Any] | None:
    """Each limit with the share used; breached ones first."""
    rows = sorted(result["limits"], key=lambda row: not row["breached"])
    if not rows:
        return None
    states = [findings.limit_state(row) for row in rows]
    over, near = states.count("breached"), states.count("near")
    text = f"{_count(over)} limit{'' if over == 1 else 's'} of {_count(len(rows))} "
    text += f"{'is' if over == 1 else 'are'} breached"
    if over == 0:
        text = f"no limit of {_count(len(rows))} is breached"
        if len(rows) == 1:
            text = "the one limit is not breached"
    if near:
        more = "more " if over else ""
        text += f"; {_count(near)} {more}{'is' if near == 1 else 'are'} above 85%"
    if loose := states.count("not resolved"):
        text += f"; {_count(loose)} {'is' if loose == 1 else 'are'} not resolved by these paths"
    signs = {"breached": "▲", "no value": "?", "not resolved": "?"}
    return {
        "finding": text[:1].upper() + text[1:],
        "rows": [
            {
                "name": row["name"],
                "value": findings.why_no_value(result, row)
                if state == "no value"
                else findings.measure_value(row, "value"),
                "limit": ("at least " if row.get("bound") == "minimum" else "")
                + findings.measure_value(row, "limit"),
                "used": _used(findings.used(row)),
                "width": f"{min((findings.used(row) or 0.0) * 62.5, 100):.1f}",
                "state": state,
                "sign": signs.get(state, "✓"),
                "reach": _reach(model_reach(result, row)),
                "driver": driver(row),
            }
            for row, state in zip(rows, states, strict=True)
        ],
    }


def _reach(end: float | None) -> str:
    return "" if end is None else numbers.percent(end)


def _used(share: float | None) -> str:
    return "-" if share is None else f"{share:.0%}" if share < 99.99 else ">9999%"
