"""A Case with code of its own: hashed and refused unless trusted, run where it is."""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest

from seawall.cascade.own.code import Own, OwnFile, OwnMechanismError
from seawall.cascade.setup import compile_setup
from seawall.casefile import load_case, sample_case
from seawall.casefile.folder import read_folder
from seawall.casefile.save import save_case
from seawall.cli import mechanism
from seawall.cli.app import run
from seawall.foundation.errors import InputError

RULE = '''"""Close a share of everything, again and again; for tests."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from seawall.foundation.quantity import POSITIVE_FRACTION
from seawall.foundation.record import number

SLOT = "sizing"
Path("{mark}").write_text("the code ran")


@dataclass(frozen=True)
class Share:
    """share of every position that one order closes."""

    share: float = number(POSITIVE_FRACTION, 0.5)


def step(rule, view):
    return np.full(view.equity.shape, rule.share)
'''


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The sample with an own rule for sizes at its order book."""
    case = sample_case(20)
    place = save_case(case, tmp_path / "case")
    venue = _order_book(place)
    with venue.open("a") as rulebook:
        rulebook.write('\n[mechanisms.sizing]\nfile = "share.py"\nshare = 0.25\n')
    (place / "share.py").write_text(RULE.format(mark=tmp_path / "mark"))
    return place


def _order_book(place: Path) -> Path:
    styles = {path: path.read_text() for path in sorted((place / "rulebooks").iterdir())}
    return next(path for path, text in styles.items() if 'style = "orderbook"' in text)


def test_reading_a_strangers_case_runs_no_code(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SEAWALL_TRUST_MECHANISMS", raising=False)
    with pytest.raises(InputError, match=r"names 'share.py', code that is run only where you"):
        load_case(folder)
    assert not (folder.parent / "mark").exists()


def test_a_text_in_the_table_is_never_run(folder: Path) -> None:
    """A table cannot bring the code itself, whatever it is called there."""
    venue = _order_book(folder)
    code = "import pathlib"
    venue.write_text(
        venue.read_text().replace('file = "share.py"', f'file = {{ text = "{code}" }}')
    )
    with pytest.raises(InputError, match="printable text"):
        load_case(folder, trust_mechanisms=True)


@pytest.mark.parametrize("by_variable", [False, True])
def test_where_trusted_it_is_run_with_its_parameters(
    folder: Path, by_variable: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if by_variable:
        monkeypatch.setenv("SEAWALL_TRUST_MECHANISMS", "1")
    case = load_case(folder, trust_mechanisms=not by_variable)
    setup = compile_setup(case, case.book)
    own = [m["sizing"] for m in setup.mechanisms if "sizing" in m]
    assert isinstance(own[0], Own)
    assert own[0].rule.share == 0.25  # type: ignore[attr-defined]
    assert (folder.parent / "mark").read_text() == "the code ran"
    assert case.files["share.py"] == own[0].file.sha256


def test_the_digest_counts_the_code(folder: Path) -> None:
    before = read_folder(folder).digest
    (folder / "share.py").write_text("something else")
    assert read_folder(folder).digest != before
    (folder / "unnamed.py").write_text("nobody names this")
    named = read_folder(folder)
    assert "unnamed.py" not in named.contents


@pytest.mark.parametrize("name", ["../share.py", "/share.py", "a/../../share.py", "share.txt"])
def test_a_file_outside_the_case_is_refused(folder: Path, name: str) -> None:
    venue = _order_book(folder)
    venue.write_text(venue.read_text().replace('"share.py"', f'"{name}"'))
    with pytest.raises(InputError, match="a file of this case's folder"):
        load_case(folder, trust_mechanisms=True)


def test_a_wrong_parameter_is_refused_with_its_line(folder: Path) -> None:
    venue = _order_book(folder)
    venue.write_text(venue.read_text().replace("share = 0.25", "share = 0.0"))
    with pytest.raises(InputError, match=r"row \d+: mechanisms.sizing.share is 0.0"):
        load_case(folder, trust_mechanisms=True)
    venue.write_text(venue.read_text().replace("share = 0.0", "shares = 0.5"))
    with pytest.raises(InputError, match="shares is not a known key"):
        load_case(folder, trust_mechanisms=True)


def test_saved_and_loaded_it_is_the_same(folder: Path, tmp_path: Path) -> None:
    case = load_case(folder, trust_mechanisms=True)
    again = load_case(save_case(case, tmp_path / "again"), trust_mechanisms=True)
    assert {v: r.mechanisms for v, r in again.rulebooks.items()} == {
        v: r.mechanisms for v, r in case.rulebooks.items()
    }


def test_check_says_why_and_runs_when_told(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SEAWALL_TRUST_MECHANISMS", raising=False)
    how = ["check", str(folder), "--paths", "4", "--horizon", "10m"]
    assert run(how) == 1
    assert "--trust-mechanisms" in capsys.readouterr().err
    assert run([*how, "--trust-mechanisms"]) in (0, 2)
    assert "share.py" in capsys.readouterr().out


def test_a_command_without_the_option_names_what_it_does_take(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SEAWALL_TRUST_MECHANISMS", raising=False)
    assert run(["case", "validate", str(folder)]) == 1
    assert "SEAWALL_TRUST_MECHANISMS=1 for every command" in capsys.readouterr().err
    monkeypatch.setenv("SEAWALL_TRUST_MECHANISMS", "1")
    assert run(["case", "validate", str(folder)]) == 0


def test_an_error_travels_between_processes() -> None:
    import pickle

    error = OwnMechanismError("my.py, row 3: it failed.", "O1")
    again = pickle.loads(pickle.dumps(error))
    assert (str(again), again.law) == ("my.py, row 3: it failed.", "O1")
    assert str(OwnFile("a.py", "")) == "a.py"


def test_a_study_runs_own_mechanisms_where_it_is_told_to(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["mechanism", "attack", str(folder)]
    assert run(asked) == 1
    assert "expected --trust-mechanisms" in capsys.readouterr().err
    assert not (folder.parent / "mark").exists()
    assert run([*asked, "--trust-mechanisms"]) == 0
    assert (folder.parent / "mark").exists()


def test_every_question_about_a_case_can_be_told_to_trust_it() -> None:
    asked = {
        command.name: set(inspect.signature(command.callback).parameters)
        for command in mechanism.app.registered_commands
        if command.callback is not None
    }
    about_a_case = {name for name, given in asked.items() if "folder" in given}
    assert {"attack", "concert", "cross", "crowd", "depth", "deviate"} < about_a_case
    assert all("trust_mechanisms" in asked[name] for name in about_a_case)
