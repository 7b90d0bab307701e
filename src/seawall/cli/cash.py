"""`seawall cash`: what has to be at each venue by which hour, so that nothing is closed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from seawall.cli import check_options as ask
from seawall.cli import output
from seawall.cli.margin import STDOUT, CasePath, JsonFile, deliver, target_of

if TYPE_CHECKING:
    from seawall.case import Case
    from seawall.exposure.cash.named import Move

SHOCKS = ("all=-10%", "all=-20%", "all=-30%", "all=+20%", "vol=+50%")


def cash(
    case: CasePath = None,
    hours: Annotated[int, typer.Option(metavar="N", help="How far ahead, whole hours.")] = 24,
    paths: Annotated[int, typer.Option(metavar="N", min=1, help="Simulated paths.")] = 1_000,
    seed: ask.Seed = 1,
    desk: Annotated[
        str | None, typer.Option(metavar="OWNER", help="Whose accounts; the only desk's.")
    ] = None,
    margin: Annotated[
        str, typer.Option(metavar="LEVEL", help="Stay above maintenance or initial margin.")
    ] = "maintenance",
    shock: Annotated[
        list[str] | None,
        typer.Option(
            metavar="MOVES",
            help="A named shock, at once, such as BTC=-30%,vol=+40%. Repeatable; replaces "
            "-10%, -20%, -30% and +20% of everything and +50% of volatility.",
        ),
    ] = None,
    transfer_minutes: Annotated[
        float | None,
        typer.Option(metavar="N", min=0.0, help="Until money from another venue lands."),
    ] = None,
    write: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write the Case topped up to 99% of paths.")
    ] = None,
    json: JsonFile = None,
    trust_mechanisms: ask.Trust = False,
) -> None:
    """The cash ladder: what has to be at each venue by which hour, so that nothing is closed.

    On the Case's own paths (50, 95 and 99% of them), under named shocks and in past events; and
    what of it could come from the desk's other accounts, with and without the time that takes.

    Exit code 0: an answer. 1: none, and why.
    """
    target = target_of(json)

    from seawall.casefile import load_case, sample_case
    from seawall.exposure.cash.answer import cash_answer

    question = sample_case() if case is None else load_case(case, trust_mechanisms=trust_mechanisms)
    found = cash_answer(
        question,
        desk=desk,
        margin=margin,
        hours=hours,
        paths=paths,
        seed=seed,
        moves=[_move(question, text) for text in shock or SHOCKS],
        lead_seconds=None if transfer_minutes is None else 60.0 * transfer_minutes,
    )
    keep(found.case, write)

    from seawall.report import cash_page

    deliver(found.result, cash_page.render, target, to_stdout=json == STDOUT)
    tell(write)


def keep(case: Case, folder: Path | None) -> None:
    """Write an answer's Case where one is asked for."""
    if folder is not None:
        from seawall.casefile.save import save_case

        save_case(case, folder)


def tell(folder: Path | None) -> None:
    """Say where it is."""
    if folder is not None:
        output.complain(f"The Case with this in place is in {folder}.")


def _move(case: Case, text: str) -> Move:
    from seawall.exposure.cash.named import Move
    from seawall.whatif.edit import parse_shock, price_factors

    shock = parse_shock(text)
    name = text.replace("=", " ").replace(",", ", ")
    return Move(name, price_factors(case, shock), shock.volatility)
