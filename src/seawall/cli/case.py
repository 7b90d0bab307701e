"""`seawall case`: make, check and show a Case."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from seawall.cli import output

if TYPE_CHECKING:
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
    crowd: Annotated[
        int | None,
        typer.Option(metavar="N", min=0, help="Accounts of the generated crowd around the desk."),
    ] = None,
) -> None:
    """Make a small Case to edit, every field explained."""
    from seawall.casefile import new_case

    new_case(folder, crowd=crowd)
    output.say(f"Made {folder}. Edit its files, then: seawall check {folder}")


@app.command("validate")
def validate(folder: _Folder = None) -> None:
    """Read a Case, with its crowd, and say whether it can be checked.

    Exit code 0: it can. 1: one sentence with file, row, column and what would be right.
    """
    from seawall.cascade.engine import prepare
    from seawall.foundation.errors import SeawallError

    case = _load(folder)
    try:
        prepare(case)
    except SeawallError as error:
        raise SeawallError(f"{case.name} can be read but not checked: {error}") from error
    output.say(f"{case.name} is a valid Case: {_size(case)}. Hash {case.digest}.")


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


def _size(case: Case) -> str:
    book = case.book
    generated = sum(crowd.accounts for crowd in case.crowds)
    return (
        f"{len(book.account_names)} accounts with {book.size.size} positions and "
        f"{book.quantity.size} balances, {generated} generated accounts, "
        f"{len(case.rulebooks)} rulebooks, {len(case.limits)} limits"
    )
