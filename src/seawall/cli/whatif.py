"""`seawall whatif`: margin, Greeks, liquidation prices and first leg to die, before and after."""

from __future__ import annotations

from typing import Annotated

import typer

from seawall.cli.margin import STDOUT, CasePath, JsonFile, deliver, load, target_of
from seawall.foundation.errors import InputError


def whatif(
    case: CasePath = None,
    add: Annotated[
        list[str] | None,
        typer.Option(metavar="TRADE", help='A trade at the mark: "-10 BTC-PERP". Repeatable.'),
    ] = None,
    shock: Annotated[
        list[str] | None,
        typer.Option(
            metavar="MOVES",
            help="Moves of prices and volatility: BTC=-12%,vol=+20%. Repeatable: all at once.",
        ),
    ] = None,
    account: Annotated[
        str | None, typer.Option(metavar="NAME", help="The account that trades.")
    ] = None,
    desk: Annotated[
        str | None, typer.Option(metavar="OWNER", help="Whose accounts are shown.")
    ] = None,
    json: JsonFile = None,
) -> None:
    """Put a trade or a shock on a desk: margin, Greeks, liquidation prices, first leg to die.

    Before, after the trade, after the shock, and after both. `all` moves every asset that is not
    stable; `vol` multiplies every implied volatility.

    Exit code 0: an answer. 1: none, and why.
    """
    if not add and not shock:
        raise InputError(
            "neither a trade nor a shock was given",
            file="--add",
            expected='--add "-10 BTC-PERP" or --shock BTC=-12%,vol=+20%, or both',
        )
    target = target_of(json)
    question = load(case)

    from seawall.whatif.compare import what_if
    from seawall.whatif.whatif_answer import whatif_answer

    moves = ",".join(shock) if shock else None
    found = what_if(question, add or (), moves, account, desk)
    result = whatif_answer(question, found)

    from seawall.report import whatif_page

    deliver(result, whatif_page.render, target, to_stdout=json == STDOUT)
