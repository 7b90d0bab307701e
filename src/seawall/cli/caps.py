"""`seawall caps`: how large a venue's exposures may become before a limit is broken."""

from __future__ import annotations

from typing import Annotated

import typer

from seawall.cli import check_options as ask
from seawall.cli.margin import STDOUT, JsonFile, deliver, target_of
from seawall.foundation.errors import InputError


def caps(
    folder: ask.CaseFolder = None,
    venue: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="The venue; default: the first with others' accounts."),
    ] = None,
    limit: Annotated[
        list[str] | None,
        typer.Option(
            metavar="'SCOPE MEASURE MAX'",
            help="As 'venue:x fund_ruin 1%'; may be given several times; default: the case's own.",
        ),
    ] = None,
    horizon: ask.Horizon = "24h",
    paths: Annotated[
        int | None,
        typer.Option(metavar="N", min=2, help="Paths of each run; default: what limits need."),
    ] = None,
    seed: ask.Seed = 1,
    json: JsonFile = None,
    trust_mechanisms: ask.Trust = False,
) -> None:
    """Supply, borrow and open-interest caps that keep a protocol within its limits.

    Each exposure alone, then all at once, on the same random numbers; beside them what a keeper
    earns on a liquidation and the largest that still pays. Minutes, not seconds.

    Exit code 0: an answer. 1: none, and why.
    """
    target = target_of(json)
    from seawall.cli.bar import progress_bar
    from seawall.cli.duration import seconds
    from seawall.mechanism.caps import study

    wanted = tuple(parse_limit(text) for text in limit or ())
    from seawall.casefile import load_case, sample_case

    case = sample_case() if folder is None else load_case(folder, trust_mechanisms=trust_mechanisms)
    with progress_bar() as progress:
        result = study.caps(
            case,
            venue,
            limits=wanted,
            horizon_seconds=seconds(horizon, "--horizon"),
            paths=paths,
            seed=seed,
            progress=progress,
        )

    from seawall.report import caps_page

    deliver(result, caps_page.render, target, to_stdout=json == STDOUT)


def parse_limit(text: str) -> tuple[str, str, float]:
    """Scope, measure and maximum of one limit; a percentage is a fraction."""
    words = text.split()
    try:
        scope, measure, number = words
        share = number.endswith("%")
        maximum = float(number.rstrip("%").replace(",", "").replace("_", ""))
    except ValueError:
        raise InputError(
            f"{text!r} is no limit",
            file="--limit",
            expected="a scope, a measure and a maximum, as 'venue:x fund_ruin 1%'",
        ) from None
    return scope, measure, maximum / 100.0 if share else maximum
