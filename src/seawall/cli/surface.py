"""`seawall surface`: an arbitrage-free volatility surface from a chain file, and its fit."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from seawall.cli import output
from seawall.foundation.errors import InputError

STDOUT = "-"
# Fits of 2025 and 2026 chains of Deribit miss by about a volatility point.
LARGEST_MISS = 0.20
MOST_SPREADS = 3.0


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
    with _said_of(file):
        snapshot = snapshot_at(chain, when)
        names = [underlying] if underlying is not None else underlyings(snapshot)
        reports = []
        for name in names:
            report = report_of(fit_surface(usable_quotes(chain_rows(snapshot, name))))
            moves = stickiness_by_term(smile_moves(chain, name, when)) if stickiness else ()
            reports.append(report_json(report, moves))
            _refuse_no_fit(reports[-1])
    return reports


@contextmanager
def _said_of(file: Path) -> Iterator[None]:
    """A refusal that names no file is about the chain: it then names the chain's."""
    try:
        yield
    except InputError as error:
        if error.file is not None:
            raise
        joint = ": " if error.column is None else ", "
        raise InputError(f"{file}{joint}{error}") from error


def _refuse_no_fit(report: dict[str, Any]) -> None:
    """A surface that misses its quotes by volatilities of a whole market is no surface of them."""
    spread = max(expiry["half_spread"] for expiry in report["expiries"])
    if report["rmse"] > max(LARGEST_MISS, MOST_SPREADS * spread):
        raise InputError(
            f"no arbitrage-free surface is near the quotes on {report['underlying']}: the best "
            f"one misses them by {100.0 * report['rmse']:,.0f} volatility points",
            expected="bid and ask in coin, a fraction of the forward (0.05 means 5% of it)",
        )


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
