"""`seawall mechanism deviate`: what one account gains by leaving its rule."""

from __future__ import annotations

import json as json_format
from pathlib import Path
from typing import Annotated, Any

import typer

from seawall.cli import output
from seawall.cli.concert import WITH_HELP, study_case

VERDICTS = {"under": "under 1%", "gains": "GAINS 1% OR MORE", "undecided": "undecided"}


def deviate(
    folder: Annotated[
        Path | None, typer.Argument(metavar="CASE", help="Folder of a case; default: the sample.")
    ] = None,
    added: Annotated[str, typer.Option("--with", metavar="SLOTS", help=WITH_HELP)] = "",
    crowd: Annotated[
        int | None, typer.Option(min=0, help="Traders of the sample's crowd (without CASE).")
    ] = None,
    hours: Annotated[float, typer.Option(min=0.01, help="Horizon.")] = 4.0,
    paths: Annotated[int, typer.Option(min=4, help="Paths of each run.")] = 100,
    volatility: Annotated[
        float, typer.Option(min=0.01, help="Factor on the case's volatility.")
    ] = 1.0,
    seed: Annotated[int, typer.Option(min=0)] = 1,
    json: Annotated[bool, typer.Option("--json", help="JSON instead of a table.")] = False,
) -> None:
    """The best deviation of a small, a median and a large account from each rule in force."""
    from seawall.mechanism.deviation import deviation

    case = study_case(folder, added, crowd)
    found = deviation(
        case, horizon_seconds=hours * 3_600.0, paths=paths, seed=seed, volatility=volatility
    )
    output.say(json_format.dumps(found, indent=2) if json else table(found))


def table(found: dict[str, Any]) -> str:
    """The answer as lines of text."""
    lines = [
        f"{found['horizon_seconds'] / 3600:g} h, {found['paths']} paths, volatility x "
        f"{found['volatility']:g}; the best of a grid, chosen on even paths, measured on odd ones",
        f"{'venue':10}{'rule':9}{'who':11}{'equity':>12}  {'best deviation':24}{'gain':>8}"
        f"{'95% interval':>19}  {'verdict':17}{'closed':>7}{'change':>8}",
    ]
    for row in found["rules"]:
        gain = row["gain"]
        reach = f"{gain['low']:+.2%} to {gain['high']:+.2%}"
        lines.append(
            f"{row['venue']:10}{row['slot']:9}{row['who']:11}{row['equity']:12,.0f}  "
            f"{row['deviation']:24}{gain['value']:+8.2%}{reach:>19}  {VERDICTS[row['verdict']]:17}"
            f"{row['closed_by_rule']:7.1%}{row['closed_change']['value']:+8.1%}"
        )
    return "\n".join(lines)
