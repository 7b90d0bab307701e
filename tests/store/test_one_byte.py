"""One changed byte anywhere in a chain of reports is found, and its file and line are named."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

import pytest
from chain_of_reports import chain

from seawall.store.report import is_report, open_report
from seawall.store.verify import verify_chain

KINDS = {
    "input": lambda name: "/case/" in name and "rulebooks" not in name,
    "rulebook": lambda name: "/case/rulebooks/" in name or "/presets/" in name,
    "report": lambda name: name.endswith("/report.json"),
    "page": lambda name: name.endswith("/report.html"),
    "chain": lambda name: name.endswith(("head.json", "/summary.json", "/lines.json")),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("reports")
    chain(place, 1)
    return place


def files_of(folder: Path) -> list[str]:
    names = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    return sorted(name for name in names if not name.startswith("."))


def flipped(data: bytes, dice: random.Random) -> tuple[bytes, int]:
    """The bytes with one of them another, and the line that it stands in."""
    at = dice.randrange(len(data))
    other = data[at] ^ dice.randrange(1, 256)
    return data[:at] + bytes([other]) + data[at + 1 :], data.count(b"\n", 0, at) + 1


def test_an_untouched_chain_is_good(folder: Path) -> None:
    assert verify_chain(folder) == (1, [], [])


@pytest.mark.parametrize("flips", [40, pytest.param(200, marks=pytest.mark.slow)])
def test_each_of_200_changed_bytes_is_found_and_its_file_named(folder: Path, flips: int) -> None:
    dice, names = random.Random(7), files_of(folder)
    assert all(any(map(holds, names)) for holds in KINDS.values())
    tried, lines = Counter[str](), Counter[str]()
    for turn in range(flips):
        kind = list(KINDS)[turn % len(KINDS)]
        name = dice.choice([x for x in names if KINDS[kind](x)])
        path = folder / name
        before = path.read_bytes()
        after, line = flipped(before, dice)
        path.write_bytes(after)
        try:
            _, faults, _ = verify_chain(folder)
        finally:
            path.write_bytes(before)
        mine = [fault for fault in faults if fault.file == name]
        assert mine, f"{name} was changed in line {line} and is not named: {faults}"
        assert {fault.file for fault in faults} == {name}, "nothing else is blamed"
        tried[kind] += 1
        lines["right"] += any(fault.line == line for fault in mine)
        # A byte that is or becomes the end of a line moves the lines after it by one.
        moved = before.count(b"\n") != after.count(b"\n")
        lines["wrong"] += not moved and all(f.line not in (line, None) for f in mine)
    print(f"{flips} flips found: {dict(tried)}; line named in {lines['right']}")
    assert lines["wrong"] == 0
    assert lines["right"] >= 0.95 * flips


@pytest.mark.parametrize("name", ["report.json", "report.html"])
def test_a_report_alone_finds_each_changed_byte_too(folder: Path, name: str) -> None:
    dice = random.Random(11)
    data = next(iter(sorted(folder.glob(f"*/{name}")))).read_bytes()
    assert open_report(data, name).faults == ()
    for _ in range(30):
        after, _ = flipped(data, dice)
        assert is_report(after)
        assert open_report(after, name).faults, "a changed byte went unseen"


@pytest.mark.slow
def test_the_file_is_named_in_a_longer_chain_too(tmp_path: Path) -> None:
    chain(tmp_path, 4)
    dice, names = random.Random(13), files_of(tmp_path)
    for _ in range(100):
        name = dice.choice(names)
        before = (tmp_path / name).read_bytes()
        (tmp_path / name).write_bytes(flipped(before, dice)[0])
        _, faults, _ = verify_chain(tmp_path)
        (tmp_path / name).write_bytes(before)
        assert {fault.file for fault in faults} == {name}


@pytest.mark.slow
def test_a_byte_more_and_a_byte_less_are_found(folder: Path) -> None:
    for name in files_of(folder):
        path = folder / name
        before = path.read_bytes()
        for after in (before + b"\n", before[:-1], before[1:], b""):
            path.write_bytes(after)
            _, faults, _ = verify_chain(folder)
            assert name in {fault.file for fault in faults}, name
        path.write_bytes(before)
