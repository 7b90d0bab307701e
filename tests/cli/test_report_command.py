"""`check --reports`, `seawall report verify` and `seawall report list`, on a small Case."""

from __future__ import annotations

import json
import re
import resource
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from seawall.casefile import new_case
from seawall.cli.app import run
from seawall.cli.kept import Earlier, since_case, with_recorded
from seawall.store.keep import lines_text
from seawall.store.page_data import sealed_page
from seawall.store.verify import verify_chain

HOW = ("--horizon", "4h", "--paths", "20", "--step", "10m", "--parts-by", "venue")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """case/ and reports/ with two reports of it, and the first as out.json and out.html."""
    place = tmp_path_factory.mktemp("made")
    case, reports = new_case(place / "case", crowd=0), place / "reports"
    written = ["--json", str(place / "out.json"), "--html", str(place / "out.html")]
    assert run(["check", str(case), *HOW, "--reports", str(reports), *written]) in (0, 2)
    assert run(["check", str(case), *HOW, "--seed", "2", "--reports", str(reports)]) in (0, 2)
    return place


@pytest.fixture
def place(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "copy"))


def verify(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, dict[str, Any]]:
    capsys.readouterr()
    code = run(["report", "verify", *map(str, words), "--json", "-"])
    return code, json.loads(capsys.readouterr().out)


def first(place: Path) -> Path:
    return min(p for p in (place / "reports").iterdir() if p.is_dir())


def test_what_was_written_is_unchanged(place, capsys):
    reports = place / "reports"
    assert verify_chain(reports) == (2, [], [])
    assert (first(place) / "report.json").read_bytes() == (place / "out.json").read_bytes()
    assert (first(place) / "report.html").read_bytes() == (place / "out.html").read_bytes()
    for words in (
        [place / "out.json", "--case", place / "case"],
        [place / "out.html", "--reports", reports],
        [first(place) / "report.json"],
        [reports],
    ):
        assert verify(capsys, *words)[0] == 0, words
    assert run(["report", "verify", str(place / "out.json")]) == 0
    assert capsys.readouterr().out.startswith("✓ UNCHANGED")


def test_the_manifest_holds_the_options_and_no_path_of_this_machine(place):
    report = json.loads((place / "out.json").read_text())
    options = report["manifest"]["options"]
    assert options["horizon"] == "4h"
    assert options["step"] == "10m"
    assert options["parts_by"] == ["venue"]
    assert options["seed"] == 1
    assert not options.keys() & {"json", "html", "reports", "engine", "threads", "case"}
    assert str(place.parent) not in json.dumps(report["manifest"])
    presets = {b["preset"]["name"] for b in report["manifest"]["rulebooks"].values()}
    assert presets == {"hyperliquid", "aave_v3", "deribit"}


def test_since_last_is_the_copy_in_the_last_report(place, capsys):
    reports = place / "reports"
    found = since_case(Path("last"), reports, "harbour")
    assert found is not None
    assert found.folder.parent.name.startswith("000002-")
    copy = (found.folder / "positions.csv").read_bytes()
    assert copy == (place / "case/positions.csv").read_bytes()
    assert since_case(Path("last"), reports, "another") is None
    assert since_case(Path("elsewhere"), reports, "harbour") == Earlier(Path("elsewhere"))
    assert run(["check", str(place / "case"), "--since", "last"]) == 1
    assert "--reports DIR" in capsys.readouterr().err


def test_since_last_says_what_the_report_itself_printed(place, capsys):
    """DRE of one scope and horizon alone, beside the rerun: in the JSON and on the page."""
    words = ["check", str(place / "case"), *HOW[:4], "--reports", str(place / "reports")]
    target = place / "since.json"
    assert run([*words, "--since", "last", "--json", str(target)]) in (0, 2)
    last = max(p for p in (place / "reports").iterdir() if p.name.startswith("000002"))
    told = json.loads((last / "summary.json").read_text())
    assert told["headline"] == "desk:harbour"
    block = json.loads(target.read_text())["since_last"]
    assert block["before_recorded"] == told["dre"] is not None
    assert "The earlier report said" in " ".join(capsys.readouterr().out.split())
    result = {"since_last": block | {"before_recorded": None}}
    for other in ({"headline": "protocol"}, {"horizon_seconds": 60.0}):
        earlier = Earlier(last / "case", told | other)
        assert with_recorded(result, earlier)["since_last"]["before_recorded"] is None
    assert with_recorded(result, Earlier(last / "case", told))["since_last"] == block
    assert with_recorded({"since_last": None}, Earlier(last, told)) == {"since_last": None}


def test_computed_again_it_is_the_same_byte_for_byte(place, capsys):
    code, answer = verify(capsys, first(place) / "report.json", "--rerun")
    assert code == 0, answer["faults"]
    assert "the answer, computed again" in answer["looked_at"]


def test_computed_again_from_a_report_that_lies_it_is_another(place, capsys):
    """A report sealed over a number that the check never gave: only a rerun can tell."""
    from seawall.exposure.manifest import seal_report
    from seawall.foundation.json_text import dumps

    report = json.loads((place / "out.json").read_text())
    report["system"]["bad_debt_mean"] += 1.0
    manifest = report["manifest"]
    lie = seal_report(report, manifest["options"], manifest["written"])
    (place / "lie.json").write_text(dumps(lie))
    assert verify(capsys, place / "lie.json")[0] == 0
    code, answer = verify(capsys, place / "lie.json", "--rerun", "--case", place / "case")
    assert code == 2
    assert [x["what"] for x in answer["faults"]] == ["system is another when computed again"]


def test_a_changed_input_is_named_with_its_line(place, capsys):
    positions = place / "case" / "positions.csv"
    text = positions.read_text()
    positions.write_text(text.replace("\n", "\n", 1).replace("0", "1", 1))
    line = text[: text.index("0")].count("\n") + 1
    code, answer = verify(
        capsys, place / "out.json", "--case", place / "case", "--reports", place / "reports"
    )
    assert code == 2
    (fault,) = answer["faults"]
    assert (fault["file"], fault["line"]) == (str(positions), line)
    assert run(["report", "verify", str(place / "out.json"), "--case", str(place / "case")]) == 2
    printed = capsys.readouterr().out
    assert printed.startswith("▲ ALTERED")
    assert "positions.csv" in printed


def test_inputs_taken_away_or_added_are_named(place, capsys):
    (place / "case" / "limits.toml").unlink()
    rules = place / "case" / "rulebooks"
    shutil.copy(rules / "sextant.toml", rules / "other.toml")
    code, answer = verify(capsys, place / "out.json", "--case", place / "case")
    assert code == 2
    assert {Path(x["file"]).name for x in answer["faults"]} == {"limits.toml", "other.toml"}


def test_a_report_that_is_not_of_the_chain_is_named(place, capsys):
    other = place / "elsewhere"
    words = ["--horizon", "1h", "--paths", "2", "--reports", str(other)]
    assert run(["check", str(place / "case"), *words]) in (0, 2)
    code, answer = verify(capsys, place / "out.json", "--reports", other)
    assert code == 2
    assert answer["faults"][0]["file"] == str(place / "out.json")


def test_an_older_link_is_found_from_a_later_report(place, capsys):
    older = first(place) / "summary.json"
    older.write_text(older.read_text().replace("harbour", "harbor", 1))
    last = max(p for p in (place / "reports").iterdir() if p.is_dir())
    code, answer = verify(capsys, last / "report.json")
    assert code == 2
    assert [x["file"] for x in answer["faults"]] == [str(older)]


def test_a_report_named_by_a_relative_path_is_one_file(place, monkeypatch, capsys):
    name = f"reports/{first(place).name}/report.json"
    (place / name).write_text((place / name).read_text().replace('"paths": 20', '"paths": 21', 1))
    monkeypatch.chdir(place)
    code, answer = verify(capsys, name)
    assert code == 2
    assert [x["file"] for x in answer["faults"]] == [name]


def test_a_report_whose_folder_was_sent_alone_is_verified_with_its_inputs(place, capsys):
    sent = Path(shutil.copytree(first(place), place / "sent" / first(place).name))
    code, answer = verify(capsys, sent / "report.html")
    assert (code, answer["faults"]) == (0, [])
    assert any("its own folder, with its inputs" in said for said in answer["looked_at"])
    positions = sent / "case" / "positions.csv"
    positions.write_text(positions.read_text().replace("0", "1", 1))
    code, answer = verify(capsys, sent / "report.json")
    assert code == 2
    assert [x["file"] for x in answer["faults"]] == [str(positions)]


def test_a_report_of_a_chain_whose_head_is_lost_is_altered(place, capsys):
    (place / "reports" / "head.json").unlink()
    code, answer = verify(capsys, first(place) / "report.json")
    assert code == 2
    assert [x["file"] for x in answer["faults"]] == [str(place / "reports" / "head.json")]


def retold(page: Path) -> int:
    """Let a page show another number, under a seal of its own; the line of it."""
    shown, inside = page.read_text().split("<template", 1)
    other = re.sub(r">\d+\.\d%<", ">0.1%<", shown, count=1)
    assert other != shown
    text, seal, _ = (other + "<template" + inside).partition("<!-- seawall page ")
    assert seal
    page.write_text(sealed_page(text))
    return shown[: _first_change(shown, other)].count("\n") + 1


def test_a_page_that_shows_another_number_under_a_seal_of_its_own_is_altered(place, capsys):
    line = retold(place / "out.html")
    code, answer = verify(capsys, place / "out.html")
    assert code == 2
    assert [(x["file"], x["line"]) for x in answer["faults"]] == [(str(place / "out.html"), line)]


def test_the_folder_finds_a_kept_page_that_shows_another_number(place, capsys):
    """Marks of lines and the page's own seal can be made anew by whoever changes the page."""
    own = first(place)
    line = retold(own / "report.html")
    files = {
        path.relative_to(own).as_posix(): path.read_bytes()
        for path in own.rglob("*")
        if path.is_file()
    }
    (own / "lines.json").write_bytes(lines_text(files))
    assert verify_chain(place / "reports") == (2, [], [])
    sent = Path(shutil.copytree(own, place / "sent" / own.name))
    for asked, named in (
        (place / "reports", own),
        (own / "report.html", own),
        (place / "out.json", own),
        (sent / "report.json", sent),
    ):
        words = ["--reports", place / "reports"] if asked == place / "out.json" else []
        code, answer = verify(capsys, asked, *words)
        assert code == 2, asked
        (fault,) = answer["faults"]
        assert (fault["file"], fault["line"]) == (str(named / "report.html"), line)


def test_pages_of_another_program_are_a_note(place, monkeypatch, capsys):
    monkeypatch.setattr("seawall.exposure.manifest.code_hash", lambda: "0" * 64)
    code, answer = verify(capsys, place / "reports")
    assert (code, answer["faults"]) == (0, [])
    assert any("1 page was not drawn again" in note for note in answer["notes"])


def _first_change(one: str, other: str) -> int:
    return next(n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nowhere.json"], "cannot be read"),
        (["case/case.toml"], "is not a report"),
        (["case"], "is not a folder of reports"),
        (["out.json", "--rerun"], "--case DIR"),
        (["reports", "--rerun"], "verified as a whole"),
        (["out.json", "--reports", "case"], "is not a folder of reports"),
        (["out.json", "--case", "nowhere"], "no such folder"),
    ],
)
def test_what_cannot_be_verified_is_1_and_a_sentence(place, monkeypatch, capsys, words, said):
    monkeypatch.chdir(place)
    assert run(["report", "verify", *words]) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert said in printed.err


def test_a_bad_case_leaves_the_folder_of_reports_as_it_was(place, capsys):
    (place / "case" / "positions.csv").write_text("not,a,book\n")
    before = sorted(p.name for p in (place / "reports").rglob("*"))
    assert run(["check", str(place / "case"), "--reports", str(place / "reports")]) == 1
    assert sorted(p.name for p in (place / "reports").rglob("*")) == before


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    """As on a full disk: the system refuses whatever is longer."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("new", [True, False])
def test_a_disk_that_fills_at_the_end_takes_no_answer_away(place, monkeypatch, capsys, new):
    """Of an hour of computing; nothing is kept by halves, and the exit code says that it is not."""
    answer = json.loads((place / "out.json").read_text())
    monkeypatch.setattr("seawall.exposure.check", lambda *_, **__: dict(answer))
    reports = place / ("new" if new else "reports")
    before = {p: p.read_bytes() for p in reports.rglob("*") if p.is_file()}
    words = ["check", str(place / "case"), "--reports", str(reports)]
    for more in ([], ["--json", "-"], ["--html", str(place / "page.html")]):
        capsys.readouterr()
        with files_of_at_most(50 if new else 60_000):
            assert run([*words, *more]) == 1
        printed = capsys.readouterr()
        assert f"Nothing was kept in {reports}: " in printed.err
        assert "(File too large)" in printed.err
        if more[:1] == ["--json"]:
            again = json.loads(printed.out)
            assert again["dre"] == answer["dre"]
            assert again["manifest"]["number"] is None
        else:
            assert "DRE 4 h" in printed.out.splitlines()[0]
    assert "page.html could not be written" in printed.err
    assert not (place / "page.html").exists()
    assert {p: p.read_bytes() for p in reports.rglob("*") if p.is_file()} | before == before | {
        reports / ".lock": b""
    }
    assert run(words) in (0, 2)
    assert verify_chain(reports) == (1 if new else 3, [], [])


def test_an_answer_whose_file_cannot_be_written_is_printed(place, capsys):
    target = place / "margin.json"
    with files_of_at_most(1_000):
        assert run(["margin", str(place / "case"), "--json", str(target)]) == 1
    printed = capsys.readouterr()
    assert "harbour" in printed.out
    assert "margin.json could not be written (File too large)" in printed.err
    assert not list(place.glob("*margin.json*"))


def test_the_list_names_them_and_an_empty_folder_is_a_sentence(place, tmp_path, capsys):
    assert run(["report", "list", str(place / "reports")]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("2 reports")
    assert run(["report", "list", str(tmp_path)]) == 1
    assert "is not a folder of reports" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["alerts"], ["report", "list"]])
def test_a_summary_that_was_changed_is_not_believed_and_named(place, capsys, words):
    told = first(place) / "summary.json"
    told.write_text(told.read_text().replace('"paths": 20', '"paths": 21', 1))
    assert run([*words, str(place / "reports")]) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert f"{told}: is not the summary of the report.json beside it" in printed.err
    assert "seawall report verify" in printed.err
