"""`seawall mechanism hedging-gap`: delta hedging in a Case's market against the ideal."""

from __future__ import annotations

import json as json_format
from typing import Annotated, Any

import typer

from seawall.cli import check_options as ask
from seawall.cli import output
from seawall.foundation.errors import InputError


def hedging_gap(
    folder: ask.CaseFolder = None,
    asset: Annotated[str, typer.Option(help="Underlying of the calls that are sold.")] = "BTC",
    notional: Annotated[float, typer.Option(help="Calls on so much of it, quote.")] = 1e8,
    strike: Annotated[float, typer.Option(help="Strike over spot.")] = 1.0,
    days: Annotated[float, typer.Option(help="To expiry.")] = 30.0,
    steps: Annotated[int, typer.Option(min=1, help="Hedges until expiry.")] = 720,
    cost: Annotated[float, typer.Option(help="Fraction of the notional traded.")] = 0.0,
    band: Annotated[float, typer.Option(help="Fixed no-trade band, quote.")] = 0.0,
    risk_aversion: Annotated[
        float | None,
        typer.Option(help="Per quote: Whalley and Wilmott's band instead of a fixed one."),
    ] = None,
    paths: Annotated[int, typer.Option(min=2, help="Paths of each of the four runs.")] = 1000,
    seed: ask.Seed = 1,
    json: Annotated[bool, typer.Option("--json", help="JSON instead of a table.")] = False,
    trust_mechanisms: ask.Trust = False,
) -> None:
    """What is lost to discrete hedges, a band, costs, impact and depth that thins."""
    from seawall.casefile import load_case, sample_case
    from seawall.mechanism.hedging_gap import Hedge
    from seawall.mechanism.hedging_gap import hedging_gap as measure

    for name, value in (("--notional", notional), ("--strike", strike), ("--days", days)):
        if not value > 0.0:
            raise InputError(f"{value:g}", file=name, expected="a number above 0")
    case = sample_case() if folder is None else load_case(folder, trust_mechanisms=trust_mechanisms)
    hedge = Hedge(asset, notional, strike, days, steps, cost, band, risk_aversion)
    found = measure(case, hedge, paths=paths, seed=seed)
    page = table(found, output.width(), colour=output.colour())
    output.say(json_format.dumps(found, indent=2) if json else page)


def table(found: dict[str, Any], width: int = 100, *, colour: bool = False) -> str:
    """The answer as lines of text, none wider than ``width``."""
    from seawall.report.margin_page import column
    from seawall.report.study_page import reach, study_page

    depth = "infinite" if found["depth"] is None else f"{found['depth']:,.4g}"
    head = [
        f"Calls on {found['notional']:,.4g} of {found['asset']}, strike {found['strike']:,.6g}, "
        f"{found['days']:g} days, {found['steps']} hedges; depth {depth}, volatility "
        f"{found['volatility']:.0%}; {found['paths']} paths",
        f"premium {found['premium']:,.6g}; amounts in quote, gains > 0; 95% intervals by "
        "resampling paths",
    ]
    rows = list({**found["parts"], "gap": found["gap"]}.items())
    columns = [
        column("", rows, lambda r: r[0], "l"),
        column("mean", rows, lambda r: f"{r[1]['mean']['value']:+,.5g}"),
        column(
            "interval",
            rows,
            lambda r: reach(r[1]["mean"]["low"], r[1]["mean"]["high"], "+,.5g"),
            "l",
        ),
        column("deviation", rows, lambda r: f"{r[1]['deviation']['value']:,.5g}"),
    ]
    forms = found["closed_forms"]
    foot = (
        f"closed forms: deviation of discretisation {forms['discretisation_deviation']:,.5g}; "
        f"without a band mean cost {forms['cost_mean_without_band']:+,.5g}; impact that is gone "
        f"before the next hedge {forms['impact_mean_without_memory']:+,.5g}"
    )
    return study_page(head, columns, [foot], width=width, colour=colour)
