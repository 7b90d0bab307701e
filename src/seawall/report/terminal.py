"""The answer on one page of a terminal: verdict first, then why, then what would help."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from seawall.report import findings, foot, numbers, sections
from seawall.report.columns import Line, Span, clean, lines_of, paint, rule, with_marks, wrap
from seawall.report.fewer_paths import fewer_paths
from seawall.report.findings import Result
from seawall.report.terminal_blocks import every_section, left_out, short_sections
from seawall.report.verdict import verdict as verdict_of

ANSWER = 12  # cells of the label column of the first lines


def render(result: Result, width: int = 100, colour: bool = False) -> str:
    """The terminal page of `seawall check` on one screen, for one result dict (docs/json.md).

    width   terminal cells; no line is wider. At 100 two blocks stand side by side, below that
            they follow each other; below about 60 tables become wrapped lines
    colour  ANSI colours on. They repeat what a word or a sign already says

    The verdict, DRE with both intervals, and the first to break are the first three lines where
    the width allows. A probability of which no path showed a case is printed as "<x%", x the upper
    end of its Wilson interval; an expected shortfall without paths enough is their number. The last
    line names the sections that `render_whole` has and this page has not.
    """
    bodies = [*short_sections(result, max(1, width)), _closing(result, max(1, width), "")]
    return _page(result, bodies, left_out(result), width, colour)


def render_whole(result: Result, width: int = 100, colour: bool = False) -> str:
    """The same with every section, row of a table and sentence about how a number was made."""
    bodies = [*every_section(result, max(1, width)), closing(result, max(1, width))]
    return _page(result, bodies, [], width, colour)


def _page(
    result: Result, bodies: Iterable[list[Line]], left: Sequence[str], width: int, colour: bool
) -> str:
    width = max(1, width)
    lines = answer(result, width)
    for body in bodies:
        lines += [(), *body]
    if left:
        said = f"Left out: {', '.join(left)}: --full or --html FILE"
        lines += lines_of(wrap(said, width), "strong")
    return paint(lines, width, colour)


def answer(result: Result, width: int) -> list[Line]:
    """The first lines: verdict, DRE with both intervals, first to break, the case."""
    verdict, head = verdict_of(result), findings.headline(result)
    style = {"breach": "bad", "within": "good"}.get(verdict.state, "strong")
    style = "strong" if verdict.reach else style
    sign = Span(f"{verdict.sign} {verdict.word}", style)
    sentence = clean(verdict.sentence)
    said, _, driver = sentence.partition(", driven by ")
    moved = len(_flow(sign, [said], width)) < len(_flow(sign, [sentence], width))
    sentence = said if moved else sentence
    beside = _flow(sign, [sentence, verdict.note], width)
    alone = _flow(sign, [sentence], width)
    # A bare count of limits is no answer: where it does not fit behind the verdict, it comes last.
    later = len(alone) < len(beside) and "without a value" not in verdict.note
    lines, last = (alone, [verdict.note]) if later else (beside, [])
    last = [*last, f"driven by {driver}"] if moved else last
    model = numbers.model_interval(head.model_low, head.model_high, head.high)
    pieces = [
        head.text,
        "model interval not computed" if model == numbers.UNKNOWN else f"model 95% {model}",
        f"simulation 95% {numbers.interval(head.low, head.high)}",
    ]
    dre = _flow(Span(f"  DRE {head.horizon}"), pieces, width)
    lines += _marked(dre, sections.marks(result, "A1", "A2", "A3", "A7"), width)
    full = _flow(Span("  First"), [_first(result, head)], width)
    short = _flow(Span("  First"), [_first(result, head).replace(" daily sigmas", "σ")], width)
    first = short if len(short) < len(full) else full
    lines += _marked(first, sections.marks(result, "A3", "A9"), width)
    return lines + _flow(Span("  Case"), [*_case(result), *last], width)


def _first(result: Result, head: findings.Headline) -> str:
    rows = result["first_to_break"]
    if not rows:
        if likeliest := findings.likeliest_scope(result):
            return f"{clean(likeliest[0])} breaks most often: {likeliest[1]} within {head.horizon}"
        return f"nothing breaks within {head.horizon} on any of {_paths(result)}"
    row = rows[0]
    text = clean(row["account"])
    if row.get("instrument"):  # claims on a venue that fails are lost with no leg of their own
        text += f", by its {clean(findings.leg(row))}"
    if row["probability"] == 0:
        none = "none of the plain paths" if result.get("rare") else "none"
        text = f"{none} breaks; nearest is {text}"
    if not numbers.known(row.get("liquidation_price")):
        return f"{text}: {findings.kind(row['kind'])}"
    text += f": {numbers.price(row['liquidation_price'])}"
    distance = row.get("distance") or {}
    if numbers.known(distance.get("fraction")):
        text += f" is {numbers.signed_percent(distance['fraction'], 1)}"
        if numbers.known(distance.get("daily_sigmas")):
            text += f", {numbers.sigmas(distance['daily_sigmas'])} daily sigmas"
    return text


def _paths(result: Result) -> str:
    return findings.paths_text(int(result["paths"]))


def _case(result: Result) -> list[str]:
    case = result["case"]
    headline = str(result["headline"])
    desks = case.get("desks") or []
    own = [d for d in desks if headline == f"desk:{d['owner']}"]
    equity = (own or [{}])[0].get("equity")
    when = numbers.moment(case["as_of"])
    words = [f"{clean(case['name'])}, {clean(when)}"]
    if numbers.known(equity):
        words[0] += f", {numbers.money(equity)} {clean(case['quote'])}"
    words[0] += f", {_paths(result)}"
    words.append(f"{case['accounts']:,} accounts, seed {result['seed']}")
    return words


def _flow(label: Span, pieces: Sequence[str], width: int) -> list[Line]:
    """A labelled line: pieces three cells apart, folded between pieces and then inside them."""
    indent = ANSWER if width >= 40 else 4
    start = label.text.ljust(indent)
    if len(label.text) >= indent:
        start = label.text + " "
    rows: list[str] = []
    for piece in pieces:
        if (
            rows
            and len(start if len(rows) == 1 else " " * indent) + _cells(rows[-1] + "   " + piece)
            <= width
        ):
            rows[-1] += "   " + piece
        else:
            rows.append(piece)
    lines: list[Line] = []
    for row in rows:
        first = len(start) if not lines else indent
        short = first + _cells(row) <= width
        for text in [" " * first + row] if short else wrap(row, width, first, indent):
            if lines:
                lines.append((Span(text),))
            else:
                lines.append(
                    (
                        Span(start[: len(label.text)], label.style),
                        Span(start[len(label.text) :]),
                        Span(text.lstrip()),
                    )
                )
    return lines


def _cells(text: str) -> int:
    from rich.cells import cell_len

    return cell_len(text)


def _marked(lines: list[Line], marks: str, width: int) -> list[Line]:
    return [*lines[:-1], with_marks(lines[-1], marks, width)]


def closing(result: Result, width: int) -> list[Line]:
    """The last lines: which run this was, how options were bounded, where numbers are explained."""
    return _closing(result, width, foot.option_bounds_short(result))


def _closing(result: Result, width: int, method: str) -> list[Line]:
    names: Mapping[str, Any] = result["case"]
    marks = result.get("assumptions") or []
    text = (
        f"Seawall {clean(result['version'])}, case {clean(str(names['hash'])[:8])}, "
        f"{result['steps']:,} steps of {numbers.horizon(result['step_seconds'])}. "
    )
    if marks:
        text += f"Assumptions {clean(' '.join(marks))}: docs/assumptions.md. "
    text += foot.mechanisms(result) + foot.ledger(result) + foot.rare(result)
    text += method + fewer_paths(result)
    text += "Any number: seawall define NAME"
    return [rule("How it was computed", width), *((Span(t),) for t in wrap(text, width))]
