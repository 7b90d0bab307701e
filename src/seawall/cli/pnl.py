"""`seawall pnl`: what a book's profit and loss between two Cases came from."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from seawall.cli.margin import STDOUT, JsonFile, deliver, target_of


def pnl(
    before: Annotated[Path, typer.Argument(metavar="BEFORE", help="Folder of the earlier Case.")],
    after: Annotated[Path, typer.Argument(metavar="AFTER", help="Folder of the later Case.")],
    fills: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Trades, forced closes and cash between them; default: fills.csv in AFTER.",
        ),
    ] = None,
    desk: Annotated[
        str | None, typer.Option(metavar="OWNER", help="One desk; default: all of them.")
    ] = None,
    json: JsonFile = None,
) -> None:
    """P&L explain of two Cases of one book: every dollar of equity change in exactly one part.

    Full revaluation and Taylor side by side; trades, fees, funding, interest, liquidations,
    auto-deleveraging, socialised losses and transfers from the fills; what nothing explains.

    Exit code 0: an answer. 1: none, and why.
    """
    target = target_of(json)

    from seawall.casefile import load_case
    from seawall.casefile.fills_file import fills_beside, read_fills
    from seawall.exposure.pnl.two_cases import explain_cases
    from seawall.report import two_cases_page

    first, last = load_case(before), load_case(after)
    file = fills if fills is not None else fills_beside(after)
    rows = None if file is None else read_fills(file, (first.as_of, last.as_of))
    result = explain_cases(first, last, rows, desk)
    deliver(result, two_cases_page.render, target, to_stdout=json == STDOUT)
