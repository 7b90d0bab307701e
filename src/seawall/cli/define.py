"""`seawall define`: what a number of the report means."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Annotated

import typer

from seawall.cli import output
from seawall.foundation.errors import SeawallError

if TYPE_CHECKING:
    from seawall.case.definitions import Definition


def define(
    name: Annotated[
        list[str] | None,
        typer.Argument(metavar="NAME", help="A key of the JSON or words of the page; none: list."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Explain a number of the report; without NAME, list them."""
    from seawall.case.definitions import DEFINITIONS, closest, lookup_words

    # Words of the page have blanks; nobody should have to quote them.
    wanted = " ".join(name or ()).strip()
    entries = DEFINITIONS
    if wanted:
        entry = lookup_words(wanted)
        if entry is None:
            near = closest(wanted)
            hint = f"closest: {', '.join(near)}; " if near else ""
            raise SeawallError(f"No number is called {wanted!r}; {hint}`seawall define` lists all.")
        entries = (entry,)
    if json:
        from dataclasses import asdict
        from json import dumps

        output.say_exactly(
            dumps([asdict(entry) for entry in entries], indent=2, ensure_ascii=False)
        )
    elif wanted:
        output.say(_one(entries[0]))
    else:
        output.say(_all(entries))


def _one(entry: Definition) -> str:
    lines = [f"{entry.name} ({entry.unit})", *textwrap.wrap(entry.text, 88)]
    if entry.also:
        lines += textwrap.wrap("Also: " + ", ".join(entry.also) + ".", 88)
    return "\n".join(lines)


def _all(entries: tuple[Definition, ...]) -> str:
    """One line each: the name and how its text begins."""
    widest = max(len(entry.name) for entry in entries)
    rows = [
        f"{entry.name:<{widest}}  {textwrap.shorten(entry.text, 98 - widest, placeholder=' ...')}"
        for entry in entries
    ]
    return "\n".join([*rows, "", "`seawall define NAME` prints one in full; A1, A2, ... too."])
