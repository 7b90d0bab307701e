"""`seawall check`: exit codes, where the answer goes, and what is refused before computing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import seawall.report
from seawall.cli import output
from seawall.cli.app import run
from seawall.foundation.errors import InputError, StaleError


def test_within_limits_is_0_and_prints_the_page(floors, capsys):
    assert run(["check"]) == 0
    printed = capsys.readouterr()
    assert printed.out == "the page\n"
    assert printed.err == ""
    assert floors.loaded == ["sample"]


def test_full_prints_every_section(floors, capsys):
    assert run(["check", "--full"]) == 0
    assert capsys.readouterr().out == "every section\n"


def test_code_of_a_case_is_run_only_where_it_is_trusted(floors):
    assert run(["check", "my-case"]) == 0
    assert run(["check", "my-case", "--trust-mechanisms"]) == 0
    assert floors.trusted == [False, True]


def test_a_breached_limit_is_2(floors):
    floors.breached = True
    assert run(["check", "my-case"]) == 2
    assert floors.loaded == ["my-case"]


def test_options_reach_the_engine_in_seconds(floors):
    assert run(["check", "--horizon", "7d", "--paths", "50", "--seed", "9", "--step", "90s"]) == 0
    (call,) = floors.calls
    assert call["horizon_seconds"] == 7 * 86_400.0
    assert call["paths"] == 50
    assert call["seed"] == 9
    assert call["case"].step_seconds == 90.0
    assert call["progress"] is None, "no progress bar where stderr is no terminal"


def test_the_cases_own_step_is_the_default(floors):
    run(["check"])
    (call,) = floors.calls
    assert call["case"].step_seconds == 300.0
    assert call["horizon_seconds"] == 86_400.0
    assert (call["paths"], call["seed"]) == (400, 1)


def test_json_on_stdout_is_alone_there_and_the_breach_is_named_on_stderr(floors, capsys):
    floors.breached = True
    assert run(["check", "--json", "-"]) == 2
    printed = capsys.readouterr()
    assert json.loads(printed.out)["schema"] == "seawall/check/1"
    assert "DRE 24 h" in printed.err


def test_json_and_html_are_written_beside_the_page(floors, tmp_path, capsys):
    files = [tmp_path / "check.json", tmp_path / "check.html"]
    assert run(["check", "--json", str(files[0]), "--html", str(files[1])]) == 0
    assert json.loads(files[0].read_text())["schema"] == "seawall/check/1"
    assert files[1].read_text().startswith("<!doctype html>")
    assert sorted(tmp_path.iterdir()) == sorted(files), "nothing else is left in the folder"
    assert capsys.readouterr().out == "the page\n"


def test_what_is_published_is_a_page_or_json_by_the_name_of_its_file(floors, tmp_path):
    page, data = tmp_path / "out.html", tmp_path / "out.JSON"
    assert run(["check", "--public", str(page)]) == 0
    assert page.read_text() == "<!doctype html> published\n"
    assert run(["check", "--public", str(data), "--html", str(page)]) == 0
    assert json.loads(data.read_text())["schema"] == "seawall/public/1"
    assert page.read_text() == "<!doctype html>\n"


def test_a_breach_still_writes_the_files(floors, tmp_path):
    floors.breached = True
    assert run(["check", "--json", str(tmp_path / "a.json")]) == 2
    assert (tmp_path / "a.json").is_file()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--json", "no-such-folder/a.json"], "no-such-folder does not exist"),
        (["--html", "."], "is a folder"),
        (["--html", "-"], "--html"),
        (["--json", "same", "--html", "./same"], "two different files"),
        (["--json", "same", "--public", "./same"], "two different files"),
        (["--public", "-"], "--public"),
        (["--horizon", "24"], "'24' is not a duration"),
        (["--step", "2d"], "longer than the horizon"),
        (["--paths", "0"], "--paths"),
        (["--paths", "many"], "--paths"),
        (["--seed", "-1"], "--seed"),
        (["--bogus"], "--bogus"),
        (["one", "two"], "two"),
    ],
)
def test_wrong_options_are_1_with_one_sentence_before_any_computing(
    arguments, words, floors, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    assert run(["check", *arguments]) == 1
    printed = capsys.readouterr()
    assert words in printed.err
    assert printed.err.count("\n") == 1
    assert printed.out == ""
    assert floors.calls == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", [InputError, StaleError])
def test_bad_input_is_1_and_its_own_sentence(kind, floors, capsys):
    floors.failure = lambda: kind("size is NaN", file="positions.csv", row=4, expected="a number")
    assert run(["check"]) == 1
    printed = capsys.readouterr()
    assert printed.err == "positions.csv, row 4: size is NaN; expected a number.\n"
    assert printed.out == ""


def test_a_bug_is_1_and_one_sentence_with_the_way_to_its_traceback(floors, capsys, monkeypatch):
    monkeypatch.delenv("SEAWALL_DEBUG", raising=False)
    floors.failure = lambda: ZeroDivisionError("division\nby zero")
    assert run(["check"]) == 1
    printed = capsys.readouterr().err
    assert printed.count("\n") == 1
    assert "SEAWALL_DEBUG=1" in printed
    assert "Traceback" not in printed


def test_debug_prints_the_traceback(floors, capsys, monkeypatch):
    monkeypatch.setenv("SEAWALL_DEBUG", "1")
    floors.failure = lambda: ZeroDivisionError("division by zero")
    assert run(["check"]) == 1
    assert "Traceback" in capsys.readouterr().err


def test_ctrl_c_is_130(floors, capsys):
    floors.failure = KeyboardInterrupt
    assert run(["check"]) == 130
    assert "Interrupted" in capsys.readouterr().err


def test_a_report_that_fails_leaves_earlier_files_alone(floors, tmp_path, monkeypatch):
    target = tmp_path / "check.json"
    target.write_text("the old answer")

    def fail(result: object) -> str:
        raise ValueError("no")

    monkeypatch.setattr(seawall.report.page, "render", fail)
    assert run(["check", "--json", str(target), "--html", str(tmp_path / "a.html")]) == 1
    assert target.read_text() == "the old answer"
    assert list(tmp_path.iterdir()) == [target]


class TestWriteFiles:
    def test_none_is_written_when_one_cannot_be(self, tmp_path):
        good, bad = tmp_path / "good", tmp_path / "missing" / "bad"
        good.write_text("old")
        with pytest.raises(InputError, match="could not be written"):
            output.write_files({good: "new", bad: "new"})
        assert good.read_text() == "old"
        assert list(tmp_path.iterdir()) == [good]

    def test_a_link_stays_a_link(self, tmp_path):
        real, link = tmp_path / "real", tmp_path / "link"
        real.write_text("old")
        link.symlink_to(real)
        output.write_files({link: "new"})
        assert link.is_symlink()
        assert real.read_text() == "new"

    def test_a_device_is_written_to_and_not_replaced(self):
        output.write_files({Path("/dev/null"): "gone"})
        assert Path("/dev/null").is_char_device()

    def test_the_umask_decides_who_may_read(self, tmp_path):
        output.write_files({tmp_path / "new": "text"})
        (tmp_path / "plain").write_text("text")
        assert (tmp_path / "new").stat().st_mode == (tmp_path / "plain").stat().st_mode
