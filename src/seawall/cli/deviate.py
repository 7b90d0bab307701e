"""`seawall mechanism deviate`: what one account gains by leaving its rule."""

from __future__ import annotations

import json as json_format
from typing import Annotated, Any

import typer

from seawall.cli import check_options as ask
from seawall.cli import output
from seawall.cli import study_options as given

VERDICTS = {"under": "under 1%", "gains": "GAINS 1% OR MORE", "undecided": "undecided"}


def deviate(
    folder: ask.CaseFolder = None,
    added: given.Added = "",
    crowd: given.Crowd = None,
    horizon: ask.Horizon = "4h",
    paths: Annotated[int, typer.Option(metavar="N", min=4, help="Paths of each run.")] = 100,
    volatility: given.Volatility = 1.0,
    seed: ask.Seed = 1,
    json: given.Json = False,
    trust_mechanisms: ask.Trust = False,
) -> None:
    """The best deviation of a small, a median and a large account from each rule in force."""
    from seawall.mechanism.deviation import deviation

    case = given.study_case(folder, added, crowd, trust_mechanisms=trust_mechanisms)
    found = deviation(
        case,
        horizon_seconds=given.study_seconds(horizon),
        paths=paths,
        seed=seed,
        volatility=volatility,
    )
    page = table(found, output.width(), colour=output.colour())
    output.say(json_format.dumps(found, indent=2) if json else page)


def table(found: dict[str, Any], width: int = 100, *, colour: bool = False) -> str:
    """The answer as lines of text, none wider than ``width``."""
    from seawall.report import numbers
    from seawall.report.columns import clean
    from seawall.report.margin_page import column
    from seawall.report.study_page import reach, study_page

    rows = found["rules"]
    head = [
        f"{found['horizon_seconds'] / 3600:g} h, {found['paths']} paths, volatility x "
        f"{found['volatility']:g}; the best of a grid, chosen on even paths, measured on odd ones; "
        "gain: share of the equity at the start, with its 95% interval; closed: share of paths on "
        "which the account is closed by force, and how the deviation changes it"
    ]
    columns = [
        column("rule", rows, lambda r: f"{clean(r['venue'])} {r['slot']}", "l", wraps=True),
        column("who", rows, lambda r: r["who"], "l"),
        column("equity", rows, lambda r: numbers.money(r["equity"])),
        column("best deviation", rows, lambda r: r["deviation"], "l", wraps=True),
        column("gain", rows, lambda r: f"{r['gain']['value']:+.2%}"),
        column(
            "interval",
            rows,
            lambda r: reach(r["gain"]["low"], r["gain"]["high"], "+.2%"),
            "l",
            wraps=True,
        ),
        column("verdict", rows, lambda r: VERDICTS[r["verdict"]], "l", wraps=True),
        column("closed", rows, lambda r: f"{r['closed_by_rule']:.1%}"),
        column("change", rows, lambda r: f"{r['closed_change']['value']:+.1%}"),
    ]
    return study_page(head, columns, width=width, colour=colour)
