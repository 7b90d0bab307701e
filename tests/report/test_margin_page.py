"""The pages of margin and what-if: no line too wide, what must be read is there, names are safe."""

from __future__ import annotations

import copy
import re

import pytest

from seawall.casefile import sample_case
from seawall.report import margin_page, whatif_page
from seawall.report.columns import width_of
from seawall.report.derivation import amount, tree
from seawall.report.jsonfile import dumps
from seawall.whatif.compare import what_if
from seawall.whatif.margin_answer import margin_answer
from seawall.whatif.whatif_answer import whatif_answer

WIDTHS = (100, 80, 60, 40, 20)


@pytest.fixture(scope="module")
def answers():
    case = sample_case(crowd=0)
    found = what_if(case, ["-10 BTC-PERP"], "BTC=-12%,vol=+20%")
    return {
        "desk": margin_answer(case),
        "options": margin_answer(case, account="harbour/options", explain=True, venues="all"),
        "perps": margin_answer(
            case, account="harbour/perp-main", explain=True, venues="dydx_v4,aave_v3", exact=True
        ),
        "whatif": whatif_answer(case, found),
    }


def page(answers, name, width=100):
    render = whatif_page.render if name == "whatif" else margin_page.render
    return render(answers[name], width=width)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", ["desk", "options", "perps", "whatif"])
def test_no_line_is_wider_than_the_terminal(answers, name, width) -> None:
    for line in page(answers, name, width).splitlines():
        assert width_of(line) <= width, line


def test_the_desk_page_says_who_is_nearest_and_what_cross_shares(answers) -> None:
    text = page(answers, "desk")
    lines = text.splitlines()
    assert lines[0].startswith("■ OK        desk:harbour: 3 margin accounts at 3 venues")
    assert "SOL-PERP long: SOL 106.55 is -10.0%, 2.2 daily sigmas" in lines[1]
    assert "would lock 9.65M USDC; cross margin does it with 3.09M" in " ".join(text.split())
    assert "< initial" in text, "harbour/options is below its initial margin"


def test_every_amount_of_a_derivation_is_on_the_page(answers) -> None:
    text = page(answers, "options")

    def walk(node):
        yield node
        for part in node.get("parts", []):
            yield from walk(part)

    (working,) = answers["options"]["workings"]
    shown = [n for n in walk(working["working"]) if n["value"] not in (0.0, None)]
    assert len(shown) > 25
    for node in shown:
        assert amount(node["value"]) in text, node["name"]


def test_a_venue_without_an_answer_has_its_sentence(answers) -> None:
    text = " ".join(page(answers, "options").split())
    assert re.search(r"no answer from \d+: aave_v3: account 'harbour/options' holds", text)
    rows = {r["venue"]: r for r in answers["options"]["venues"]}
    assert rows["derive_pmrm_v2"]["reason"] is None
    assert re.search(r"derive_pmrm_v2 +1\.74M +1\.58M +1\.27M", page(answers, "options"))


def test_whole_units_are_whole(answers) -> None:
    (row,) = answers["perps"]["exact"]
    (margin,) = row["margins"]
    assert all(isinstance(margin[k], int) for k in ("equity", "initial", "maintenance"))
    assert f"{margin['maintenance']:,}" in page(answers, "perps")
    assert '"maintenance": ' + str(margin["maintenance"]) in dumps(answers["perps"])


def test_the_surface_marks_what_dies(answers) -> None:
    lines = page(answers, "options").splitlines()
    start = next(n for n, line in enumerate(lines) if "Liquidation surface" in line)
    rows = lines[start + 2 : start + 13]
    assert len(rows) == 11
    assert "·" in rows[0] and "█" in rows[0]
    assert "·" not in rows[-1], "at two and a half times the volatility everything is liquidatable"
    assert "now" in rows[-1]


def test_what_if_compares_states_and_folds_what_does_not_change(answers) -> None:
    text = page(answers, "whatif")
    lines = text.splitlines()
    assert lines[0] == "▲ BELOW     after both: below maintenance margin: harbour/options"
    assert "-10 BTC-PERP at 84,000 in harbour/perp-main: at the mark, no fee" in lines[1]
    shocked = "BTC -12.0%, every implied volatility x 1.20; shares follow, all else unchanged"
    assert shocked in lines[2]
    margin = text[text.index("── Margin") : text.index("── Liquidation prices")]
    assert [line.split()[1] for line in margin.splitlines() if "harbour/loan" in line] == [
        "unchanged"
    ]
    assert margin.count("▲ BELOW") == 2
    greeks = text[text.index("── Greeks") :]
    assert re.search(r"BTC +before +-50\.43", greeks)
    assert re.search(r"after trade +-60\.43", greeks)


def test_names_from_a_case_cannot_move_the_cursor(answers) -> None:
    for name in ("desk", "whatif"):
        answer = copy.deepcopy(answers[name])
        accounts = answer["accounts"] if name == "desk" else answer["states"][0]["accounts"]
        accounts[0]["margin_account"] = "evil\x1b[2J\u202eaccount"
        render = whatif_page.render if name == "whatif" else margin_page.render
        text = render(answer, width=100)
        assert "\x1b" not in text and "\u202e" not in text
        assert "evil?[2J?account" in text


def test_alike_lines_stand_in_one_table_and_zeros_are_named() -> None:
    parts = [
        {
            "name": f"p{n}",
            "value": 1.5 * n,
            "parts": [
                {"name": "rate", "value": 0.01 * n},
                {"name": "nothing", "value": 0.0},
            ],
        }
        for n in range(1, 4)
    ]
    lines = [
        "".join(s.text for s in line)
        for line in tree({"name": "sum", "value": 9, "parts": parts}, 80)
    ]
    assert lines[0].split() == ["sum", "9"]
    assert lines[1].split() == ["value", "rate"]
    assert [line.split() for line in lines[2:5]] == [
        ["p1", "1.5", "0.01"],
        ["p2", "3", "0.02"],
        ["p3", "4.5", "0.03"],
    ]
    assert lines[5].strip() == "0 in all: nothing"
