"""`seawall mechanism concert`: what acting in concert adds to the same behaviour."""

from __future__ import annotations

import json as json_format
from typing import Any

from seawall.cli import check_options as ask
from seawall.cli import output
from seawall.cli import study_options as given

WORDS = {
    "bad_debt": "bad debt, quote",
    "trough": "fall of the market price to its trough",
    "forced": "closed by force, quote",
    "sold_by_owners": "sold by owners, quote",
    "paid_in": "paid in by owners, quote",
    "withdrawn": "withdrawn by depositors, quote",
}


def concert(
    folder: ask.CaseFolder = None,
    added: given.Added = "",
    crowd: given.Crowd = None,
    horizon: ask.Horizon = "24h",
    paths: given.PairedPaths = 400,
    volatility: given.Volatility = 1.0,
    seed: ask.Seed = 1,
    json: given.Json = False,
    trust_mechanisms: ask.Trust = False,
) -> None:
    """Independent and concerted behaviour on the same random numbers, with intervals."""
    from seawall.mechanism.concert import concert as compare

    case = given.study_case(folder, added, crowd, trust_mechanisms=trust_mechanisms)
    found = compare(
        case,
        horizon_seconds=given.study_seconds(horizon),
        paths=paths,
        seed=seed,
        volatility=volatility,
    )
    page = table(found, output.width(), colour=output.colour())
    output.say(json_format.dumps(found, indent=2) if json else page)


def described(behaviour: dict[str, list[str]]) -> str:
    """Which venue has which behaviour, in words."""
    return "; ".join(f"{venue}: {', '.join(slots)}" for venue, slots in behaviour.items())


def table(found: dict[str, Any], width: int = 100, *, colour: bool = False) -> str:
    """The answer as lines of text, none wider than ``width``."""
    from seawall.report.margin_page import column
    from seawall.report.study_page import reach, study_page

    worst = f"  worst {1.0 - found['tail_level']:.1%} of paths"
    rows = []
    for name, row in found["numbers"].items():
        plain = name.removesuffix("_tail")
        words = WORDS.get(plain, plain.replace("dre ", "DRE "))
        rows.append((worst if plain != name else words, row))
    head = [
        f"{found['horizon_seconds'] / 3600:g} h, {found['paths']} paths, volatility x "
        f"{found['volatility']:g}, market {found['asset']}; 95% intervals by resampling paths",
        described(found["behaviour"]),
    ]
    columns = [
        column("", rows, lambda r: r[0], "l", wraps=True),
        column("independent", rows, lambda r: f"{r[1]['independent']['value']:,.4g}"),
        column("concerted", rows, lambda r: f"{r[1]['concerted']['value']:,.4g}"),
        column("difference", rows, lambda r: f"{r[1]['difference']['value']:+,.4g}"),
        column(
            "interval",
            rows,
            lambda r: reach(r[1]["difference"]["low"], r[1]["difference"]["high"]),
            "l",
            wraps=True,
        ),
    ]
    return study_page(head, columns, width=width, colour=colour)
