"""The other commands: define, doctor, case, scenarios; and what importing the command costs."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from seawall.case.assumptions import ASSUMPTIONS
from seawall.case.case import LIMIT_MEASURES
from seawall.case.definitions import DEFINITIONS, closest, lookup
from seawall.cli import doctor
from seawall.cli.app import run

ROOT = Path(__file__).resolve().parents[2]

# Every key of schema seawall/check/1, but for names of scopes, venues, assets and files.
JSON_KEYS = """
schema case name hash as_of quote venues accounts positions desks owner equity version seed paths
horizon_seconds step_seconds steps headline dre horizons_seconds scopes probability low high
model_low model_high expected_loss expected_shortfall expected_shortfall_level impaired_paths kinds
counts liquidation negative_equity adl socialised claims_lost loss_fraction parts price total
sentence crowd_leverage light base heavy median_leverage first_to_break account instrument kind side
underlying liquidation_price distance fraction daily_sigmas who_pays keeper backstop fund
who_pays_unconditional who_pays_scope who_pays_loss system bad_debt_mean value_at_risk
liquidations_at_risk fund_ruin_probability amplification shock ratio liquidated_mean concentration
notional open_interest_share depth_multiple days_to_exit exit_cost limits measure scope value limit
breached remedy action asset amount amount_quote dre_after low_after high_after cost cost_basis
deadline_seconds remedy_note assumptions warnings manifest files rulebooks source versions python
numpy scipy seawall since_last parts_by by_account coalitions orders grouped none part count ever
mean deciles top equity_at_stake
""".split()

# Words that the pages print and nobody should have to guess.
WORDS_OF_THE_PAGES = [
    *("ES", "ES (level)", "VaR", "model 95%", "simulation 95%", "daily sigmas", "mean loss"),
    *("price only", "own exit cost", "crowd feedback", "latency", "external failure", "points"),
    *("liq price", "distance", "of OI", "x depth 1%", "exit days", "exit cost", "crowd leverage"),
    *("loses too much", "adds to mean loss", "cannot fail", "hazard a year", "lost then"),
    *("tilted", "plain", "Pareto", "power", "out slowly", "out at once", "by the spread alone"),
    *("unexplained trades", "smile level", "log score", "width", "near", "within", "not proven"),
]


def in_a_process(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **environment},
    )


def test_nothing_heavy_is_imported_before_a_command_needs_it():
    code = (
        "import sys, seawall.cli.app as app\n"
        "app.run(['--help'])\n"
        "heavy = {'numpy', 'scipy', 'polars', 'pydantic', 'rich', 'jinja2'} & set(sys.modules)\n"
        "sys.exit(repr(sorted(heavy)) if heavy else 0)"
    )
    ended = in_a_process(code)
    assert ended.returncode == 0, ended.stderr
    assert "check" in ended.stdout


def test_a_reader_that_leaves_is_quiet():
    code = "import sys; from seawall.cli.app import main; sys.argv[1:] = ['define']; main()"
    reader, writer = os.pipe()
    os.close(reader)
    process = subprocess.run(
        [sys.executable, "-c", code], stdout=writer, stderr=subprocess.PIPE, text=True, check=False
    )
    os.close(writer)
    assert process.stderr == ""
    assert process.returncode == 0


def test_a_terminal_without_utf8_gets_text_and_not_an_exception():
    code = "from seawall.cli.output import say; say('▲ 3.5σ')"
    ended = in_a_process(code, PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout == "! 3.5s\n"


def test_json_is_utf8_whatever_the_terminal_speaks():
    code = "from seawall.cli.output import say_exactly; say_exactly('σ')"
    environment = {**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=False, env=environment
    )
    assert ended.stdout == "σ\n".encode()


@pytest.mark.parametrize("arguments", [[], ["--help"], ["case"], ["scenarios"], ["check", "-h"]])
def test_help_is_0(arguments, capsys):
    assert run(arguments) == 0
    assert "Usage: seawall" in capsys.readouterr().out


def test_an_unknown_command_is_1(capsys):
    assert run(["chekc"]) == 1
    assert "chekc" in capsys.readouterr().err


class TestDefine:
    @pytest.mark.parametrize("key", JSON_KEYS)
    def test_every_key_of_the_json_is_defined(self, key):
        assert lookup(key) is not None

    @pytest.mark.parametrize("measure", LIMIT_MEASURES)
    def test_every_measure_of_a_limit_is_defined(self, measure):
        assert lookup(measure) is not None

    @pytest.mark.parametrize("number", ASSUMPTIONS)
    def test_every_assumption_is_defined(self, number):
        entry = lookup(number.lower())
        assert entry is not None
        assert entry.text == ASSUMPTIONS[number]

    @pytest.mark.parametrize("word", WORDS_OF_THE_PAGES)
    def test_every_word_that_the_pages_print_is_defined(self, word):
        assert lookup(word) is not None

    def test_no_name_means_two_things(self):
        names = [
            word.replace("_", " ") for entry in DEFINITIONS for word in (entry.name, *entry.also)
        ]
        twice = {
            name for name in names if len({e.name for e in DEFINITIONS if name in spelled(e)}) > 1
        }
        assert not twice

    def test_a_key_by_name_path_and_words(self, capsys):
        assert lookup("dre.scopes.low") == lookup("high") == lookup("Simulation 95%")
        assert run(["define", "liq", "price"]) == 0
        assert capsys.readouterr().out.startswith("liquidation_price (quote)")

    @pytest.mark.parametrize(
        ("word", "name"),
        [
            *(("ratio", "margin_ratio"), ("theta", "theta_cash"), ("maint", "maintenance")),
            *(("deduction", "tier"), ("isolated", "isolated_margin"), ("PMRM", "pmrm")),
            *(("rules as of", "rules_as_of"), ("dies below", "dies_below"), ("bump", "svi")),
            *(("least g", "least_g"), ("half spread", "half_spread"), ("eSSVI", "essvi")),
            *((word, word) for word in ("worth", "market", "contents", "leverage", "saved")),
            *((word, word) for word in ("together", "liquidated", "defaults", "sigmas", "exact")),
            *((word, word) for word in ("contingency", "wing", "rmse", "tier", "health_factor")),
        ],
    )
    def test_words_of_the_margin_greeks_and_surface_pages(self, word, name):
        entry = lookup(word)
        assert entry is not None and entry.name == name

    def test_both_conventions_of_the_liquidation_price_are_named(self):
        text = lookup("liq price").text
        assert "implied_slope" in text and "`seawall margin`" in text

    def test_an_unknown_name_is_1_with_the_closest(self, capsys):
        assert run(["define", "liquidations_at_rsk"]) == 1
        assert "closest: liquidations_at_risk" in capsys.readouterr().err
        assert closest("zzzzzz") == ()

    def test_without_a_name_all_are_listed(self, capsys):
        assert run(["define"]) == 0
        listed = capsys.readouterr().out
        assert all(re.search(rf"^{entry.name} ", listed, re.M) for entry in DEFINITIONS)
        assert max(map(len, listed.splitlines())) <= 100

    def test_json(self, capsys):
        assert run(["define", "dre", "--json"]) == 0
        assert json.loads(capsys.readouterr().out)[0]["name"] == "dre"


def spelled(entry) -> set[str]:
    return {word.replace("_", " ") for word in (entry.name, *entry.also)}


class TestDoctor:
    def test_all_well_is_0(self, floors, capsys):
        assert run(["doctor", "--json"]) == 0
        answer = json.loads(capsys.readouterr().out)
        assert answer["ok"] is True
        assert {"python", "numpy", "bundled case", "SEAWALL_DATA", "browser"} <= {
            finding["name"] for finding in answer["findings"]
        }

    def test_each_gap_has_a_fix(self, floors, monkeypatch, tmp_path, capsys):
        monkeypatch.setenv("SEAWALL_DATA", str(tmp_path / "nowhere"))
        monkeypatch.setenv("PATH", str(tmp_path))
        run(["doctor", "--json"])
        findings = json.loads(capsys.readouterr().out)["findings"]
        gaps = {finding["name"]: finding["fix"] for finding in findings if finding["state"] != "ok"}
        assert gaps["SEAWALL_DATA"] == "export SEAWALL_DATA=FOLDER"
        assert "browser" in gaps
        assert all(gaps.values())

    def test_a_missing_package_is_1(self, floors, monkeypatch, capsys):
        monkeypatch.setattr(doctor, "CORE", ("numpy", "no-such-package-of-ours"))
        assert run(["doctor"]) == 1
        printed = capsys.readouterr().out
        assert "MISSING  no-such-package-of-ours" in printed
        assert "pip install" in printed

    def test_it_looks_at_the_packages_of_the_project_file(self):
        project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
        names = {re.split(r"[<>=]", line)[0] for line in project["dependencies"]}
        assert names == set(doctor.CORE)

    def test_pins_are_read_from_the_lock(self, tmp_path):
        lock = tmp_path / "requirements.lock"
        lock.write_text(
            "numpy==2.4.6 \\\n    --hash=sha256:aa\n"
            "colorama==0.4.6 ; sys_platform == 'win32' \\\n    --hash=sha256:bb\n"
        )
        assert doctor.pins(lock) == {"numpy": "2.4.6", "colorama": "0.4.6"}
        assert doctor.pins(tmp_path / "none") == {}


class TestLocks:
    @pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock"])
    def test_hashed_and_without_any_address(self, name):
        text = (ROOT / name).read_text()
        assert "/" not in text
        assert "index" not in text
        pinned = re.findall(r"^[a-z].*?\\\n    --hash=sha256:[0-9a-f]{64}", text, re.M)
        assert len(pinned) == len(doctor.pins(ROOT / name)) > 0

    def test_they_agree_and_hold_the_build_backend(self):
        runtime = doctor.pins(ROOT / "requirements.lock")
        assert {"hatchling", "editables"} <= set(runtime)
        assert runtime.items() <= doctor.pins(ROOT / "requirements-dev.lock").items()


class TestCase:
    def test_new_says_what_to_do_next(self, floors, capsys):
        assert run(["case", "new", "mine", "--crowd", "500"]) == 0
        assert floors.loaded == ["new mine 500"]
        assert "seawall check mine" in capsys.readouterr().out
        assert run(["case", "new", "my desk"]) == 0
        assert "then: seawall check 'my desk'\n" in capsys.readouterr().out

    def test_validate_tells_counts_worth_and_size(self, tmp_path, capsys):
        from seawall.casefile import new_case, sample_case

        folder = new_case(tmp_path / "mine", crowd=0)
        assert run(["case", "validate", str(folder)]) == 0
        first, desk, last = capsys.readouterr().out.splitlines()
        assert first == (
            "harbour is a valid Case: 18 accounts with 8 positions and 4 balances, 0 generated "
            "accounts, 3 rulebooks, 7 limits."
        )
        assert desk == "  desk:harbour: equity 7.43M USDC, positions of 59.6M, debt 7.15M"
        assert last == f"Hash {sample_case(0).digest}."

    def test_validate_names_a_sign_that_can_hardly_be_meant_and_counts_one_as_one(
        self, tmp_path, capsys
    ):
        from seawall.casefile import new_case_of_book

        table = tmp_path / "book.csv"
        table.write_text("venue,instrument,size\ncauseway,ETH,-700\ncauseway,USDC,-1350000\n")
        new_case_of_book(table, tmp_path / "tern", crowd=0)
        assert run(["case", "validate", str(tmp_path / "tern")]) == 0
        printed = capsys.readouterr().out
        assert "1 limit." in printed
        assert "  desk:tern: equity -3.28M USDC, no positions, debt 3.28M" in printed
        assert "  ! tern/causeway owes 700 ETH and 1,350,000 USDC" in printed

    def test_a_case_of_ones_own_holdings_says_what_it_took(self, tmp_path, monkeypatch, capsys):
        monkeypatch.chdir(tmp_path)
        Path("book.csv").write_text(
            "venue,instrument,size,entry_price\nmeridian,ETH-PERP,-10,2790\nmeridian,USDC,9000,\n"
        )
        assert run(["case", "new", "tern", "--book", "book.csv", "--crowd", "0"]) == 0
        assert capsys.readouterr().out.splitlines() == [
            "Made tern of book.csv, in the bundled market of 2026-01-30 (invented).",
            "  desk:tern: equity 9.3k USDC, positions of 27.6k",
            "  limit: DRE 24 h at most 2.00%, to be changed in tern/limits.toml",
            "Next: seawall check tern",
        ]
        assert run(["case", "new", "other", "--book", "none.csv"]) == 1
        assert "none.csv: there is no such file" in capsys.readouterr().err
        assert run(["case", "new", "my desk", "--book", "book.csv", "--crowd", "0"]) == 0
        assert capsys.readouterr().out.splitlines()[-1] == "Next: seawall check 'my desk'"

    def test_show_prints_what_is_in_it(self, floors, capsys):
        assert run(["case", "show"]) == 0
        printed = capsys.readouterr().out
        for words in (
            "harbour/main",
            "SOL-PERP",
            "1,250",
            "40,000",
            "meridian",
            "2026-01-15",
            "8x",
        ):
            assert words in printed

    def test_show_as_json(self, floors, capsys):
        assert run(["case", "show", "--json"]) == 0
        shown = json.loads(capsys.readouterr().out)
        assert shown["positions"][0]["size"] == 1250.0
        assert shown["hash"] == floors.case.digest


def test_scenarios_list_names_the_models(capsys):
    from seawall.scenario.paths import MODELS

    assert run(["scenarios", "list"]) == 0
    printed = capsys.readouterr().out
    assert all(name in printed and text in printed for name, text in MODELS.items())
