"""`seawall mechanism attack`: what it costs to move a price, what that unlocks, what closes it."""

from __future__ import annotations

import json as json_format
import math
from collections.abc import Callable
from typing import Annotated, Any

import typer

from seawall.cli import check_options as ask
from seawall.cli import output


def attack(
    folder: ask.CaseFolder = None,
    share: Annotated[
        float,
        typer.Option(help="Of an instrument's open interest that one owner gets quietly."),
    ] = 0.1,
    capital: Annotated[
        float | None,
        typer.Option(help="Most that the attacker lays out, quote; default: no bound."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="JSON instead of a table.")] = False,
    trust_mechanisms: ask.Trust = False,
) -> None:
    """The best attack on each price of a case, against the depth from which on none pays."""
    from seawall.casefile import load_case, sample_case
    from seawall.mechanism.attack.study import attack as study

    case = sample_case() if folder is None else load_case(folder, trust_mechanisms=trust_mechanisms)
    found = study(case, share=share, capital=math.inf if capital is None else capital)
    page = table(found, output.width(), colour=output.colour())
    output.say(json_format.dumps(found, indent=2) if json else page)


def table(found: dict[str, Any], width: int = 100, *, colour: bool = False) -> str:
    """The answer as lines of text, none wider than ``width``."""
    import numpy as np

    from seawall.mechanism.attack.search import MOVES
    from seawall.report.columns import clean
    from seawall.report.margin_page import column
    from seawall.report.study_page import study_page

    rows = found["rows"]
    bound = "no bound" if found["capital"] is None else f"{found['capital']:,.4g}"
    head = (
        f"{found['pays']} of {len(rows)} attacks pay; amounts in {found['quote']}, "
        f"capital: {bound}, {found['open_interest_share']:.0%} of open interest held quietly"
    )

    def place(row: dict[str, Any]) -> str:
        return f"{clean(row['venue'])} {clean(row['asset'])} {row['direction']}"

    def of_plan(key: str, form: str, unit: str = "") -> Callable[[dict[str, Any]], str]:
        return lambda row: f"{row[key]:{form}}{unit}" if row["pays"] else "-"

    columns = [
        column("price", rows, place, "l", wraps=True),
        column("scheme", rows, lambda r: r["scheme"], "l"),
        column("move", rows, of_plan("move", "+.0%")),
        column("held", rows, of_plan("hold_seconds", ",.0f", " s")),
        column("cost", rows, of_plan("cost", ".3g")),
        column("gain", rows, of_plan("gain", ".3g")),
        column("net", rows, lambda r: f"{r['net']:.3g}" if r["pays"] else "none pays"),
        column("break-even", rows, _edge, "l", wraps=True),
    ]
    pays = [row for row in rows if row["pays"]]
    foot = ["What closes each that pays, alone:"] if pays else []
    foot += [f"  {place(row)}, {row['scheme']}: {_closed(row['closed_by'])}" for row in pays]
    if any(_at_the_end(row["move"]) for row in pays):
        foot.append(
            f"{np.expm1(MOVES[-1]):+.0%} and {np.expm1(-MOVES[-1]):+.0%} are the largest moves "
            "searched: a larger one may pay more, and how a market takes it is a guess."
        )
    return study_page([head], columns, foot, width=width, colour=colour)


def _at_the_end(move: float) -> bool:
    """Whether a move is the largest that the search tries, up or down."""
    from seawall.mechanism.attack.search import MOVES

    return abs(math.log1p(move)) > float(MOVES[-1]) - 1e-9


def _edge(row: dict[str, Any]) -> str:
    edge = row["break_even_depth"]
    return "never pays" if edge is None else f"{edge / row['depth']:.2g} x depth"


def _closed(by: dict[str, float | None]) -> str:
    """What closes an attack, in words; each alone."""
    parts = []
    if by["window_seconds"] is not None:
        parts.append(f"an average over {by['window_seconds']:,.0f} s")
    if by["sources"] is not None:
        parts.append(f"a median of {by['sources']:.0f} such sources")
    if by["cap_per_hour"] is not None:
        parts.append(f"a cap of {by['cap_per_hour']:.2g} per hour")
    if by["size_cap"] is not None:
        parts.append(f"a size of {by['size_cap']:,.3g} at most")
    return ", or ".join(parts)
