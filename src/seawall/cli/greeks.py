"""`seawall greeks`: what a book gains and loses when prices, volatility and time move a little."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from seawall.cli import output
from seawall.foundation.errors import InputError

STDOUT = "-"
RULES = ("sticky_strike", "sticky_delta", "skew_stickiness")


def greeks(
    case: Annotated[
        Path | None,
        typer.Argument(metavar="CASE", help="Folder of the Case; without it, the bundled one."),
    ] = None,
    account: Annotated[
        str | None, typer.Option(metavar="A", help="One account, of any kind.")
    ] = None,
    desk: Annotated[
        str | None, typer.Option(metavar="D", help="One desk: all accounts of one owner.")
    ] = None,
    smile: Annotated[
        str,
        typer.Option(
            metavar="RULE",
            help="How volatility follows spot: sticky_strike, sticky_delta, skew_stickiness.",
        ),
    ] = "sticky_strike",
    ratio: Annotated[
        float | None,
        typer.Option(
            metavar="R",
            help="Skew-stickiness ratio; without it, from the Case's implied_slope.",
        ),
    ] = None,
    json: Annotated[
        str | None, typer.Option(metavar="FILE|-", help="Write the answer as JSON; - is stdout.")
    ] = None,
) -> None:
    """Delta, gamma, vega, theta, vanna, volga of desks, accounts and positions.

    In coin and in cash, by underlying and in total; shares are looked through, money stays apart.

    Exit code 0: an answer. 1: no answer, and why.
    """
    _refuse_contradictions(smile, account, desk)
    target = Path(json) if json is not None and json != STDOUT else None
    if target is not None:
        output.check_target(target, "--json")

    from seawall.casefile import load_case, sample_case
    from seawall.report import greeks_answer, greeks_page, jsonfile
    from seawall.valuation.smile import SmileRule

    question = sample_case() if case is None else load_case(case)
    result = greeks_answer.greeks_result(question, SmileRule(smile), account, desk, ratio)
    if target is not None:
        output.write_files({target: jsonfile.dumps(result)})
    if json == STDOUT:
        output.say_exactly(jsonfile.dumps(result))
    else:
        output.say(greeks_page.render(result, width=output.width(), colour=output.colour()))


def _refuse_contradictions(smile: str, account: str | None, desk: str | None) -> None:
    """Options that cannot be meant, before any file is read."""
    from seawall.foundation.quantity import choices

    if smile not in RULES:
        raise InputError(
            f"no smile rule is called {smile!r}", file="--smile", expected=choices(smile, RULES)
        )
    if account is not None and desk is not None:
        raise InputError(
            f"account {account} and desk {desk} are both given",
            file="--account",
            expected="one of the two",
        )
