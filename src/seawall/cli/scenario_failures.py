"""`seawall scenarios failures`: failures of a Case's counterparties, with fitted hazards."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from seawall.cli import output
from seawall.cli.backtest_incidents import AtRiskFile, IncidentFiles
from seawall.cli.check_options import CaseFolder
from seawall.cli.duration import seconds
from seawall.cli.margin import STDOUT, deliver, load, target_of
from seawall.foundation.errors import InputError


def failures(
    case: CaseFolder = None,
    incidents: IncidentFiles = None,
    at_risk: AtRiskFile = None,
    until: Annotated[
        str | None, typer.Option(metavar="DATE", help="Fit on months over by then; default: all.")
    ] = None,
    stablecoin: Annotated[
        list[str] | None,
        typer.Option(metavar="ASSET", help="Default: those of known names; repeatable."),
    ] = None,
    bridge: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=A,B", help="A bridge and the assets it issues; repeatable."),
    ] = None,
    common_share: Annotated[
        float, typer.Option(min=0.0, max=1.0, help="Share of hazards that is a common shock's.")
    ] = 0.1,
    wrong_way: Annotated[
        float, typer.Option(min=0.0, max=100.0, help="Hazard x exp(this x drawdown): a prior.")
    ] = 3.0,
    horizon: Annotated[str, typer.Option(metavar="TIME", help="Of the printed chances.")] = "7d",
    seed: Annotated[int, typer.Option(min=0)] = 1,
    write: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Add the tables at the end of this file, or make it."),
    ] = None,
    json: Annotated[
        str | None, typer.Option(metavar="FILE|-", help="Write the answer as JSON; - is stdout.")
    ] = None,
) -> None:
    """Print the failures of a Case's venues, stablecoins and bridges as tables for market.toml.

    Hazards of their kinds are fitted on dated incidents and a list of who was at risk.
    """
    target = target_of(json)
    if not incidents:
        raise InputError("no incidents", file="--incidents", expected="a CSV of dated incidents")
    if write is not None:
        output.check_target(write, "--write")
    day, length = _day(until), seconds(horizon, "--horizon")

    from seawall.exposure.counterparty.propose import Asked, propose
    from seawall.exposure.counterparty.written import appended
    from seawall.report import proposed_failures_page

    asked = Asked(common_share, wrong_way, length, seed, stablecoin, _bridges(bridge or []))
    result = propose(load(case), incidents, at_risk, day, asked)
    if write is not None:
        old = write.read_text("utf-8") if write.is_file() else ""
        output.write_files({write: appended(old, result["toml"], str(write))})
    deliver(result, proposed_failures_page.render, target, to_stdout=json == STDOUT)


def _day(text: str | None) -> date | None:
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError:
        raise InputError(
            f"{text!r} is no date", file="--until", expected="a date such as 2021-12-31"
        ) from None


def _bridges(texts: list[str]) -> dict[str, tuple[str, ...]]:
    found = {}
    for text in texts:
        name, _, assets = text.partition("=")
        names = tuple(part.strip() for part in assets.split(",") if part.strip())
        if not name.strip() or not names:
            raise InputError(f"{text!r} is no bridge", file="--bridge", expected="NAME=ASSET,ASSET")
        found[name.strip()] = names
    return found
