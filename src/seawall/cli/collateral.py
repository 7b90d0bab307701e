"""`seawall collateral`: the cheapest collateral that holds in every state, and what to move."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from seawall.cli.cash import keep, tell
from seawall.cli.margin import STDOUT, CasePath, JsonFile, deliver, load, target_of
from seawall.foundation.errors import InputError


def collateral(
    case: CasePath = None,
    account: Annotated[
        str | None, typer.Option(metavar="NAME", help="One account; the others stay as they are.")
    ] = None,
    desk: Annotated[
        str | None, typer.Option(metavar="OWNER", help="All accounts of one desk.")
    ] = None,
    shock: Annotated[
        list[str] | None,
        typer.Option(
            metavar="MOVES",
            help="A state to hold in, such as BTC=-30%,vol=+40%. Repeatable; without it all=-20% "
            "and all=+20%. Each also with every peg broken in turn.",
        ),
    ] = None,
    terms: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Costs, caps, pegs and what lies outside, by asset."),
    ] = None,
    days: Annotated[
        float | None, typer.Option(metavar="N", help="How long the mix is held; 30 by default.")
    ] = None,
    write: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write the Case with the mix in place.")
    ] = None,
    json: JsonFile = None,
) -> None:
    """The cheapest collateral of a desk's accounts that holds in every state.

    After haircuts, with the book shocked and each stablecoin off its peg: which assets, how much of
    each, what to move and swap, and how far below its cost another mix could be.

    Exit code 0: an answer. 1: none, and why.
    """
    target = target_of(json)
    question = load(case)

    from seawall.whatif.collateral.collateral_answer import SHOCKS, collateral_answer
    from seawall.whatif.collateral.terms import Terms, read_terms, with_days

    own = Terms() if terms is None else read_terms(_bytes_of(terms), str(terms))
    if days is not None:
        own = with_days(own, days)
    found = collateral_answer(question, own, account=account, desk=desk, shocks=shock or SHOCKS)
    keep(found.case, write)

    from seawall.report import collateral_page

    deliver(found.result, collateral_page.render, target, to_stdout=json == STDOUT)
    tell(write)


def _bytes_of(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        reason = error.strerror or str(error)
        raise InputError(
            f"{path} cannot be read ({reason})", file="--terms", expected="a TOML file of terms"
        ) from None
