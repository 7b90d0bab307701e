"""The terminal page of `seawall remedy`: the answer, then the list."""

from __future__ import annotations

from seawall.report import numbers, remedy_words
from seawall.report.columns import Line, Span, clean, paint, wrap
from seawall.report.remedy_section import remedies, verdict
from seawall.report.remedy_words import Result


def render(result: Result, width: int = 100, colour: bool = False) -> str:
    """The page for one answer of `seawall.exposure.remedy.answer`, no line wider than ``width``."""
    width = max(1, width)
    lines = _answer(result, width)
    body = remedies(result, width)
    if body:
        lines += [(), *body]
    lines += [(), *_certainty(result, width)] if remedy_words.rows_of(result) else []
    return paint(lines, width, colour)


def _answer(result: Result, width: int) -> list[Line]:
    """Is there anything to do, what, and on which paths."""
    rows = remedy_words.rows_of(result)
    breached = any(x["breached"] and x["scope"] == result["headline"] for x in result["limits"])
    sign, style = ("▲ BREACH", "bad") if breached else ("■ WITHIN", "good")
    lines = _labelled(sign, style, clean(verdict(result)), width)
    if rows:
        lines += _labelled("  Do", "", clean(remedy_words.finding(result)), width)
    elif breached:
        lines += _labelled("  Do", "", "no remedy was found; below is why", width)
    case = result["case"]
    said = (
        f"{clean(case['name'])}, {clean(numbers.moment(case['as_of']))}, amounts in "
        f"{clean(case['quote'])}, {result['paths']:,} paths of "
        f"{numbers.horizon(result['horizon_seconds'])}, seed {result['seed']}"
    )
    return lines + _labelled("  Case", "", said, width)


def _labelled(label: str, style: str, text: str, width: int) -> list[Line]:
    """A label and its text, further lines below the text."""
    start = 12
    first, *rest = wrap(text, width, start, start) or [""]
    head: Line = (Span(label.ljust(start), style), Span(first.strip()))
    return [head, *((Span(line if line.startswith(" ") else " " * start + line),) for line in rest)]


def _certainty(result: Result, width: int) -> list[Line]:
    """What certainty costs, and what the times are made of."""
    rows, quote, lines = remedy_words.rows_of(result), clean(result["case"]["quote"]), []
    first = rows[0]
    if numbers.known(first.get("cost_point")) and first["cost_point"] > 0:
        lines.append(
            f"Certainty: the smallest amount that passes on the estimate alone would cost "
            f"{numbers.money(first['cost_point'])} {quote} over the horizon instead of "
            f"{numbers.money(first['cost_horizon'])}; half of such amounts fail on fresh paths."
        )
    basis = dict.fromkeys(
        f"{remedy_words.takes(row)} is {row['lead_basis']}" for row in rows if row["lead_seconds"]
    )
    if basis:
        lines.append(f"Times: {'; '.join(clean(text) for text in basis)} (A14).")
    lines.append("Apply one: seawall remedy CASE --write DIR --action N, then seawall check DIR.")
    return [(Span(text, "muted"),) for line in lines for text in wrap(line, width, 2, 4)]
