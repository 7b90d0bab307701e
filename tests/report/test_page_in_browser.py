"""The page in a browser: silent, accessible, readable on a phone, and never run by a name in it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from browser import DESKTOP, PHONE, SMALL_PHONE, TABLET, opened, started
from fake_result import fake_result, without_desk
from test_page import poisoned
from test_terminal import CASES
from tiny_cases import QUOTE, Held, Trader, coin, perpetual, perpetuals_venue, tiny_case

from seawall.case import Limit
from seawall.exposure import check
from seawall.report import page
from seawall.report.public_page import render_public

HOSTILE = (
    "<script>window.ran=1;alert(1)</script>",
    '"><img src=x onerror="window.ran=2">',
    "{{7*7}}{% raw %}",
    "&lt;b&gt;&amp;",
    "</style></title></template><svg onload=window.ran=3>",
    "javascript:window.ran=4",
    "' autofocus onfocus='window.ran=5",
)
TURNED = "rtl\u202egnp.exe\u2066"
AXE_ALL = {"resultTypes": ["violations"]}


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with started() as one:
        yield one


def forms(result: dict[str, Any]) -> dict[str, str]:
    return {"whole": page.render(result), "published": render_public(result)}


def serious(seen: Any, options: dict[str, Any]) -> list[str]:
    """What axe finds that is serious or critical, with the first place of each."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(seen.page, options=options).response["violations"]
    return [
        f"{one['id']} ({len(one['nodes'])}): {one['nodes'][0]['html'][:200]}"
        for one in found
        if one["impact"] in ("serious", "critical")
    ]


@pytest.mark.parametrize("form", ["whole", "published"])
def test_it_asks_nothing_says_nothing_and_fits_every_width(
    form: str, browser: Any, tmp_path: Path
) -> None:
    html = forms(fake_result())[form]
    assert len(html.encode()) < 1_500_000
    with opened(browser, html, tmp_path) as seen:
        for width in (DESKTOP, TABLET, PHONE, SMALL_PHONE):
            seen.media(width=width)
            assert seen.ask("document.documentElement.scrollWidth") <= width
        seen.media(width=DESKTOP, dark=True)
        seen.media(width=DESKTOP, printed=True)
        assert seen.ask("document.title").startswith("Seawall check: ")
        assert seen.quiet, (seen.requests, seen.console, seen.dialogs)


@pytest.mark.parametrize("name", ["odd names", "many rows"])
def test_hard_results_fit_a_phone(name: str, browser: Any, tmp_path: Path) -> None:
    test_other_results_fit_a_phone(name, browser, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["no desk", "nulls", "extreme"])
def test_other_results_fit_a_phone(name: str, browser: Any, tmp_path: Path) -> None:
    """No desk, odd and very long names, hundreds of rows, nothing known, amounts of any size."""
    with opened(browser, page.render(CASES[name]()), tmp_path, SMALL_PHONE) as seen:
        assert seen.ask("document.documentElement.scrollWidth") <= SMALL_PHONE
        seen.media(width=DESKTOP)
        assert seen.ask("document.documentElement.scrollWidth") <= DESKTOP
        assert seen.quiet


def test_axe_finds_nothing_serious(browser: Any, tmp_path: Path) -> None:
    with opened(browser, page.render(fake_result()), tmp_path) as seen:
        assert serious(seen, AXE_ALL) == []


@pytest.mark.slow
@pytest.mark.parametrize("form", ["whole", "published"])
@pytest.mark.parametrize("make", [fake_result, without_desk])
def test_axe_finds_nothing_serious_in_any_medium(
    form: str, make: Any, browser: Any, tmp_path: Path
) -> None:
    with opened(browser, forms(make())[form], tmp_path) as seen:
        seen.ask("document.querySelectorAll('details').forEach(one => one.open = true)")
        for width in (DESKTOP, PHONE):
            for dark in (False, True):
                seen.media(width=width, dark=dark)
                assert serious(seen, AXE_ALL) == [], (width, dark)
        seen.media(width=DESKTOP, printed=True)
        assert serious(seen, AXE_ALL) == []


def test_axe_would_find_something(browser: Any, tmp_path: Path) -> None:
    """The test of the tests above: grey on grey and a picture without words are found."""
    style = "color:#999;background:#aaa"
    html = f'<!doctype html><html><body style="{style}">grey words<img></body></html>'
    with opened(browser, html, tmp_path) as seen:
        found = " ".join(serious(seen, AXE_ALL))
    for name in ("color-contrast", "image-alt", "html-has-lang", "document-title"):
        assert name in found


def test_the_keyboard_reaches_the_answer_and_every_number(browser: Any, tmp_path: Path) -> None:
    with opened(browser, page.render(fake_result()), tmp_path, TABLET) as seen:
        seen.page.keyboard.press("Tab")
        assert seen.ask("document.activeElement.className") == "skip"
        assert seen.ask("document.activeElement.getBoundingClientRect().height") > 20
        seen.page.keyboard.press("Enter")
        seen.page.keyboard.press("Tab")
        assert seen.ask("document.activeElement.closest('main') !== null")
        shown = seen.ask(SHOW_EVERY_NUMBER)
    assert shown["count"] > 100
    assert shown["silent"] == []
    assert shown["undescribed"] == []
    assert shown["wide"] == []


# Focus each number in turn: its words must show, be described in the page, and not widen it.
SHOW_EVERY_NUMBER = """() => {
  document.querySelectorAll('details').forEach(one => one.open = true);
  const all = [...document.querySelectorAll('.k')];
  const silent = [], undescribed = [], wide = [];
  for (const one of all) {
    one.focus();
    const tip = getComputedStyle(one, '::after').content;
    if (document.activeElement !== one || !tip.includes('JSON: ')) silent.push(one.outerHTML);
    if (!document.getElementById(one.getAttribute('aria-describedby'))?.innerText)
      undescribed.push(one.outerHTML);
    if (document.documentElement.scrollWidth > innerWidth) wide.push(one.outerHTML);
  }
  return {count: all.length, silent, undescribed, wide};
}"""


def test_headings_landmarks_and_tables_are_in_order(browser: Any, tmp_path: Path) -> None:
    with opened(browser, page.render(fake_result()), tmp_path) as seen:
        levels = seen.ask("[...document.querySelectorAll('h1,h2,h3,h4')].map(h => +h.tagName[1])")
        assert levels.count(1) == 1
        assert all(after - before <= 1 for before, after in pairwise(levels))
        for landmark in ("header", "main", "nav", "footer"):
            assert seen.ask(f"document.querySelectorAll('{landmark}').length") == 1
        bare = "t => !t.caption?.innerText || !t.querySelector('thead th[scope=col]')"
        assert seen.ask(f"[...document.querySelectorAll('table')].filter({bare}).length") == 0
        rows = "[...document.querySelectorAll('tbody tr')]"
        assert seen.ask(f"{rows}.filter(r => !r.querySelector('th[scope=row]')).length") == 0
        drawings = "[...document.querySelectorAll('svg.chart')]"
        named = "s => s.getAttribute('aria-hidden') || s.getAttribute('aria-label')"
        assert seen.ask(f"{drawings}.length") > 2
        assert seen.ask(f"{drawings}.every({named})")
        assert seen.ask("document.documentElement.lang") == "en"


def test_links_lead_to_places_on_the_page(browser: Any, tmp_path: Path) -> None:
    with opened(browser, page.render(fake_result()), tmp_path) as seen:
        lost = "a => !document.getElementById(a.getAttribute('href').slice(1))"
        assert seen.ask("document.querySelectorAll('a').length") > 20
        assert seen.ask(f"[...document.querySelectorAll('a')].filter({lost}).length") == 0


def test_the_content_policy_holds(browser: Any, tmp_path: Path) -> None:
    """Were a script or a picture ever to come into the page, the browser would not run or ask."""
    foreign = "<script>window.ran=1</script><img src='https://example.com/x.png'>"
    html = page.render(fake_result()).replace("</main>", f"{foreign}</main>")
    with opened(browser, html, tmp_path) as seen:
        assert seen.ask("window.ran === undefined")
        assert seen.ask("document.querySelector('img').naturalWidth") == 0
    with opened(browser, re.sub("<meta http-equiv[^>]*>", "", html), tmp_path) as seen:
        assert seen.ask("window.ran") == 1  # without the policy it would have run


@pytest.mark.parametrize("form", ["whole", "published"])
def test_text_of_a_case_is_shown_and_not_run(form: str, browser: Any, tmp_path: Path) -> None:
    with opened(browser, forms(poisoned(fake_result()))[form], tmp_path) as seen:
        assert_nothing_ran(seen)
        assert "<script>alert('x')</script>\"'&{{ 7*7 }}" in seen.ask("document.body.innerText")


def assert_nothing_ran(seen: Any) -> None:
    assert seen.quiet, (seen.requests, seen.console, seen.dialogs)
    assert seen.ask("window.ran === undefined")
    assert seen.ask("document.querySelectorAll('script, img, iframe, object, link').length") == 0
    assert seen.ask("document.querySelectorAll('[onload], [onerror], [onfocus]').length") == 0


@pytest.mark.parametrize("form", ["whole", "published"])
def test_hostile_names_of_a_real_case_are_shown_and_not_run(
    form: str, browser: Any, tmp_path: Path
) -> None:
    """The Case's own names, through a run: account owner, instrument, asset, venue, limit."""
    with opened(browser, forms(hostile_result())[form], tmp_path) as seen:
        assert_nothing_ran(seen)
        text = seen.ask("document.body.innerText")
        body = seen.ask("document.body.innerHTML")
    wanted = HOSTILE if form == "whole" else HOSTILE[:3]  # the rest names what is held
    for name in wanted:
        assert squeezed(name) in squeezed(text), name
    assert "\u202e" not in body
    assert "\u2066" not in body


def squeezed(text: str) -> str:
    return re.sub(r"\s", "", text)


@cache
def hostile_result() -> dict[str, Any]:
    """`check` of a Case of one desk and one other account, whose every name is hostile."""
    case_name, venue, asset, instrument, owner, limit, file = HOSTILE
    desk = Trader(venue, [Held(instrument, 10.0, 100.0)], {QUOTE: 60.0}, owner=owner)
    other = Trader(venue, [Held(instrument, -10.0, 100.0)], {QUOTE: 900.0})
    case = tiny_case(
        [desk, other],
        [perpetual(instrument, asset)],
        {venue: replace(perpetuals_venue(), name=venue, source=TURNED)},
        {asset: coin(100.0, depth=1e6, volatility=1.0)},
        step_seconds=900.0,
        limits=(Limit(limit, "dre", f"desk:{owner}", 0.01, 3600.0),),
    )
    case = replace(case, name=case_name, files={file: "0" * 64})
    return check(case, horizon_seconds=3600.0, paths=20)
