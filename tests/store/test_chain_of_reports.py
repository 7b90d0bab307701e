"""A chain of reports: what is deleted, inserted, swapped or reordered is found and named."""

from __future__ import annotations

import json
import multiprocessing
import shutil
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest
from chain_of_reports import INPUTS, answer, chain, kept

from seawall.exposure.manifest import seal_report
from seawall.foundation.errors import InputError
from seawall.foundation.json_text import digest, dumps
from seawall.store import keep as keeping
from seawall.store import verify as verifying
from seawall.store.chain import (
    HEAD,
    REPORT,
    Entry,
    entries,
    sections_of,
    summaries,
    summary,
)
from seawall.store.fault import Fault
from seawall.store.keep import Question, keep, ready
from seawall.store.page_data import data_block, report_of_page
from seawall.store.report import Opened, open_report
from seawall.store.verify import verify_chain, verify_folder


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("written")
    for day in range(3):
        kept(place, day, 0.01 + day / 1000, html=False)
    return place


@pytest.fixture
def folder(written: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(written, tmp_path / "reports"))


def named(folder: Path) -> set[str]:
    return {fault.file for fault in verify_chain(folder)[1]}


def places(folder: Path) -> list[Path]:
    return [entry.folder for entry in entries(folder)]


def test_reports_are_numbered_and_linked(folder: Path) -> None:
    assert verify_chain(folder) == (3, [], [])
    reports = [json.loads((place / REPORT).read_text()) for place in places(folder)]
    seals = [report["manifest"]["seal"] for report in reports]
    assert [report["manifest"]["number"] for report in reports] == [1, 2, 3]
    assert [report["manifest"]["previous"] for report in reports] == [None, *seals[:2]]
    assert json.loads((folder / HEAD).read_text())["last"] == seals[2]
    assert [row["seal"] for row in summaries(folder)] == seals


def test_a_deleted_report_is_named_with_the_start_of_its_seal(folder: Path) -> None:
    middle = places(folder)[1]
    shutil.rmtree(middle)
    assert middle.name in named(folder)


def test_the_last_report_deleted_is_seen_at_the_head(folder: Path) -> None:
    shutil.rmtree(places(folder)[2])
    assert HEAD in named(folder)


def test_the_first_report_deleted_is_named(folder: Path) -> None:
    first = places(folder)[0]
    shutil.rmtree(first)
    assert first.name in named(folder)


@pytest.mark.parametrize("which", [0, 1, 2])
def test_lists_and_alerts_refuse_a_chain_that_lost_a_report(folder: Path, which: int) -> None:
    """Else deleting the report that raised an alert would be the way to silence it."""
    shutil.rmtree(places(folder)[which])
    with pytest.raises(InputError, match="missing or altered"):
        summaries(folder)


def edited(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def test_sections_are_the_texts_that_the_manifest_hashes(folder: Path) -> None:
    for place in places(folder):
        text = (place / REPORT).read_bytes()
        parts, report = sections_of(text), json.loads(text)
        hashes = {key: sha256(part).hexdigest() for key, part in parts.items()}
        assert list(parts) == list(report)
        assert {k: v for k, v in hashes.items() if k != "manifest"} == report["manifest"][
            "sections"
        ]
    rows = [summary(json.loads((place / REPORT).read_text())) for place in places(folder)]
    assert summaries(folder) == rows


def test_lists_and_alerts_believe_no_summary_that_its_report_does_not_tell(folder: Path) -> None:
    edited(places(folder)[1] / "summary.json", '"value": 0.011', '"value": 0.001')
    with pytest.raises(
        InputError, match=rf"{places(folder)[1].name}/summary\.json.*not the summary"
    ):
        summaries(folder)
    (places(folder)[1] / "summary.json").unlink()
    with pytest.raises(InputError, match=r"summary\.json: cannot be read"):
        summaries(folder)


@pytest.mark.parametrize("forged", ["section", "hashes", "no JSON", "taken away"])
def test_lists_and_alerts_believe_no_report_that_its_seal_does_not_fit(
    folder: Path, forged: str
) -> None:
    """A forger who changes summary and report alike, and even the section's hash."""
    place = places(folder)[1]
    report = json.loads((place / REPORT).read_text())
    report["limits"][0]["value"] = 0.001
    if forged == "hashes":
        report["manifest"]["sections"]["limits"] = digest({"limits": report["limits"]})
    text = {"section": dumps(report), "hashes": dumps(report), "no JSON": "{}"}.get(forged)
    if text is None:
        (place / REPORT).unlink()
    else:
        (place / REPORT).write_text(text)
    (place / "summary.json").write_text(dumps(summary(report)))
    with pytest.raises(InputError, match=rf"{place.name}/report\.json.*not as it was sealed"):
        summaries(folder)
    with pytest.raises(InputError, match="not as it was sealed"):
        kept(folder, 3, html=False)


def test_a_report_inserted_is_named(folder: Path) -> None:
    other = folder.with_name("other")
    (strange,) = chain(other, 1)
    shutil.copytree(strange, folder / strange.name)
    assert strange.name in named(folder)


def test_a_copy_under_the_next_number_is_named(folder: Path) -> None:
    last = places(folder)[2]
    copy = folder / last.name.replace("000003", "000004")
    shutil.copytree(last, copy)
    assert copy.name in named(folder)


def test_two_reports_that_change_places_are_both_named(folder: Path) -> None:
    first, second = places(folder)[:2]
    first.rename(folder / ".away")
    second.rename(first)
    (folder / ".away").rename(second)
    assert {first.name, second.name} <= named(folder)


def test_reports_that_change_their_json_are_both_named(folder: Path) -> None:
    first, second = (place / REPORT for place in places(folder)[:2])
    one, other = first.read_bytes(), second.read_bytes()
    first.write_bytes(other)
    second.write_bytes(one)
    assert {first.parent.name, second.parent.name} <= named(folder)


@pytest.mark.parametrize(
    "name", ["case/positions.csv", "presets/deribit.toml", REPORT, "summary.json", "lines.json"]
)
def test_a_missing_file_is_named(folder: Path, name: str) -> None:
    place = places(folder)[1]
    (place / name).unlink()
    assert f"{place.name}/{name}" in named(folder)


def test_a_file_more_is_named(folder: Path) -> None:
    place = places(folder)[0]
    (place / "case" / "rulebooks" / "mine.toml").write_text("")
    (folder / "notes.txt").write_text("")
    assert named(folder) == {f"{place.name}/case/rulebooks/mine.toml", "notes.txt"}


def test_an_older_report_written_anew_with_a_seal_of_its_own_breaks_the_chain(folder: Path) -> None:
    """Who can compute hashes can seal one report anew, but not without the ones after it."""
    middle = places(folder)[1]
    report = json.loads((middle / REPORT).read_text())
    link = (2, report["manifest"]["previous"])
    report["limits"][0]["value"] = 0.0
    forged = seal_report(
        report,
        report["manifest"]["options"],
        "2026-02-02T16:01:00Z",
        link,
        report["manifest"]["kept"],
    )
    (middle / REPORT).write_text(dumps(forged))
    middle = middle.rename(folder / f"000002-{forged['manifest']['seal'][:8]}")
    assert f"{middle.name}/{REPORT}" in named(folder)


def test_a_sealed_report_of_another_form_is_no_traceback(folder: Path) -> None:
    last = places(folder)[2]
    report = json.loads((last / REPORT).read_text())
    del report["dre"]
    report["manifest"]["rulebooks"] = [1]
    (last / REPORT).write_text(dumps(seal_report(report, {}, "x", (3, None))))
    assert f"{last.name}/{REPORT}" in named(folder)


class TestWriting:
    def test_a_crash_before_the_report_is_whole_leaves_nothing(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        before = sorted(path.name for path in folder.iterdir())
        calls = iter(range(100))

        def dies(path: Path, data: bytes) -> None:
            if next(calls) == 4:
                raise OSError(28, "No space left on device")
            path.write_bytes(data)

        monkeypatch.setattr(keeping, "_put", dies)
        with pytest.raises(InputError, match="No space left"):
            kept(folder, 3, html=False)
        assert sorted(path.name for path in folder.iterdir()) == before
        monkeypatch.undo()
        kept(folder, 3, html=False)
        assert verify_chain(folder) == (4, [], [])

    def test_a_kill_before_the_head_is_written_is_told_and_put_right(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def dies(*_: object) -> None:
            raise KeyboardInterrupt

        monkeypatch.setattr(keeping, "write_head", dies)
        with pytest.raises(KeyboardInterrupt):
            kept(folder, 3, html=False)
        monkeypatch.undo()
        count, faults, notes = verify_chain(folder)
        assert (count, faults) == (4, [])
        assert "not counted" in notes[0]
        kept(folder, 4, html=False)
        assert verify_chain(folder) == (5, [], [])

    def test_a_head_that_cannot_be_written_leaves_no_report(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Who is told that it failed shall not find it in the chain later."""
        before = sorted(path.name for path in folder.iterdir())

        def full(*_: object) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(keeping, "write_head", full)
        with pytest.raises(InputError, match="No space left"):
            kept(folder, 3, html=False)
        assert sorted(path.name for path in folder.iterdir()) == before

    def test_a_lock_that_cannot_be_taken_is_a_sentence(self, folder: Path) -> None:
        (folder / ".lock").unlink()
        (folder / ".lock").mkdir()
        with pytest.raises(InputError, match=r"\.lock: cannot be locked"):
            kept(folder, 3, html=False)

    def test_a_first_head_that_cannot_be_written_is_a_sentence(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def full(*_: object) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(keeping, "_put", full)
        with pytest.raises(InputError, match=r"head\.json could not be written"):
            kept(tmp_path / "new", 0, html=False)

    def test_a_check_that_ends_during_a_verification_is_no_fault(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Reading a month of reports takes longer than the next check needs to come."""
        calls = iter(range(100))

        def slow(entry: Entry) -> tuple[Opened, list[Fault]]:
            if next(calls) == 1:
                kept(folder, 3, html=False)
            return verify_folder(entry)

        monkeypatch.setattr(verifying, "verify_folder", slow)
        assert verify_chain(folder) == (3, [], [])
        assert verify_chain(folder) == (4, [], [])

    def test_what_a_killed_writer_left_is_swept(self, folder: Path) -> None:
        (folder / ".part-left").mkdir()
        kept(folder, 3, html=False)
        assert not (folder / ".part-left").exists()

    def test_inputs_that_changed_meanwhile_are_refused(self, folder: Path) -> None:
        inputs = INPUTS | {"limits.toml": INPUTS["limits.toml"] + b"\n"}
        with pytest.raises(InputError, match=r"limits\.toml.*while it was being checked"):
            keep(folder, answer(4), Question({}, "2026-02-05T16:01:00Z", inputs))
        assert verify_chain(folder)[0] == 3

    def test_two_writers_at_once_wait_for_each_other(self, tmp_path: Path) -> None:
        place = tmp_path / "reports"
        kept(place, 0, html=False)
        fork = multiprocessing.get_context("fork")
        writers = [fork.Process(target=writes, args=(place, k)) for k in (1, 2, 3)]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join()
        assert [writer.exitcode for writer in writers] == [0, 0, 0]
        assert verify_chain(place) == (7, [], [])

    @pytest.mark.parametrize(
        ("spoil", "words"),
        [
            (lambda p: (p / "mine.txt").write_text(""), "has no head.json"),
            (lambda p: (p / HEAD).write_text("{}"), "not the head of a chain"),
        ],
    )
    def test_a_folder_of_other_things_is_refused(
        self, tmp_path: Path, spoil: Callable[[Path], object], words: str
    ) -> None:
        spoil(tmp_path)
        with pytest.raises(InputError, match=words):
            ready(tmp_path)

    def test_a_chain_that_lost_its_end_is_not_continued(self, folder: Path) -> None:
        shutil.rmtree(places(folder)[2])
        with pytest.raises(InputError, match="does not end where"):
            kept(folder, 4, html=False)


def writes(place: Path, day: int) -> None:
    for more in (0, 3):
        kept(place, day + more, html=False)


class TestPageData:
    def test_markup_in_names_is_text_and_comes_back(self) -> None:
        result = seal_report(answer(), {}, "2026-02-01T16:01:00Z")
        result["case"]["name"] = "</template><script>alert(1)</script> &amp; &lt;"
        block = data_block(result)
        assert "<script" not in block
        assert block.count("</template>") == 1
        inside = report_of_page(block.encode())
        assert inside == dumps(result).encode()

    def test_a_result_without_a_seal_is_not_embedded(self) -> None:
        assert data_block(answer()) == ""

    def test_a_page_whose_json_was_taken_out_is_no_good_report(self) -> None:
        page = b"<html></html>\n<!-- seawall page " + b"0" * 64 + b" -->\n"
        assert open_report(page, "page.html").faults
