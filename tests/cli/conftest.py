"""A Case of one account, and stand-ins for the floors below: the command line alone is tested."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import seawall.casefile
import seawall.exposure
import seawall.report
from seawall.book import AccountKind, Book
from seawall.case import Case, Limit
from seawall.crowd import CrowdSpec
from seawall.crowd.spec import LeverageMix
from seawall.foundation.pricekind import PriceKind
from seawall.instruments import Perpetual
from seawall.market import AssetState, Market
from seawall.venues import Rulebook
from seawall.venues.rulebook import Liquidation, Waterfall


@pytest.fixture
def case() -> Case:
    as_of = datetime(2026, 1, 30, 16, tzinfo=UTC)
    book = Book(
        account_names=("harbour/main",),
        account_venue=("meridian",),
        account_owner=("harbour",),
        account_kind=(AccountKind.DESK,),
        instruments=(Perpetual(name="SOL-PERP", underlying="SOL", settle="USDC"),),
        assets=("USDC",),
        position_account=np.array([0]),
        position_instrument=np.array([0]),
        size=np.array([1_250.0]),
        entry=np.array([118.5]),
        isolated=np.array([False]),
        isolated_margin=np.array([0.0]),
        balance_account=np.array([0]),
        balance_asset=np.array([0]),
        quantity=np.array([40_000.0]),
    )
    sol = AssetState(
        spot=118.0, index=118.0, oracle=118.0, volatility=0.8, depth=1e8, daily_volume=1e9
    )
    rules = Rulebook(
        name="meridian",
        source="invented for tests",
        as_of=date(2026, 1, 15),
        margin_price=PriceKind("mark"),
        liquidation=Liquidation(style="orderbook"),
        waterfall=Waterfall(layers=("fund",), fund=1e6),
    )
    crowd = CrowdSpec(
        venue="meridian", accounts=50, seed=7, leverage={"base": LeverageMix(8.0, 0.6)}
    )
    return Case(
        name="one-account",
        as_of=as_of,
        quote="USDC",
        step_seconds=300.0,
        book=book,
        market=Market(as_of=as_of, assets={"SOL": sol}, instruments={}),
        rulebooks={"meridian": rules},
        limits=(Limit("DRE 24 h", "dre", "desk:harbour", 0.02, 86_400.0),),
        crowds=(crowd,),
        digest="ab" * 32,
    )


@dataclass
class Floors:
    """What the stand-ins were asked, and what they answer."""

    case: Case
    breached: bool = False
    calls: list[dict[str, Any]] = field(default_factory=list)
    loaded: list[str] = field(default_factory=list)
    trusted: list[bool] = field(default_factory=list)
    failure: Callable[[], Exception] | None = None

    def check(self, case: Case, **options: Any) -> dict[str, Any]:
        if self.failure is not None:
            raise self.failure()
        self.calls.append({"case": case, **options})
        limit = {"name": "DRE 24 h", "value": 0.03, "limit": 0.02, "breached": self.breached}
        return {"schema": "seawall/check/1", "limits": [limit]}

    def load(self, path: Any, trust_mechanisms: bool = False) -> Case:
        self.loaded.append(str(path))
        self.trusted.append(trust_mechanisms)
        return self.case


@pytest.fixture
def floors(case: Case, monkeypatch: pytest.MonkeyPatch) -> Floors:
    fake = Floors(case)

    def put(module: object, name: str, value: object) -> None:
        monkeypatch.setattr(module, name, value, raising=False)

    put(seawall.casefile, "load_case", fake.load)
    put(seawall.casefile, "sample_case", lambda: fake.load("sample"))
    put(seawall.casefile, "new_case", lambda folder, crowd: fake.load(f"new {folder} {crowd}"))
    put(seawall.exposure, "check", fake.check)
    text = "▲ BREACH" if fake.breached else "the page"
    pages = SimpleNamespace(
        render=lambda result, width, colour: text,
        render_whole=lambda result, width, colour: "every section",
    )
    put(seawall.report, "terminal", pages)
    put(seawall.report, "page", SimpleNamespace(render=lambda result: "<!doctype html>\n"))
    published = SimpleNamespace(
        render_public=lambda result: "<!doctype html> published\n",
        public_json=lambda result: '{"schema": "seawall/public/1"}\n',
    )
    put(seawall.report, "public_page", published)
    return fake
