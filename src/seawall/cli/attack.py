"""`seawall mechanism attack`: what it costs to move a price, what that unlocks, what closes it."""

from __future__ import annotations

import json as json_format
import math
from pathlib import Path
from typing import Annotated, Any

import typer

from seawall.cli import output


def attack(
    folder: Annotated[
        Path | None, typer.Argument(metavar="CASE", help="Folder of a case; default: the sample.")
    ] = None,
    share: Annotated[
        float,
        typer.Option(help="Of an instrument's open interest that one owner gets quietly."),
    ] = 0.1,
    capital: Annotated[
        float | None,
        typer.Option(help="Most that the attacker lays out, quote; default: no bound."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="JSON instead of a table.")] = False,
) -> None:
    """The best attack on each price of a case, against the depth from which on none pays."""
    from seawall.casefile import load_case, sample_case
    from seawall.mechanism.attack.study import attack as study

    case = sample_case() if folder is None else load_case(folder)
    found = study(case, share=share, capital=math.inf if capital is None else capital)
    output.say(json_format.dumps(found, indent=2) if json else table(found))


def table(found: dict[str, Any]) -> str:
    """The answer as lines of text."""
    rows = found["rows"]
    bound = "no bound" if found["capital"] is None else f"{found['capital']:,.4g}"
    lines = [
        f"{found['pays']} of {len(rows)} attacks pay; amounts in {found['quote']}, "
        f"capital: {bound}, {found['open_interest_share']:.0%} of open interest held quietly",
        f"{'price':22}{'scheme':10}{'move':>8}{'held':>10}{'cost':>10}{'gain':>10}{'net':>10}"
        f"{'break-even':>16}",
    ]
    for row in rows:
        place = f"{row['venue']} {row['asset']} {row['direction']}"
        edge = row["break_even_depth"]
        times = "never pays" if edge is None else f"{edge / row['depth']:.2g} x depth"
        plan = "none pays"
        if row["pays"]:
            plan = (
                f"{row['move']:+8.0%}{row['hold_seconds']:8,.0f} s{row['cost']:10.3g}"
                f"{row['gain']:10.3g}{row['net']:10.3g}"
            )
        lines.append(f"{place:22}{row['scheme']:10}{plan:>48}{times:>16}")
        if row["pays"]:
            lines.append("  closed by " + _closed(row["closed_by"]))
    return "\n".join(lines)


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
