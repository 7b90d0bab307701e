"""`seawall mechanism`: questions about mechanisms and behaviour, all else equal."""

from __future__ import annotations

import typer

from seawall.cli import (
    attack,
    book,
    concert,
    cross,
    crowd,
    depth,
    deviate,
    fuzz,
    hedging_gap,
    new_mechanism,
    output,
    procyclicality,
)

app = typer.Typer(
    rich_markup_mode=None,
    help="What a mechanism does, all else equal: compare, attack, measure, fuzz.",
)
app.command("attack")(attack.attack)
app.command("book")(book.book)
app.command("concert")(concert.concert)
app.command("cross")(cross.cross)
app.command("crowd")(crowd.crowd)
app.command("deviate")(deviate.deviate)
app.command("depth")(depth.depth)
app.command("hedging-gap")(hedging_gap.hedging_gap)
app.command("fuzz")(fuzz.fuzz)
app.command("new")(new_mechanism.new_mechanism)
app.command("procyclicality")(procyclicality.procyclicality)


@app.callback(invoke_without_command=True)
def _root(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        output.say(context.get_help())
