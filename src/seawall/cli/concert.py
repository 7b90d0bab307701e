"""`seawall mechanism concert`: what acting in concert adds to the same behaviour."""

from __future__ import annotations

import json as json_format
from pathlib import Path
from typing import Annotated, Any

import typer

from seawall.cli import output

WORDS = {
    "bad_debt": "bad debt, quote",
    "trough": "fall of the market price to its trough",
    "forced": "closed by force, quote",
    "sold_by_owners": "sold by owners, quote",
    "paid_in": "paid in by owners, quote",
    "withdrawn": "withdrawn by depositors, quote",
}
WITH_HELP = (
    "Add assumed behaviour: top_up, delever, stops, run, with commas between; default: the case's "
    "own alone."
)


def concert(
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
    """Independent and concerted behaviour on the same random numbers, with intervals."""
    from seawall.mechanism.concert import concert as compare

    case = study_case(folder, added, crowd)
    found = compare(
        case, horizon_seconds=hours * 3_600.0, paths=paths, seed=seed, volatility=volatility
    )
    output.say(json_format.dumps(found, indent=2) if json else table(found))


def study_case(folder: Path | None, added: str, crowd: int | None) -> Any:
    """The Case of a study: a folder or the sample, with assumed behaviour where asked for."""
    from seawall.casefile import load_case, sample_case
    from seawall.mechanism.behaving import with_assumed

    case = sample_case(crowd) if folder is None else load_case(folder)
    return with_assumed(case, [slot.strip() for slot in added.split(",") if slot.strip()])


def described(behaviour: dict[str, list[str]]) -> str:
    """Which venue has which behaviour, in words."""
    return "; ".join(f"{venue}: {', '.join(slots)}" for venue, slots in behaviour.items())


def table(found: dict[str, Any]) -> str:
    """The answer as lines of text."""
    worst = f"worst {1.0 - found['tail_level']:.1%}"
    lines = [
        f"{found['horizon_seconds'] / 3600:g} h, {found['paths']} paths, volatility x "
        f"{found['volatility']:g}, market {found['asset']}; 95% intervals by resampling paths",
        described(found["behaviour"]),
        f"{'':44}{'independent':>13}{'concerted':>13}{'difference':>13}   interval",
    ]
    for name, row in found["numbers"].items():
        plain = name.removesuffix("_tail")
        words = WORDS.get(plain, plain.replace("dre ", "DRE "))
        words = f"  {worst} of paths" if plain != name else words
        change = row["difference"]
        lines.append(
            f"{words:44}{row['independent']['value']:13,.4g}{row['concerted']['value']:13,.4g}"
            f"{change['value']:+13,.4g}   {change['low']:+,.4g} to {change['high']:+,.4g}"
        )
    return "\n".join(lines)
