"""The remedies on the HTML page: a table, cheapest first, or why there is none."""

from __future__ import annotations

from markupsafe import Markup

from seawall.report import numbers, remedy_words
from seawall.report.findings import Result
from seawall.report.templates import Explain, Marks, filled


def remedy_part(result: Result, explain: Explain, marks: Marks) -> Markup:
    """What would bring DRE, and other limits, under their bounds, or why nothing was found."""
    rows = remedy_words.rows_of(result)
    note = result.get("remedy_note") or ""
    others = [remedy_words.limit_action(one) for one in result.get("limit_actions") or []]
    if not rows and not note and not others:
        return Markup("")
    quote = result["case"]["quote"]
    values = {
        "rows": [_cells(result, row, quote) for row in rows],
        "finding": remedy_words.finding(result) if rows else "",
        "under": f"Brings {rows[0].get('limit') or 'DRE'} under its limit." if rows else "",
        "caveat": remedy_words.caveat(result) if rows else "",
        "note": _first_up(note),
        "others": [_first_up(said) for said in others],
        "n": explain,
        "marks": marks,
    }
    return filled("remedy.html.jinja", values)


def _first_up(text: str) -> str:
    return text[:1].upper() + text[1:]


def _cells(result: Result, row: remedy_words.Row, quote: str) -> dict[str, str | bool]:
    state, style = remedy_words.state(row)
    return {
        "action": remedy_words.action(row),
        "after": remedy_words.after(row),
        "interval": numbers.interval(row.get("low_after"), row.get("high_after")),
        "cost": remedy_words.cost(row, quote),
        "takes": remedy_words.takes(row),
        "due": remedy_words.due(result, row),
        "state": state,
        "bad": style == "bad",
        "good": style == "",
    }
