"""`seawall explain`: why chosen paths lose what they lose, cause by cause."""

from __future__ import annotations

from typing import Annotated

import typer

from seawall.cascade.pieces.compute import Compute, Engine
from seawall.cli import check_options as ask
from seawall.cli.bar import progress_bar
from seawall.cli.duration import seconds
from seawall.cli.margin import STDOUT, JsonFile, deliver, target_of

Which = Annotated[
    str,
    typer.Option(
        metavar="PATH,...",
        help="Which paths: worst, tail (97.5%), typical (the median impaired one), impaired "
        "(up to 20 of them), or numbers of paths. How many are simulated: --simulated.",
    ),
]
Scope = Annotated[
    str | None,
    typer.Option(metavar="SCOPE", help="desk:OWNER, venue:NAME or protocol; default: as check."),
]
Simulated = Annotated[
    int, typer.Option(metavar="N", min=1, help="Simulated paths to choose from, as check's.")
]


def explain(
    case: ask.CaseFolder = None,
    paths: Which = "worst,tail,typical",
    scope: Scope = None,
    horizon: ask.Horizon = "24h",
    simulated: Simulated = 400,
    seed: ask.Seed = 1,
    engine: ask.ChosenEngine = Engine.AUTO,
    threads: ask.Threads = None,
    trust_mechanisms: ask.Trust = False,
    json: JsonFile = None,
) -> None:
    """Why is it lost? Each dollar of chosen paths by its first cause, and the story of each path.

    A cause is knocked out of a path, everything else kept, and the path run again: prices of
    assets, jumps, funding, failures first, then depth, the crowd, latency, volatility, fees and
    agents. The parts sum to the loss.

    Exit code 0: an answer. 1: none, and why.
    """
    target = target_of(json)

    from seawall.casefile import load_case, sample_case
    from seawall.exposure.explain import explain_case

    loaded = sample_case() if case is None else load_case(case, trust_mechanisms=trust_mechanisms)
    words = tuple(word for part in paths.split(",") if (word := part.strip()))
    with progress_bar() as progress:
        result = explain_case(
            loaded,
            horizon_seconds=seconds(horizon, "--horizon"),
            paths=simulated,
            seed=seed,
            scope=scope,
            wanted=words,
            progress=progress,
            compute=Compute(engine, threads, None),
        )

    from seawall.report import explain_page

    deliver(result, explain_page.render, target, to_stdout=json == STDOUT)
