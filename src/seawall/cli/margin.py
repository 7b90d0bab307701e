"""`seawall margin`: what every margin account must hold, what would end it, and why."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from seawall.cli import output

if TYPE_CHECKING:
    from seawall.case import Case

STDOUT = "-"

CasePath = Annotated[
    Path | None,
    typer.Argument(metavar="CASE", help="Folder of the Case; without it, the bundled one."),
]
JsonFile = Annotated[
    str | None, typer.Option(metavar="FILE|-", help="Write the answer as JSON; - is stdout.")
]


def margin(
    case: CasePath = None,
    account: Annotated[
        str | None, typer.Option(metavar="NAME", help="One account, with every position.")
    ] = None,
    desk: Annotated[
        str | None, typer.Option(metavar="OWNER", help="All accounts of one desk.")
    ] = None,
    explain: Annotated[
        bool, typer.Option("--explain", help="Print the derivation: every amount and its rule.")
    ] = False,
    venues: Annotated[
        str | None,
        typer.Option(metavar="all|A,B", help="The same accounts under these presets' rules."),
    ] = None,
    exact: Annotated[
        bool,
        typer.Option("--exact", help="Also as the venue counts (dYdX v4, Drift v2, Bybit)."),
    ] = False,
    json: JsonFile = None,
) -> None:
    """Margin of every account: equity, initial, maintenance, buffer, nearest liquidation price.

    What cross margin saves against isolated; the same book under other venues' rules.

    Exit code 0: an answer. 1: none, and why.
    """
    target = target_of(json)
    question = load(case)

    from seawall.whatif.margin_answer import margin_answer

    result = margin_answer(
        question, account=account, desk=desk, venues=venues, explain=explain, exact=exact
    )

    from seawall.report import margin_page

    deliver(result, margin_page.render, target, to_stdout=json == STDOUT)


def target_of(json: str | None) -> Path | None:
    """The JSON file to write, refused here when it could not be written later."""
    if json is None or json == STDOUT:
        return None
    path = Path(json)
    output.check_target(path, "--json")
    return path


def load(case: Path | None) -> Case:
    """The Case of a folder, or the bundled one."""
    from seawall.casefile import load_case, sample_case

    return sample_case() if case is None else load_case(case)


def deliver(result: dict[str, Any], render: Any, target: Path | None, *, to_stdout: bool) -> None:
    """Render everything first, then write: an error leaves nothing half-written.

    The answer is printed even where its file cannot be written.
    """
    from seawall.report import jsonfile

    if to_stdout:
        output.say_exactly(jsonfile.dumps(result))
        return
    text = render(result, width=output.width(), colour=output.colour())
    texts = {} if target is None else {target: jsonfile.dumps(result)}
    try:
        output.write_files(texts)
    finally:
        output.say(text)
