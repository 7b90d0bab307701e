"""`seawall mechanism procyclicality`: what margin that follows the market adds to its fall."""

from __future__ import annotations

import json as json_format
from typing import Annotated, Any

import typer

from seawall.cli import check_options as ask
from seawall.cli import output
from seawall.foundation.errors import InputError

RULES = ("volatility_scaled", "depth_scaled")
WORDS = {
    "peak_to_trough": "margin per notional, peak / trough",
    "largest_call": "largest rise of margin",
    "amplification": "amplification of the shock",
    "branching_ratio": "branching ratio",
    "forced_sales": "forced sales, quote",
    "bad_debt": "bad debt, quote",
}


def procyclicality(
    folder: ask.CaseFolder = None,
    rule: Annotated[
        str | None,
        typer.Option(
            metavar="RULE",
            help="volatility_scaled or depth_scaled at every venue of derivatives; default: the "
            "case's own [mechanisms.dynamic_margin].",
        ),
    ] = None,
    strength: Annotated[float, typer.Option(help="Of --rule.")] = 1.0,
    cap: Annotated[float, typer.Option(help="Of --rule: largest factor.")] = 3.0,
    smoothing: Annotated[float, typer.Option(help="Of --rule: seconds; 0 is at once.")] = 0.0,
    buffer: Annotated[float, typer.Option(help="Of --rule: 0.25 is EMIR's.")] = 0.0,
    shock: Annotated[float, typer.Option(help="Fraction, negative.")] = -0.1,
    paths: Annotated[
        int, typer.Option(metavar="N", min=2, help="Paths of each of the two runs.")
    ] = 400,
    seed: ask.Seed = 1,
    json: Annotated[bool, typer.Option("--json", help="JSON instead of a table.")] = False,
    trust_mechanisms: ask.Trust = False,
) -> None:
    """Static and dynamic margin on the same random numbers, with intervals."""
    from seawall.casefile import load_case, sample_case
    from seawall.exposure.procyclicality import procyclicality as compare
    from seawall.exposure.procyclicality import with_dynamic_margin

    case = sample_case() if folder is None else load_case(folder, trust_mechanisms=trust_mechanisms)
    if rule is not None:
        if rule not in RULES:
            raise InputError(f"rule {rule!r}", file="--rule", expected=" or ".join(RULES))
        given = {"rule": rule, "strength": strength, "cap": cap}
        case = with_dynamic_margin(
            case, {**given, "smoothing_seconds": smoothing, "buffer": buffer}
        )
    found = compare(case, shock=shock, paths=paths, seed=seed)
    page = table(found, output.width(), colour=output.colour())
    output.say(json_format.dumps(found, indent=2) if json else page)


def table(found: dict[str, Any], width: int = 100, *, colour: bool = False) -> str:
    """The answer as lines of text, none wider than ``width``."""
    from seawall.report.margin_page import column
    from seawall.report.study_page import reach, study_page

    head = (
        f"{found['asset']} {found['shock']:+.0%} at once, {found['horizon_seconds'] / 3600:g} h, "
        f"{found['paths']} paths; 95% intervals by resampling them"
    )
    rows = list(WORDS)
    changes = found["difference"]
    columns = [
        column("", rows, lambda k: WORDS[k], "l", wraps=True),
        column("static", rows, lambda k: f"{found['static'][k]['value']:,.4g}"),
        column("dynamic", rows, lambda k: f"{found['dynamic'][k]['value']:,.4g}"),
        column("difference", rows, lambda k: f"{changes[k]['value']:+,.4g}"),
        column(
            "interval",
            rows,
            lambda k: reach(changes[k]["low"], changes[k]["high"]),
            "l",
            wraps=True,
        ),
    ]
    return study_page([head], columns, width=width, colour=colour)
