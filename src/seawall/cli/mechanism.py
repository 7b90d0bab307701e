"""`seawall mechanism`: questions about mechanisms and behaviour, all else equal."""

from __future__ import annotations

import typer

from seawall.cli import concert, fuzz, new_mechanism, output, procyclicality

app = typer.Typer(
    rich_markup_mode=None,
    help="What a mechanism does, all else equal: compare, attack, measure, fuzz.",
)
app.command("concert")(concert.concert)
app.command("fuzz")(fuzz.fuzz)
app.command("new")(new_mechanism.new_mechanism)
app.command("procyclicality")(procyclicality.procyclicality)


@app.callback(invoke_without_command=True)
def _root(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        output.say(context.get_help())
