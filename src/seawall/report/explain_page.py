"""The terminal page of `seawall explain`: the answer, then each path by cause and as a story."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from seawall.report import numbers
from seawall.report.columns import Column, Line, Span, bar, clean, paint, rule, table, wrap

Result = Mapping[str, Any]
# Causes below this share of the largest stand in one row.
SMALL = 0.01
LEGS = 5
WHY = {
    "worst": "the worst",
    "tail": "worse than 97.5% of paths",
    "typical": "the median impaired one",
    "impaired": "impaired",
    "asked for": "asked for",
}
PAYERS = {
    "account": "desk",
    "keeper": "keepers",
    "backstop": "vault",
    "fund": "fund",
    "adl": "ADL",
    "socialised": "others",
    "claims_lost": "claims lost",
    "open_deficit": "still open",
}
STANDING = "time alone, and what stood wrong at the start"


def render(result: Result, *, width: int = 100, colour: bool = False) -> str:
    """The page for one result of docs/explain.md, no line wider than ``width``."""
    width = max(1, width)
    lines = _answer(result, width)
    for one in result["explained"]:
        lines += [(), *_path(result, one, width)]
    if len(result["explained"]) > 1:
        lines += [(), *_across(result, width)]
    lines += [(), *_closing(result, width)]
    return paint(lines, width, colour)


def _text(text: str, width: int, style: str = "", indent: int = 2, hang: int = 4) -> list[Line]:
    return [(Span(row, style),) for row in wrap(clean(text), width, indent, hang)]


def _answer(result: Result, width: int) -> list[Line]:
    """What was lost on the first path and why; of how many paths."""
    scope, quote = result["scope"], result["case"]["quote"]
    horizon = numbers.horizon(result["horizon_seconds"])
    if not result["explained"]:
        said = f"No path of {scope} is impaired within {horizon} on {result['paths']:,} paths"
        return _text(f"{said}: nothing to explain.", width, "strong", 0, 2)
    first = result["explained"][0]
    which = f"path {first['path']}, {_why(first)}"
    if first["loss"] > 0.0:
        said = f"Of {numbers.money(first['loss'])} {quote} that {scope} loses within {horizon} on "
        said += f"{which}: {_shares(first)}."
    else:
        said = f"{scope} loses nothing within {horizon} on {which}."
    lines = _text(said, width, "strong", 0, 2)
    impaired = result["impaired_paths"]
    of = f"{impaired:,} of {result['paths']:,} paths are impaired within {horizon}"
    case = f"case {result['case']['name']}, {numbers.moment(result['as_of'])}"
    return lines + _text(f"{of}; {case}, seed {result['seed']}.", width)


def _why(one: Mapping[str, Any]) -> str:
    return " and ".join(WHY[word] for word in one["chosen_as"])


def _shares(one: Mapping[str, Any]) -> str:
    """The largest causes, standing among them, as shares of the loss; what reduced it after."""
    standing = {"name": STANDING.replace(",", ""), "loss": one["standing"]}
    rows = sorted([*one["causes"], standing], key=lambda row: -row["loss"])
    named = [row for row in rows if row["loss"] > 0.05 * one["loss"]][:4] or rows[:1]
    text = ", ".join(f"{row['name']} {row['loss'] / one['loss']:.0%}" for row in named)
    gains = [row for row in rows[::-1] if row["loss"] < -0.05 * one["loss"]][:2]
    if gains:
        text += "; less " + ", ".join(
            f"{row['name']} {-row['loss'] / one['loss']:.0%}" for row in gains
        )
    return text


def _path(result: Result, one: Mapping[str, Any], width: int) -> list[Line]:
    title = f"Path {one['path']}, {_why(one)}: {numbers.money(one['loss'])} lost"
    lines = [rule(title, width), *_causes(one, width)]
    if abs(one["together"]) > 0.05 * abs(one["loss"]):
        more = "more" if one["together"] > 0.0 else "less"
        said = (
            f"Together causes of the world lose {numbers.money(abs(one['together']))} {more} than"
        )
        said += " each alone, summed; that is shared evenly between those that do it."
        lines += _text(said, width, "muted")
    lines += _legs(one, width)
    others = {k: v for k, v in one["payers"].items() if k != "account" and abs(v) >= 0.5}
    if others:
        told = [f"{PAYERS[k]} {numbers.money(v)}" for k, v in others.items()]
        lines += _text(f"Borne by others (below 0: earned): {', '.join(told)}.", width)
    return lines + _story(result, one, width)


def _causes(one: Mapping[str, Any], width: int) -> list[Line]:
    rows = _large(one["causes"])
    whole = one["loss"]
    cells = [(row["name"], row["loss"], row.get("alone"), row.get("saved")) for row in rows] + [
        (STANDING, one["standing"], None, None),
        ("loss", whole, None, None),
    ]
    most = max((abs(cell[1]) for cell in cells), default=0.0) or 1.0

    def share(value: float) -> str:
        return f"{value / whole:.0%}" if whole > 0.0 else ""

    def money(value: float | None) -> str:
        return "" if value is None else numbers.money(value)

    columns = [
        Column("cause", [Span(clean(c[0])) for c in cells], wraps=True),
        Column("part", [Span(money(c[1])) for c in cells], "r"),
        Column("of loss", [Span(share(c[1])) for c in cells], "r"),
        Column("alone", [Span(money(c[2])) for c in cells], "r", drop=2),
        Column("less without it", [Span(money(c[3])) for c in cells], "r", drop=3),
        Column(
            "",
            [Span(bar(c[1] / most, 10), "slate" if c[0] == "loss" else "blue") for c in cells],
            drop=1,
        ),
    ]
    return table(columns, width)


def _large(rows: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Causes from the largest, and one row for those that are small; null ones are left out."""
    found = sorted((r for r in rows if r["loss"] != 0.0), key=lambda r: -abs(r["loss"]))
    most = abs(found[0]["loss"]) if found else 0.0
    large = [row for row in found if abs(row["loss"]) >= SMALL * most]
    small = [row for row in found if abs(row["loss"]) < SMALL * most]
    if len(small) > 1:
        part = sum(row["loss"] for row in small)
        return [*large, {"name": f"{len(small)} smaller causes", "loss": part}]
    return large + small


def _legs(one: Mapping[str, Any], width: int) -> list[Line]:
    """The same loss by leg, the largest first."""
    block = one["by_leg"]
    if not block or not block["legs"]:
        return []
    rows = sorted(block["legs"], key=lambda row: -abs(row["loss"]))
    told = [f"{row['leg']} {numbers.money(row['loss'])}" for row in rows[:LEGS]]
    rest = [row["loss"] for row in rows[LEGS:]]
    if rest:
        told.append(f"{len(rest)} other {'leg' if len(rest) == 1 else 'legs'} ")
        told[-1] += numbers.money(sum(rest))
    if abs(block["cash"]) >= 0.5:
        told.append(f"cash {numbers.money(block['cash'])}")
    return _text(f"By leg: {', '.join(told)}.", width)


def _story(result: Result, one: Mapping[str, Any], width: int) -> list[Line]:
    """What happened, in order."""
    story = one["story"]
    head = "Not impaired; what moved most for " + story["account"]
    if story["impaired"]:
        leg = f", by its {story['leg']}" if story["leg"] else ""
        where = f" of {story['account']}{leg}" if story["account"] else ""
        head = f"First impairment: {story['kind'].replace('_', ' ')}{where}"
    lines = _text(head + ".", width, "strong")
    for row in story["events"]:
        when = _clock(result["as_of"], row["seconds"])
        said = f"{when}  {row['account'] + ': ' if row['account'] else ''}{row['text']}"
        lines += _text(said, width, "", 4, 11)
    if story["more_events"]:
        lines += _text(f"and {story['more_events']:,} more events", width, "muted", 4)
    return lines


def _clock(as_of: str, seconds: float) -> str:
    """Time of day, and the date where it is another: "04:12" or "31 Jan 04:12"."""
    now, then = numbers.moment(as_of), numbers.moment(as_of, seconds)
    day = date.fromisoformat(then[:10])
    same = day == date.fromisoformat(now[:10])
    return then[11:16] if same else f"{day.day} {day:%b} {then[11:16]}"


def _across(result: Result, width: int) -> list[Line]:
    rows = [row for row in result["causes"] if row["mean_loss"] != 0.0]
    most = max((abs(row["mean_loss"]) for row in rows), default=0.0)
    rows = [row for row in rows if abs(row["mean_loss"]) >= SMALL * most]
    borne = [p for p in result["payers"] if any(abs(r["payers"][p]) >= 0.5 for r in rows)]
    columns = [
        Column("cause", [Span(clean(r["name"])) for r in rows], wraps=True),
        Column("mean", [Span(numbers.money(r["mean_loss"])) for r in rows], "r"),
        Column("of losses", [Span(_part(r["share"])) for r in rows], "r"),
        Column("largest on", [Span(f"{r['led']}" if r["led"] else "") for r in rows], "r"),
    ]
    for payer in borne:
        cells = [Span(numbers.money(r["payers"][payer])) for r in rows]
        columns.append(Column(PAYERS[payer], cells, "r", drop=1))
    title = f"Across these {len(result['explained'])} paths: causes, and who bears them, mean"
    return [rule(title, width), *table(columns, width)]


def _part(share: float | None) -> str:
    return "" if share is None else f"{share:.0%}"


def _closing(result: Result, width: int) -> list[Line]:
    """How it was made."""
    runs = sum(one["runs"] for one in result["explained"])
    said = (
        f"Each part is a Shapley value over reruns of the path with causes knocked out, {runs:,} "
    )
    said += "in all: causes of the world first, then what rules and other people's trades add. "
    said += (
        "Parts sum to the loss. Alone: what a cause brings by itself, before any response. Less "
    )
    said += "without it: by how much less is lost when it alone is missing."
    if result["not_knocked_out"]:
        said += f" Not knocked out: {', '.join(result['not_knocked_out'])}."
    return [rule("How it was computed", width), *_text(f"{said} A17", width, "muted", 2, 2)]
