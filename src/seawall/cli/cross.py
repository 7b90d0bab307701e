"""`seawall mechanism cross`: one crowd on cross and on isolated margin."""

from __future__ import annotations

import json as json_format
from pathlib import Path
from typing import Annotated, Any

import typer

from seawall.cli import output
from seawall.cli.concert import WITH_HELP, study_case

WORDS = {
    "bad_debt": "bad debt, quote",
    "bad_debt_own": "  of it left by these accounts",
    "fund": "  paid by the fund",
    "backstop": "  paid by the vault",
    "adl": "  by deleveraged winners",
    "socialised": "  socialised",
    "accounts_loss": "loss of these accounts, quote",
    "forced": "closed by force, quote",
    "forced_own": "  of it these accounts",
}


def cross(
    folder: Annotated[
        Path | None, typer.Argument(metavar="CASE", help="Folder of a case; default: the sample.")
    ] = None,
    added: Annotated[str, typer.Option("--with", metavar="SLOTS", help=WITH_HELP)] = "",
    crowd: Annotated[
        int | None, typer.Option(min=0, help="Traders of the sample's crowd (without CASE).")
    ] = None,
    hours: Annotated[float, typer.Option(min=0.01, help="Horizon.")] = 24.0,
    paths: Annotated[int, typer.Option(min=2, help="Paths of each of the two runs.")] = 400,
    volatility: Annotated[
        float, typer.Option(min=0.01, help="Factor on the case's volatility.")
    ] = 1.0,
    seed: Annotated[int, typer.Option(min=0)] = 1,
    json: Annotated[bool, typer.Option("--json", help="JSON instead of a table.")] = False,
) -> None:
    """The same book cross and isolated on the same random numbers, with intervals."""
    from seawall.mechanism.cross_isolated import compare

    case = study_case(folder, added, crowd)
    found = compare(
        case, horizon_seconds=hours * 3_600.0, paths=paths, seed=seed, volatility=volatility
    )
    output.say(json_format.dumps(found, indent=2) if json else table(found))


def table(found: dict[str, Any]) -> str:
    """The answer as lines of text."""
    margin = found["margin"]
    worst = f"worst {1.0 - found['tail_level']:.1%} of paths"
    lines = [
        f"{found['accounts']:,} cross accounts with equity of {found['equity']:,.0f} split, "
        f"{found['left_as_they_are']:,} left as they are; "
        f"{found['horizon_seconds'] / 3600:g} h, {found['paths']} paths, volatility x "
        f"{found['volatility']:g}; 95% intervals by resampling paths",
        f"cross margin saves {margin['initial_saved']:,.0f} of {margin['initial_isolated']:,.0f} "
        f"initial and {margin['maintenance_saved']:,.0f} of {margin['maintenance_isolated']:,.0f} "
        "maintenance margin,",
        f"and {margin['equity_saved']:,.0f} of equity that isolated margin would lock besides to "
        "keep every liquidation price",
        f"{'':40}{'cross':>12}{'isolated':>12}{'cross adds':>13}   interval",
    ]
    for name, words in WORDS.items():
        for key, label in ((name, words), (f"{name}_tail", f"    {worst}")):
            row = found["numbers"][key]
            change = row["difference"]
            lines.append(
                f"{label:40}{row['cross']['value']:12,.4g}{row['isolated']['value']:12,.4g}"
                f"{change['value']:+13,.4g}   {change['low']:+,.4g} to {change['high']:+,.4g}"
            )
    return "\n".join(lines)
