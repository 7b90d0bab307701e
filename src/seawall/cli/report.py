"""`seawall report`: is a report still what was written, and which reports are there."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from seawall.cli.margin import STDOUT, JsonFile, deliver, target_of

ALTERED = 2
app = typer.Typer(
    name="report",
    help="Verify a report of `seawall check`, and list those that were kept.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@app.command("verify")
def verify(
    file: Annotated[
        Path,
        typer.Argument(metavar="FILE", help="A report (.json or .html), or a folder of reports."),
    ],
    case: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="The Case's folder: are these the files it was made of?"),
    ] = None,
    reports: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="The folder of reports that it was kept in."),
    ] = None,
    rerun: Annotated[
        bool,
        typer.Option("--rerun", help="Check again as it was asked, and compare byte by byte."),
    ] = False,
    trust_mechanisms: Annotated[
        bool,
        typer.Option("--trust-mechanisms", help="Let --rerun run code that the Case brings."),
    ] = False,
    json: JsonFile = None,
) -> None:
    """Recompute a report's manifest, and those before it: is it still what was written?

    Every hash of inputs, rulebooks, presets and of the report itself; with a folder of reports the
    whole chain. What changed is named: the file, and its line where it is text.

    Exit code 0: as it was written. 2: altered, and where. 1: it cannot be read.
    """
    target = target_of(json)

    from seawall.cli.verified import Asked, verified
    from seawall.report import verify_page

    asked = Asked(file, case, reports, rerun=rerun, trusted=trust_mechanisms)
    result = verified(asked)
    deliver(result, verify_page.render, target, to_stdout=json == STDOUT)
    if result["faults"]:
        raise typer.Exit(ALTERED)


@app.command("list")
def listed(
    reports: Annotated[Path, typer.Argument(metavar="DIR", help="A folder of reports.")],
    json: JsonFile = None,
) -> None:
    """The reports that were kept in a folder, the last first.

    Exit code 0: a list. 1: none, and why.
    """
    target = target_of(json)

    from seawall.report import reports_page
    from seawall.store.chain import summaries

    result = {"schema": "seawall/reports/1", "reports": summaries(reports)}
    deliver(result, reports_page.render, target, to_stdout=json == STDOUT)
