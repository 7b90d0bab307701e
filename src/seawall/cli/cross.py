"""`seawall mechanism cross`: one crowd on cross and on isolated margin."""

from __future__ import annotations

import json as json_format
from typing import Any

from seawall.cli import check_options as ask
from seawall.cli import output
from seawall.cli import study_options as given

WORDS = {
    "bad_debt": "bad debt, quote",
    "bad_debt_own": "  of it left by these accounts",
    "fund": "  paid by the fund",
    "backstop": "  paid by the vault",
    "adl": "  by deleveraged winners",
    "socialised": "  socialised",
    "accounts_loss": "loss of these accounts, quote",
    "forced": "closed by force, quote",
    "forced_own": "  of it these accounts",
}


def cross(
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
    """The same book cross and isolated on the same random numbers, with intervals."""
    from seawall.mechanism.cross_isolated import compare

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


def table(found: dict[str, Any], width: int = 100, *, colour: bool = False) -> str:
    """The answer as lines of text, none wider than ``width``."""
    from seawall.report.margin_page import column
    from seawall.report.study_page import reach, study_page

    margin = found["margin"]
    worst = f"    worst {1.0 - found['tail_level']:.1%} of paths"
    rows = [
        (label, found["numbers"][key])
        for name, words in WORDS.items()
        for key, label in ((name, words), (f"{name}_tail", worst))
    ]
    head = [
        f"{found['accounts']:,} cross accounts with equity of {found['equity']:,.0f} split, "
        f"{found['left_as_they_are']:,} left as they are; "
        f"{found['horizon_seconds'] / 3600:g} h, {found['paths']} paths, volatility x "
        f"{found['volatility']:g}; amounts in quote, 95% intervals by resampling paths",
        f"cross margin saves {margin['initial_saved']:,.0f} of {margin['initial_isolated']:,.0f} "
        f"initial and {margin['maintenance_saved']:,.0f} of {margin['maintenance_isolated']:,.0f} "
        f"maintenance margin, and {margin['equity_saved']:,.0f} of equity that isolated margin "
        "would lock besides to keep every liquidation price",
    ]
    columns = [
        column("", rows, lambda r: r[0], "l", wraps=True),
        column("cross", rows, lambda r: f"{r[1]['cross']['value']:,.4g}"),
        column("isolated", rows, lambda r: f"{r[1]['isolated']['value']:,.4g}"),
        column("cross adds", rows, lambda r: f"{r[1]['difference']['value']:+,.4g}"),
        column(
            "interval",
            rows,
            lambda r: reach(r[1]["difference"]["low"], r[1]["difference"]["high"]),
            "l",
            wraps=True,
        ),
    ]
    return study_page(head, columns, width=width, colour=colour)
