"""Options that the studies of behaviour share, and the Case that they ask about."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from seawall.cli.duration import seconds
from seawall.foundation.errors import InputError

LONGEST = 3650 * 86_400.0

WITH_HELP = (
    "Add assumed behaviour: top_up, delever, stops, run, with commas between; default: the case's "
    "own alone."
)
Added = Annotated[str, typer.Option("--with", metavar="SLOTS", help=WITH_HELP)]
Crowd = Annotated[
    int | None,
    typer.Option(metavar="N", min=0, help="Traders of the bundled crowd (without CASE)."),
]
PairedPaths = Annotated[
    int, typer.Option(metavar="N", min=2, help="Paths of each of the two runs.")
]
Volatility = Annotated[
    float,
    typer.Option(metavar="X", min=0.01, max=1_000.0, help="Factor on the case's volatility."),
]
Json = Annotated[bool, typer.Option("--json", help="JSON instead of a table.")]


def study_case(
    folder: Path | None, added: str, crowd: int | None, *, trust_mechanisms: bool
) -> Any:
    """The Case of a study: a folder or the sample, with assumed behaviour where asked for."""
    from seawall.casefile import load_case, sample_case
    from seawall.mechanism.behaving import with_assumed

    case = (
        sample_case(crowd)
        if folder is None
        else load_case(folder, trust_mechanisms=trust_mechanisms)
    )
    return with_assumed(case, [slot.strip() for slot in added.split(",") if slot.strip()])


def study_seconds(horizon: str) -> float:
    """Seconds of ``--horizon``, at most ten years: longer paths would fill the memory first."""
    found = seconds(horizon, "--horizon")
    if found > LONGEST:
        raise InputError(f"{horizon!r} is longer than ten years", file="--horizon", expected="less")
    return found
