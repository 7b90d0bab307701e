"""`seawall surface`: an arbitrage-free volatility surface from a chain file, and its fit."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from seawall.cli import output
from seawall.foundation.errors import InputError

STDOUT = "-"


def surface(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Option chain in Parquet.")],
    at: Annotated[
        str | None,
        typer.Option(
            metavar="TIME",
            help="Last snapshot not after this time (UTC, 2026-02-05T21:30); default: the last.",
        ),
    ] = None,
    underlying: Annotated[
        str | None, typer.Option(metavar="NAME", help="One underlying; default: all in the file.")
    ] = None,
    stickiness: Annotated[
        bool,
        typer.Option(
            "--stickiness", help="Also fit how volatility follows spot, from all snapshots so far."
        ),
    ] = False,
    json: Annotated[
        str | None, typer.Option(metavar="FILE|-", help="Write the report as JSON; - is stdout.")
    ] = None,
) -> None:
    """Fit a volatility surface to bid and ask, and say how well it fits.

    SVI at each expiry, free of butterfly and calendar arbitrage on a dense grid. Prints quotes
    used and left out, misses in volatility points, parameters and checks.

    Exit code 0: a surface. 1: none, and why.
    """
    when = _moment(at)
    target = Path(json) if json is not None and json != STDOUT else None
    if target is not None:
        output.check_target(target, "--json")
    reports = _reports(file, when, underlying, stickiness)

    from json import dumps

    from seawall.report import surface_page

    text = dumps(reports, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    if target is not None:
        output.write_files({target: text})
    if json == STDOUT:
        output.say_exactly(text)
        return
    pages = [
        surface_page.render(report, width=output.width(), colour=output.colour())
        for report in reports
    ]
    output.say("\n".join(pages))


def _reports(
    file: Path, when: datetime | None, underlying: str | None, stickiness: bool
) -> list[dict[str, Any]]:
    """One report per underlying, of the last snapshot of ``file`` not after ``when``."""
    from seawall.connect.deribit_chain import read_chain, snapshot_at
    from seawall.connect.option_quotes import chain_rows, smile_moves, underlyings
    from seawall.valuation.stickiness import stickiness_by_term
    from seawall.valuation.surface_fit import fit_surface
    from seawall.valuation.surface_quotes import usable_quotes
    from seawall.valuation.surface_report import report_json, report_of

    chain = read_chain(file)
    if chain.is_empty():
        raise InputError("the chain is empty", file=str(file), expected="rows with option quotes")
    snapshot = snapshot_at(chain, when)
    names = [underlying] if underlying is not None else underlyings(snapshot)
    return [
        report_json(
            report_of(fit_surface(usable_quotes(chain_rows(snapshot, name)))),
            stickiness_by_term(smile_moves(chain, name, when)) if stickiness else (),
        )
        for name in names
    ]


def _moment(text: str | None) -> datetime | None:
    """The time of ``--at`` in UTC; a time without a zone is UTC."""
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise InputError(
            f"{text!r} is not a time", file="--at", expected="a time such as 2026-02-05T21:30"
        ) from None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
