"""Wrong options are told in Seawall's words: which, what was given, what would be right."""

from __future__ import annotations

import pytest

from seawall.cli.app import run
from seawall.cli.wording import sentence


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--paths", "0"], "--paths: '0' is too small; 1 or more is needed."),
        (["--paths=0"], "--paths: '0' is too small; 1 or more is needed."),
        (["--paths", "many"], "--paths: 'many' is not a whole number."),
        (["--parts-by", "coin"], "--parts-by: 'coin' is not one of leg, asset, venue."),
        (["--engine", "slow"], "--engine: 'slow' is not one of auto, fast, plain, ray."),
        (["--seed", "-1"], "--seed: '-1' is too small; 0 or more is needed."),
        (["one", "two"], "'two' is more than this command takes."),
    ],
)
def test_a_wrong_option_is_one_sentence_of_ours(arguments, words, capsys):
    assert run(["check", *arguments]) == 1
    said = capsys.readouterr().err
    assert said.startswith(words), said
    assert said.endswith("Try `seawall check --help`.\n")
    assert "Value error" not in said
    assert "Input should" not in said


def test_what_is_not_known_to_it_is_said_as_it_is():
    assert sentence("No such command 'nosuch'.", ["nosuch"]) == "No such command 'nosuch'"
    assert sentence("Invalid value for 'CASE': it is odd", []) == "CASE: it is odd"


def test_a_value_behind_an_option_that_has_none():
    assert (
        sentence("Option '--paths' requires an argument.", []) == "--paths needs a value behind it"
    )
