"""`seawall mechanism depth`: one Case as its depth goes from 100% to 2%."""

from __future__ import annotations

import json as json_format
from typing import Annotated, Any

import typer

from seawall.cli import check_options as ask
from seawall.cli import output
from seawall.cli.bar import progress_bar
from seawall.cli.duration import seconds


def depth(
    folder: ask.CaseFolder = None,
    scope: Annotated[
        str | None,
        typer.Option(metavar="SCOPE", help="Such as desk:NAME; default: the worst desk."),
    ] = None,
    horizon: ask.Horizon = "24h",
    paths: Annotated[int, typer.Option(min=2, help="Paths at each depth.")] = 400,
    seed: ask.Seed = 1,
    json: Annotated[bool, typer.Option("--json", help="JSON instead of a table.")] = False,
    trust_mechanisms: ask.Trust = False,
) -> None:
    """DRE, expected loss and bad debt by depth, and the knee of the curve."""
    from seawall.casefile import load_case, sample_case
    from seawall.mechanism.depth_curve import depth_curve

    case = sample_case() if folder is None else load_case(folder, trust_mechanisms=trust_mechanisms)
    with progress_bar() as progress:
        found = depth_curve(
            case,
            scope=scope,
            horizon_seconds=seconds(horizon, "--horizon"),
            paths=paths,
            seed=seed,
            progress=progress,
        )
    page = table(found, output.width(), colour=output.colour())
    output.say(json_format.dumps(found, indent=2) if json else page)


def table(found: dict[str, Any], width: int = 100, *, colour: bool = False) -> str:
    """The answer as lines of text, none wider than ``width``."""
    from seawall.report.margin_page import column
    from seawall.report.study_page import reach, study_page

    rows = found["curve"]
    head = [
        f"{found['scope']} of {found['case']}, {found['horizon_seconds'] / 3600:g} h, "
        f"{found['paths']} paths at each depth; amounts in quote, 95% intervals"
    ]
    columns = [
        column("depth", rows, lambda r: f"{r['depth']:.0%}"),
        column("DRE", rows, lambda r: f"{r['dre']['value']:.1%}"),
        column("interval", rows, lambda r: reach(r["dre"]["low"], r["dre"]["high"], ".1%"), "l"),
        column("expected loss", rows, lambda r: f"{r['expected_loss']['value']:,.4g}"),
        column("bad debt", rows, lambda r: f"{r['bad_debt']['value']:,.4g}"),
    ]
    return study_page(head, columns, [knee_sentence(found["knee"])], width=width, colour=colour)


def knee_sentence(knee: dict[str, Any] | None) -> str:
    """Where the curve bends, in words."""
    if knee is None:
        return "No knee: the curve nowhere turns upwards and then flattens."
    words = {
        name: f"{one['value']:.0%} ({one['low']:.0%} to {one['high']:.0%})"
        for name, one in knee.items()
        if name in ("knee", "shoulder")
    }
    slopes = [
        f"{knee[f'per_halving_{name}']['value']:+.1%}" for name in ("above", "between", "below")
    ]
    return (
        f"Knee at {words['knee']} of depth, shoulder at {words['shoulder']}: a halving of depth "
        f"adds {slopes[0]} above the knee, {slopes[1]} between and {slopes[2]} below the shoulder. "
        f"Three lines leave {knee['left']:.0%} of the error of one."
    )
