"""`seawall shocks`: the worst that a grid of price and volatility moves does to each account."""

from __future__ import annotations

from typing import Annotated

import typer

from seawall.cli.margin import STDOUT, CasePath, JsonFile, deliver, load, target_of


def shocks(
    case: CasePath = None,
    spot: Annotated[
        str, typer.Option(metavar="LOW:HIGH:N", help="Moves of prices, N of them.")
    ] = "-30%:30%:7",
    volatility: Annotated[
        str, typer.Option(metavar="LOW:HIGH:N", help="Moves of every implied volatility.")
    ] = "-30%:60%:4",
    asset: Annotated[
        str, typer.Option(metavar="ASSET", help="The asset that moves; all but stable ones: all.")
    ] = "all",
    account: Annotated[
        str | None, typer.Option(metavar="NAME", help="One account, with its whole grid.")
    ] = None,
    desk: Annotated[
        str | None, typer.Option(metavar="OWNER", help="All accounts of one desk.")
    ] = None,
    crowd: Annotated[
        bool, typer.Option("--crowd", help="Also every account of the generated crowd.")
    ] = False,
    json: JsonFile = None,
) -> None:
    """Worst change of equity of every account over a grid of price and volatility moves.

    And which of the moves does it; with --account its change under each of them. Nobody trades and
    no time passes.

    Exit code 0: an answer. 1: none, and why.
    """
    target = target_of(json)
    question = load(case)

    from seawall.whatif.shocks_answer import parse_axis, shocks_answer

    result = shocks_answer(
        question,
        parse_axis(spot, "--spot"),
        parse_axis(volatility, "--volatility"),
        asset=asset,
        account=account,
        desk=desk,
        crowd=crowd,
    )

    from seawall.report import shocks_page

    deliver(result, shocks_page.render, target, to_stdout=json == STDOUT)
