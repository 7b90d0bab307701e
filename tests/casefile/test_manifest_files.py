"""The manifest names every file that was read, with the SHA-256 of its bytes."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

from seawall.casefile import load_case, new_case, sample_case
from seawall.exposure import check


def test_a_case_knows_the_hash_of_every_file_read(tmp_path: Path) -> None:
    folder = new_case(tmp_path / "case", crowd=0)
    (folder / "notes.txt").write_text("not part of the case")
    files = load_case(folder).files
    assert "rulebooks/meridian.toml" in files
    assert "notes.txt" not in files
    assert list(files) == sorted(files)
    for name, value in files.items():
        assert value == hashlib.sha256((folder / name).read_bytes()).hexdigest()


def test_one_byte_more_changes_the_hash_of_that_file_alone(tmp_path: Path) -> None:
    folder = new_case(tmp_path / "case", crowd=0)
    before = load_case(folder).files
    with (folder / "market.toml").open("a") as stream:
        stream.write("\n")
    after = load_case(folder).files
    assert {name for name in before if before[name] != after[name]} == {"market.toml"}


def test_the_manifest_of_an_answer_holds_files_rulebooks_and_versions() -> None:
    case = sample_case(crowd=0)
    manifest = check(replace(case, limits=()), paths=2, horizon_seconds=1_200.0)["manifest"]
    assert manifest["files"] == dict(case.files)
    assert len(manifest["files"]) >= 8
    assert set(manifest["rulebooks"]) == set(case.rulebooks)
    assert set(manifest["versions"]) == {"seawall", "python", "numpy", "scipy"}
