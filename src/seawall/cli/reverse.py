"""`seawall reverse`: the smallest shock that impairs a desk, account, venue or the protocol."""

from __future__ import annotations

from typing import Annotated

import typer

from seawall.cli import check_options as ask
from seawall.cli.margin import STDOUT, JsonFile, deliver, target_of


def reverse(
    folder: ask.CaseFolder = None,
    scope: Annotated[
        str | None,
        typer.Option(
            metavar="SCOPE",
            help="desk:NAME, account:NAME, venue:NAME or protocol; default: the first desk.",
        ),
    ] = None,
    over: Annotated[
        str, typer.Option(metavar="AXES", help="What the shock may move, with commas between.")
    ] = "spot,volatility,depth,latency",
    norm: Annotated[
        str, typer.Option(metavar="l2|linf|l1", help="How the axes' distances become one number.")
    ] = "l2",
    reach: Annotated[
        float, typer.Option(metavar="UNITS", min=0.01, max=100.0, help="How far shocks are sought.")
    ] = 8.0,
    points: Annotated[
        int,
        typer.Option(metavar="N", min=1, help="Points of the grid for each set of axes: finer."),
    ] = 1_000,
    step: ask.Step = None,
    json: JsonFile = None,
    trust_mechanisms: ask.Trust = False,
) -> None:
    """The smallest shock that breaks the book, and proof on a grid that no smaller one does.

    The shock comes at once; then the market's own reactions run for an hour, without noise. Each
    axis is measured in its own unit: daily sigmas of prices, standard deviations of what the case
    says of volatility and depth, seconds of oracle delay.

    Exit code 0: an answer. 1: none, and why.
    """
    target = target_of(json)
    from seawall.cli.bar import progress_bar
    from seawall.cli.duration import seconds
    from seawall.exposure.reverse.answer import reverse_stress
    from seawall.exposure.reverse.measure import named_axes, named_norm

    axes, size = named_axes(over), named_norm(norm)
    from seawall.casefile import load_case, sample_case

    case = sample_case() if folder is None else load_case(folder, trust_mechanisms=trust_mechanisms)
    with progress_bar() as progress:
        result = reverse_stress(
            case,
            scope=scope,
            over=axes,
            norm=size,
            reach=reach,
            points=points,
            step_seconds=None if step is None else seconds(step, "--step"),
            progress=progress,
        )

    from seawall.report import reverse_page

    deliver(result, reverse_page.render, target, to_stdout=json == STDOUT)
