"""`seawall mechanism concert`: what acting in concert adds to the same behaviour."""

from __future__ import annotations

import json as json_format
from pathlib import Path
from typing import Annotated, Any

import typer

from seawall.cli import check_options as ask
from seawall.cli import output
from seawall.cli.duration import seconds
from seawall.foundation.errors import InputError

LONGEST = 3650 * 86_400.0
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
    folder: ask.CaseFolder = None,
    added: Annotated[str, typer.Option("--with", metavar="SLOTS", help=WITH_HELP)] = "",
    crowd: Annotated[
        int | None,
        typer.Option(metavar="N", min=0, help="Traders of the bundled crowd (without CASE)."),
    ] = None,
    horizon: ask.Horizon = "24h",
    paths: Annotated[
        int, typer.Option(metavar="N", min=2, help="Paths of each of the two runs.")
    ] = 400,
    volatility: Annotated[
        float,
        typer.Option(metavar="X", min=0.01, max=1_000.0, help="Factor on the case's volatility."),
    ] = 1.0,
    seed: ask.Seed = 1,
    json: Annotated[bool, typer.Option("--json", help="JSON instead of a table.")] = False,
    trust_mechanisms: ask.Trust = False,
) -> None:
    """Independent and concerted behaviour on the same random numbers, with intervals."""
    from seawall.mechanism.concert import concert as compare

    case = study_case(folder, added, crowd, trust_mechanisms=trust_mechanisms)
    found = compare(
        case,
        horizon_seconds=study_seconds(horizon),
        paths=paths,
        seed=seed,
        volatility=volatility,
    )
    page = table(found, output.width(), colour=output.colour())
    output.say(json_format.dumps(found, indent=2) if json else page)


def study_case(
    folder: Path | None, added: str, crowd: int | None, *, trust_mechanisms: bool
) -> Any:
    """The Case of a study: a folder or the sample, with assumed behaviour where asked for."""
    from seawall.casefile import load_case, sample_case
    from seawall.mechanism.behaving import with_assumed

    case = (
        sample_case(crowd)
        if folder is None
        else load_case(folder, trust_mechanisms=trust_mechanisms)
    )
    return with_assumed(case, [slot.strip() for slot in added.split(",") if slot.strip()])


def study_seconds(horizon: str) -> float:
    """Seconds of ``--horizon``, at most ten years: longer paths would fill the memory first."""
    found = seconds(horizon, "--horizon")
    if found > LONGEST:
        raise InputError(f"{horizon!r} is longer than ten years", file="--horizon", expected="less")
    return found


def described(behaviour: dict[str, list[str]]) -> str:
    """Which venue has which behaviour, in words."""
    return "; ".join(f"{venue}: {', '.join(slots)}" for venue, slots in behaviour.items())


def table(found: dict[str, Any], width: int = 100, *, colour: bool = False) -> str:
    """The answer as lines of text, none wider than ``width``."""
    from seawall.report.margin_page import column
    from seawall.report.study_page import reach, study_page

    worst = f"  worst {1.0 - found['tail_level']:.1%} of paths"
    rows = []
    for name, row in found["numbers"].items():
        plain = name.removesuffix("_tail")
        words = WORDS.get(plain, plain.replace("dre ", "DRE "))
        rows.append((worst if plain != name else words, row))
    head = [
        f"{found['horizon_seconds'] / 3600:g} h, {found['paths']} paths, volatility x "
        f"{found['volatility']:g}, market {found['asset']}; 95% intervals by resampling paths",
        described(found["behaviour"]),
    ]
    columns = [
        column("", rows, lambda r: r[0], "l", wraps=True),
        column("independent", rows, lambda r: f"{r[1]['independent']['value']:,.4g}"),
        column("concerted", rows, lambda r: f"{r[1]['concerted']['value']:,.4g}"),
        column("difference", rows, lambda r: f"{r[1]['difference']['value']:+,.4g}"),
        column(
            "interval",
            rows,
            lambda r: reach(r[1]["difference"]["low"], r[1]["difference"]["high"]),
            "l",
            wraps=True,
        ),
    ]
    return study_page(head, columns, width=width, colour=colour)
