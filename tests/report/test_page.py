"""The HTML page: one file, nothing asked of the network, everything from the Case escaped."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from fake_result import fake_result, without_desk
from test_terminal import CASES

from seawall.case.assumptions import ASSUMPTIONS
from seawall.report import page
from seawall.report.terms import TERMS, meaning

VOID = {"meta", "br", "img", "link", "input", "hr"}
EVIL = "<script>alert('x')</script>\"'&{{ 7*7 }}"


class Reader(HTMLParser):
    """Checks that tags close in order; keeps tags, attributes and visible text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.feed(html)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open and self.open[-1] == tag, f"</{tag}> closes {self.open[-1:]}"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.text.append(data)


def poisoned(value: Any) -> Any:
    """The result with every text that a Case can set made hostile."""
    result = value
    case = result["case"]
    case["name"] = case["quote"] = EVIL
    case["venues"] = [EVIL]
    for row in [*result["first_to_break"], *result["concentration"]]:
        row["account"] = row["instrument"] = row["side"] = EVIL
        row["underlying"] = EVIL
    for row in result["limits"]:
        row["name"] = EVIL
    for scope in result["dre"]["scopes"].values():
        scope["sentence"] = EVIL
    result["dre"]["scopes"][f"desk:{EVIL}"] = result["dre"]["scopes"].pop("desk:harbour")
    result["headline"] = result["who_pays_scope"] = f"desk:{EVIL}"
    case["desks"] = [{"owner": EVIL, "equity": 1.0}, {"owner": "b", "equity": 1.0}]
    result["remedy"].update(account=EVIL, asset=EVIL, limit=EVIL, cost_basis=EVIL)
    result["remedy_note"] = EVIL
    result["warnings"] = [EVIL]
    system = result["system"]
    system["venues"] = {EVIL: system["venues"]["meridian"]}
    system["amplification"] = {EVIL: system["amplification"]["SOL"]}
    result["manifest"] = {
        "files": {EVIL: EVIL},
        "versions": {EVIL: EVIL},
        "rulebooks": {EVIL: {"source": EVIL, "as_of": EVIL}},
    }
    result["crowd_leverage"] = {EVIL: result["crowd_leverage"]["base"]}
    return result


@pytest.mark.parametrize("name", CASES)
def test_the_page_is_well_formed_and_shows_no_null(name: str) -> None:
    reader = Reader(page.render(CASES[name]()))
    text = " ".join(reader.text)
    assert not re.search(r"\b(None|nan|inf|Undefined)\b", text)
    for _, attributes in reader.tags:
        assert not any(v and re.search(r"\b(None|nan)\b", v) for v in attributes.values())


@pytest.mark.parametrize("name", CASES)
def test_no_request_leaves_the_page(name: str) -> None:
    html = page.render(CASES[name]())
    for tag, attributes in Reader(html).tags:
        assert tag not in {"script", "link", "iframe", "img", "object", "embed", "base", "form"}
        for key in ("src", "href", "xlink:href", "srcset", "action", "data", "poster"):
            value = attributes.get(key)
            assert value is None or value.startswith("#"), (tag, key, value)
    assert "@import" not in html
    assert not [
        x for x in re.findall(r"url\(\s*['\"]?([^)'\"]*)", html) if not x.startswith("data:")
    ]
    assert "default-src 'none'" in html
    assert len(html.encode()) < 1_500_000


def test_text_of_the_case_is_escaped_everywhere() -> None:
    html = page.render(poisoned(fake_result()))
    reader = Reader(html)
    assert not [tag for tag, _ in reader.tags if tag == "script"]
    assert "<script" not in html
    # Places in drawings are numbers of their own.
    places = r' (x|y|x1|x2|y1|y2|cx|cy|width|height|points)="[0-9.,% -]*"'
    said = re.sub(places, "", html.split("</style>")[1])
    assert "49" not in re.findall(r"&\{\{ 7\*7 \}\}|49", said)
    assert any(EVIL in piece for piece in ["".join(reader.text)])
    for _, attributes in reader.tags:
        assert not [name for name in attributes if name.startswith("on")]


def test_signs_that_turn_or_hide_text_are_taken_out() -> None:
    html = page.render(CASES["odd names"]())
    assert "\u202e" not in html
    assert "\x1b" not in html


def test_sections_come_in_the_agreed_order() -> None:
    html = page.render(fake_result())
    order = [
        "Limit breached",
        "A 3.1% chance that the desk is impaired within 24 hours.",
        "Its limit is 2.0%",
        "Model interval, 95%",
        "Loss if it happens",
        'aria-label="Contents"',
        "What dies first?</h2>",
        "Does it survive?</h2>",
        "Why?</h2>",
        "Are its limits kept?</h2>",
        "What would help?</h2>",
        "Who pays?</h2>",
        "The system behind it",
        "How far would it go?</h2>",
        "Could it get out?</h2>",
        "How was it computed?</h2>",
        "Manifest",
        "Assumptions</h3>",
        "Definitions</h3>",
    ]
    body = html[html.index("<body>") :]
    places = [body.index(words) for words in order]
    assert places == sorted(places)


def test_numbers_explain_themselves_and_can_be_focused() -> None:
    tags = Reader(page.render(fake_result())).tags
    explained = [a for _, a in tags if a.get("class") == "k"]
    assert len(explained) > 100
    for attributes in explained:
        assert attributes["tabindex"] == "0"
        assert "JSON: " in (attributes["data-tip"] or "")


def test_every_mark_leads_to_an_assumption_that_is_printed() -> None:
    for result in (fake_result(), without_desk()):
        tags = Reader(page.render(result)).tags
        targets = {a["id"] for _, a in tags if "id" in a}
        used = {(a["href"] or "")[1:] for tag, a in tags if tag == "a"}
        assert used <= targets
        assert {name for name in targets if re.fullmatch(r"A\d+", name or "")} == set(
            result["assumptions"]
        )


def test_every_number_that_explains_itself_is_described_by_a_definition_on_the_page() -> None:
    for result in (fake_result(), without_desk()):
        tags = Reader(page.render(result)).tags
        targets = [a["id"] for _, a in tags if "id" in a]
        assert len(targets) == len(set(targets))
        described = {a["aria-describedby"] for _, a in tags if a.get("class") == "k"}
        assert len(described) > 5
        assert described <= set(targets)


def test_only_words_of_this_page_are_defined_on_it() -> None:
    """No desk, no remedy: nothing explains what a remedy costs."""
    assert "Cost of the remedy." in page.render(fake_result())
    assert "Cost of the remedy." not in page.render(without_desk())


def test_every_term_of_the_page_has_a_definition() -> None:
    assert [key for key in TERMS if not meaning(key)] == []


def test_a_term_without_definition_still_shows_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("seawall.report.terms.lookup", lambda name: None)
    assert "Derivative Risk Exposure" in page.render(fake_result())


def test_nothing_impaired_is_said_in_words() -> None:
    html = page.render(without_desk())
    assert "Less than a 0.04% chance that the protocol is impaired within 24 hours." in html
    assert "Nothing breaks within 24 h" in html
    assert "No path is impaired, so nobody paid" in html
    assert "No limit is set" in html


def test_the_articles_of_percentages() -> None:
    for chance, words in ((0.081, "An 8.1% chance"), (0.115, "An 11.5%"), (0.021, "A 2.1%")):
        result = fake_result()
        result["dre"]["scopes"]["desk:harbour"]["probability"][2] = chance
        assert words in page.render(result)


def test_the_page_carries_its_notice_and_is_deterministic() -> None:
    html = page.render(fake_result())
    assert "Apache License 2.0" in html
    assert html == page.render(fake_result())


def test_documented_assumptions_are_the_ones_in_the_code() -> None:
    text = (Path(__file__).parents[2] / "docs" / "assumptions.md").read_text("utf-8")
    listed = dict(re.findall(r"^- \*\*(A\d+)\*\* (.+)$", text, re.MULTILINE))
    assert listed == ASSUMPTIONS


def test_a_browser_paints_the_page(tmp_path: Path) -> None:
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if not browser:
        print("skipped: no Chromium on this machine, the page was not painted", file=sys.stderr)
        pytest.skip("no Chromium on this machine")
    html = page.render(fake_result())
    (tmp_path / "report.html").write_text(html, "utf-8")
    picture = tmp_path / "report.png"
    subprocess.run(
        [
            browser,
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            f"--user-data-dir={tmp_path / 'profile'}",
            "--hide-scrollbars",
            "--window-size=1280,2000",
            f"--screenshot={picture}",
            (tmp_path / "report.html").as_uri(),
        ],
        check=True,
        capture_output=True,
        timeout=60,
    )
    # An unstyled or empty page compresses to far less than the charts and tables do.
    assert picture.read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    assert picture.stat().st_size > 60_000


def test_gains_are_nobody_s_share_of_the_loss() -> None:
    result = fake_result()
    result["who_pays"] = {
        "account": 4.6e6, "keeper": -0.1e6, "backstop": -0.24e6, "fund": 0.0, "adl": 18e3,
        "socialised": 0.0,
    }  # fmt: skip
    result["who_pays_loss"] = sum(result["who_pays"].values())
    text = page.render(result)
    assert "The desk bears &gt;99% of the loss; 18k falls on others" in text.replace("18.0k", "18k")
    assert "340k is gained by others" in text
    assert "108%" not in text


def test_a_desk_that_gains_while_others_pay() -> None:
    result = fake_result()
    result["who_pays"] = {
        "account": -1e6, "keeper": 0.0, "backstop": 0.0, "fund": 3e6, "adl": 0.0, "socialised": 0.0,
    }  # fmt: skip
    result["who_pays_loss"] = 2e6
    text = page.render(result)
    assert "The desk gains 1M" in text.replace("1.00M", "1M")
    assert "100% the fund" in text


def test_nothing_breaks_but_the_nearest_leg_is_named() -> None:
    result = fake_result()
    for row in result["first_to_break"]:
        row.update(paths=0, probability=0.0)
    text = page.render(result)
    assert "breaks first in" not in text
    assert "Nothing breaks on any path; nearest is" in text


def test_the_verdict_says_what_makes_its_remedy_doubtful() -> None:
    result = fake_result()
    assert "reaches over the limit" not in page.render(result)
    result["remedies"][0]["sure"] = False
    assert "by the estimate; its interval reaches over the limit." in page.render(result)
    result["remedies"][0]["in_time"] = False
    assert ", but it lands too late." in page.render(result)
