"""`seawall remedy`: what brings DRE under its limit, and the Case with that done."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from seawall.cascade.pieces.compute import Compute, Engine
from seawall.cli import check_options as ask
from seawall.cli.bar import progress_bar
from seawall.cli.duration import seconds
from seawall.cli.margin import STDOUT, JsonFile, deliver, target_of
from seawall.foundation.errors import InputError


def remedy(
    case: ask.CaseFolder = None,
    horizon: ask.Horizon = "24h",
    paths: Annotated[
        int, typer.Option(metavar="N", min=1, help="Simulated paths; more make surer amounts.")
    ] = 2_000,
    seed: ask.Seed = 1,
    write: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write the Case with a remedy done.")
    ] = None,
    action: Annotated[
        int, typer.Option(metavar="N", min=1, help="Which remedy of the list --write does.")
    ] = 1,
    json: JsonFile = None,
    engine: ask.ChosenEngine = Engine.AUTO,
    threads: ask.Threads = None,
    trust_mechanisms: ask.Trust = False,
) -> None:
    """Find the cheapest actions that bring a desk's DRE under its limit.

    Cash in, debt repaid, cash moved, legs reduced, or two of these: each with its amount, cost, DRE
    after, and the time by which it must land.

    Exit code 0: an answer, or nothing to cure. 1: none, and why; or nothing for --write to write.
    """
    horizon_seconds = seconds(horizon, "--horizon")
    compute = Compute(engine, threads)
    target = target_of(json)

    from seawall.casefile import load_case, sample_case, save_case

    question = sample_case() if case is None else load_case(case, trust_mechanisms=trust_mechanisms)

    from seawall.exposure.remedy.answer import remedy_answer, with_remedy

    with progress_bar() as progress:
        answer = remedy_answer(
            question,
            horizon_seconds=horizon_seconds,
            paths=paths,
            seed=seed,
            progress=progress,
            compute=compute,
        )
    found = bool(answer.ranked.actions)
    if write is not None and found:
        save_case(with_remedy(question, answer, action), write)

    from seawall.report import remedy_page

    deliver(answer.result, remedy_page.render, target, to_stdout=json == STDOUT)
    if write is not None and not found:
        raise InputError("nothing was written: there is no remedy to do", file=str(write))
