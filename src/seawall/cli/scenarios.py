"""`seawall scenarios`: the models that draw paths."""

from __future__ import annotations

from typing import Annotated

import typer

from seawall.cli import output, scenario_failures, scenario_fit

app = typer.Typer(rich_markup_mode=None, help="The scenarios that paths are drawn from.")
app.command("fit")(scenario_fit.fit)
app.command("failures")(scenario_failures.failures)


@app.callback(invoke_without_command=True)
def _root(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        output.say(context.get_help())


@app.command("list")
def list_scenarios(
    json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Name each model of paths that a Case can ask for in market.toml, with one line on it."""
    from seawall.scenario.models import model_texts

    if json:
        from json import dumps

        output.say_exactly(dumps(model_texts(), indent=2, ensure_ascii=False))
        return
    texts = model_texts()
    widest = max(map(len, texts))
    output.say("\n".join(f"{name:<{widest}}  {text}" for name, text in texts.items()))
