"""Remedies in words: what to do, what it costs, when it must land and whether it can."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from seawall.report import numbers

Result = Mapping[str, Any]
Row = Mapping[str, Any]
NO_REMEDY = "No remedy"


def rows_of(result: Result) -> Sequence[Row]:
    """The remedies of a result, cheapest first; none where it has no remedy."""
    first = result.get("remedy")
    return (result.get("remedies") or [first]) if first else []


def action(row: Row) -> str:
    """All that is done: "add 620,000 USDC to harbour/perp-main"."""
    both = [row, row["then"]] if row.get("then") else [row]
    return ", and ".join(_one(part) for part in both)


def short(row: Row) -> str:
    """What is done, without where: "add 620,000 USDC"."""
    first = f"{_verb(row)} {quantity(row['amount'])} {row['asset']}"
    return f"{first} and one thing more" if row.get("then") else first


def quantity(value: float | None) -> str:
    """An amount to act on, in four digits that are never too small."""
    if value is None or not math.isfinite(value) or value <= 0:
        return numbers.amount(value)
    unit = 10.0 ** (math.floor(math.log10(value)) - 3)
    up = math.ceil(value / unit - 1e-9) * unit
    return numbers.amount(float(f"{up:.6g}"))


def _verb(row: Row) -> str:
    if row["action"] != "reduce":
        return str(row["action"])
    return "sell" if row.get("side") == "long" else "buy back"


def _one(row: Row) -> str:
    said = f"{_verb(row)} {quantity(row['amount'])} {row['asset']}"
    if row["action"] == "reduce":
        if numbers.known(row.get("amount_quote")):
            said += f" ({numbers.money(row['amount_quote'])})"
        return f"{said} in {row['account']}"
    if row["action"] == "move":
        said += f" from {row['source']} to {row['account']}"
    else:
        said += f" {'to' if row['action'] == 'add' else 'in'} {row['account']}"
    return f"{said}, for its {row['instrument']}" if row.get("instrument") else said


def cost(row: Row, quote: str) -> str:
    """What it costs, with its basis."""
    if not numbers.known(row.get("cost")):
        return "cost not known"
    if row["cost"] == 0:
        return "nothing"
    words = (numbers.money(row["cost"]), quote, row.get("cost_basis") or "")
    return " ".join(word for word in words if word)


def after(row: Row) -> str:
    """DRE with it in place as it lands."""
    landed = row.get("dre_landed")
    return numbers.percent(landed if numbers.known(landed) else row.get("dre_after"))


def due(result: Result, row: Row) -> str:
    """When it must have landed: "20:19 UTC"; without a deadline the end of the horizon."""
    seconds = row.get("deadline_seconds")
    if not numbers.known(seconds):
        return "the horizon"
    return numbers.deadline(result["case"]["as_of"], seconds)


def takes(row: Row) -> str:
    """How long it takes to land."""
    seconds = row.get("lead_seconds")
    if not numbers.known(seconds) or seconds is None:
        return numbers.UNKNOWN
    if seconds < 60.0:
        return "at once" if seconds < 1.0 else f"{seconds:.0f} s"
    minutes = math.ceil(seconds / 60.0)
    return f"{minutes // 60} h {minutes % 60:02d}" if minutes >= 60 else f"{minutes} min"


def state(row: Row) -> tuple[str, str]:
    """A word, and its style, on whether it can be relied on."""
    if row.get("in_time") is False:
        return "▲ too late", "bad"
    if row.get("sure") is False:
        return "not sure", "strong"
    return "in time", ""


def doubt(row: Row) -> str:
    """The same at the end of a sentence that recommends it; nothing where it can be relied on."""
    if row.get("in_time") is False:
        return ", but it lands too late"
    if row.get("sure") is False:
        return " by the estimate; its interval reaches over the limit"
    return ""


def finding(result: Result) -> str:
    """The first remedy as a sentence."""
    row = rows_of(result)[0]
    quote = result["case"]["quote"]
    text = action(row)
    return f"{text[:1].upper()}{text[1:]}: DRE {after(row)}, costs {cost(row, quote)}"


def caveat(result: Result) -> str:
    """What the states of the listed remedies mean, where any is not plain "in time"."""
    rows, said = rows_of(result), []
    if any(row.get("sure") is False for row in rows):
        said.append("Not sure: under the limit by the estimate, its interval reaches over it")
    if any(row.get("in_time") is False for row in rows):
        said.append("Too late: it takes longer than until its deadline")
    return ". ".join(said) + ("." if said else "")


def limit_action(entry: Row) -> str:
    """What brings another breached limit under, in a sentence."""
    sales = [
        f"{'sell' if sale['side'] == 'long' else 'buy back'} {quantity(sale['amount'])} "
        f"{sale['asset']} ({numbers.money(sale['amount_quote'])}) in {sale['account']}"
        for sale in entry["actions"]
    ]
    done = f"{', '.join(sales)}: " if sales else ""
    return f"{entry['limit']}: {done}{entry['sentence']}"
