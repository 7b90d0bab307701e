"""`seawall case`: make, check and show a Case."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from seawall.cli import output

if TYPE_CHECKING:
    from seawall.cascade.setup import Setup
    from seawall.case import Case

app = typer.Typer(
    rich_markup_mode=None,
    help="Make, validate or show a Case (a folder of files).",
)

_Folder = Annotated[
    Path | None, typer.Argument(metavar="DIR", help="Folder of the Case; none: the bundled one.")
]


@app.callback(invoke_without_command=True)
def _root(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        output.say(context.get_help())


@app.command("new")
def new(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder to make.")],
    book: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Your holdings, CSV or Parquet: venue, instrument, size, entry_price (of "
            "contracts). The desk is named after DIR; the market stays the bundled one.",
        ),
    ] = None,
    crowd: Annotated[
        int | None,
        typer.Option(metavar="N", min=0, help="Accounts of the generated crowd around the desk."),
    ] = None,
) -> None:
    """Make a Case to edit: the bundled desk, or yours (--book), in the bundled market."""
    from seawall.casefile import new_case, new_case_of_book

    check = f"seawall check {shlex.quote(str(folder))}"
    if book is None:
        new_case(folder, crowd=crowd)
        output.say(f"Made {folder}. Edit its files, then: {check}")
        return
    from seawall.cli import case_size

    made = new_case_of_book(book, folder, crowd=crowd)
    lines = [
        f"Made {folder} of {book}, in the bundled market of {made.as_of:%Y-%m-%d} (invented).",
        *case_size.holdings(_prepared(made)),
        f"  limit: {made.limits[0].name} at most {made.limits[0].maximum:.2%}, to be changed in "
        f"{folder}/limits.toml",
        f"Next: {check}",
    ]
    output.say("\n".join(lines))


@app.command("validate")
def validate(folder: _Folder = None) -> None:
    """Read a Case, with its crowd, and say whether it can be checked, and how large it is.

    Exit code 0: it can. 1: one sentence with file, row, column and what would be right.
    """
    from seawall.cli import case_size

    case = _load(folder)
    setup = _prepared(case)
    head = f"{case.name} is a valid Case: {case_size.counts(case)}."
    output.say("\n".join([head, *case_size.holdings(setup), f"Hash {case.digest}."]))


@app.command("show")
def show(
    folder: _Folder = None,
    json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Print what a Case holds.

    Accounts, positions, balances, prices, rulebooks with source and date, crowds, limits.
    """
    from seawall.cli import case_page

    case = _load(folder)
    if json:
        output.say_exactly(case_page.as_json(case))
    else:
        output.say(case_page.as_text(case))


def _load(folder: Path | None) -> Case:
    from seawall.casefile import load_case, sample_case

    return sample_case() if folder is None else load_case(folder)


def _prepared(case: Case) -> Setup:
    """The Case as the engine takes it; a sentence where it cannot be checked."""
    from seawall.cascade.engine import prepare
    from seawall.foundation.errors import SeawallError

    try:
        return prepare(case)
    except SeawallError as error:
        raise SeawallError(f"{case.name} can be read but not checked: {error}") from error
