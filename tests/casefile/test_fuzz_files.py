"""Whatever a file of the Case turns into, loading works or refuses with a sentence."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from seawall.case import Case
from seawall.casefile import load_case, new_case
from seawall.foundation.errors import SeawallError

FILES = (
    "case.toml",
    "market.toml",
    "instruments.csv",
    "accounts.csv",
    "positions.csv",
    "balances.csv",
    "limits.toml",
    "crowd.toml",
    "rulebooks/meridian.toml",
    "rulebooks/causeway.toml",
    "rulebooks/sextant.toml",
)
QUIET = settings(
    max_examples=250,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
INTERESTING = [
    *(text.encode() for text in "nan - 0 1e400 \" ' , = [ ] {} true . # 1970-01-01 \u202e".split()),
    *(b"", b"\n", b"\r", b"\xff", b"\0"),
]


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return new_case(tmp_path_factory.mktemp("fuzz") / "case", crowd=10)


def loads_or_refuses(folder: Path) -> None:
    try:
        case = load_case(folder)
    except SeawallError as error:
        sentence = str(error)
        assert sentence.endswith((".", ")")), sentence
        assert sentence.isprintable(), sentence
        assert len(sentence) < 600, sentence
    else:
        assert isinstance(case, Case)


def with_bytes(folder: Path, name: str, data: bytes) -> None:
    place = folder / name
    kept = place.read_bytes()
    try:
        place.write_bytes(data)
        loads_or_refuses(folder)
    finally:
        place.write_bytes(kept)


@QUIET
@given(
    name=st.sampled_from(FILES),
    place=st.floats(0, 1),
    cut=st.integers(0, 12),
    put=st.sampled_from(INTERESTING) | st.binary(max_size=6),
)
def test_bytes_flipped(sample: Path, name: str, place: float, cut: int, put: bytes) -> None:
    data = (sample / name).read_bytes()
    start = int(place * len(data))
    with_bytes(sample, name, data[:start] + put + data[start + cut :])


@QUIET
@given(name=st.sampled_from(FILES), data=st.data())
def test_lines_deleted_doubled_and_moved(sample: Path, name: str, data: st.DataObject) -> None:
    lines = (sample / name).read_bytes().split(b"\n")
    one = data.draw(st.integers(0, len(lines) - 1))
    two = data.draw(st.integers(0, len(lines) - 1))
    change = data.draw(st.sampled_from(["delete", "double", "swap", "cut"]))
    if change == "delete":
        del lines[min(one, two) : max(one, two) + 1]
    elif change == "double":
        lines.insert(two, lines[one])
    elif change == "swap":
        lines[one], lines[two] = lines[two], lines[one]
    else:
        lines = lines[:one]
    with_bytes(sample, name, b"\n".join(lines))


@QUIET
@given(name=st.sampled_from(FILES), data=st.binary(max_size=400))
def test_a_file_replaced_by_noise(sample: Path, name: str, data: bytes) -> None:
    with_bytes(sample, name, data)


def test_each_file_missing_in_turn(sample: Path, tmp_path: Path) -> None:
    for name in FILES:
        folder = tmp_path / name.replace("/", "_")
        shutil.copytree(sample, folder)
        (folder / name).unlink()
        loads_or_refuses(folder)


@settings(max_examples=80, deadline=None)
@given(place=st.floats(0, 1), put=st.binary(min_size=1, max_size=4))
def test_parquet_with_flipped_bytes(
    tmp_path_factory: pytest.TempPathFactory, place: float, put: bytes
) -> None:
    import polars

    folder = new_case(tmp_path_factory.mktemp("parquet") / "case", crowd=0)
    polars.read_csv(folder / "balances.csv").write_parquet(folder / "balances.parquet")
    (folder / "balances.csv").unlink()
    data = (folder / "balances.parquet").read_bytes()
    start = int(place * len(data))
    (folder / "balances.parquet").write_bytes(data[:start] + put + data[start + len(put) :])
    loads_or_refuses(folder)
