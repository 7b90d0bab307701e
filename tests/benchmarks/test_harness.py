"""The benchmarks' own logic, with clocks that do not depend on the machine."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from types import ModuleType

import pytest

import measure as harness
import recorded
from measure import Benchmark, Measurement, measure

ROOT = Path(__file__).parents[2]


class Clock:
    """Time that passes only when a side says so."""

    def __init__(self) -> None:
        self.now = 0.0
        self.calls: list[str] = []

    def __call__(self) -> float:
        return self.now

    def side(self, name: str, *seconds: float) -> object:
        """A call that takes the given seconds, one after another, the last one forever."""
        left = list(seconds)

        def call() -> None:
            self.calls.append(name)
            self.now += left.pop(0) if len(left) > 1 else left[0]

        return call


def benchmark(clock: Clock, ours: object, theirs: object, **more: float) -> Benchmark:
    return Benchmark("a_vs_b", 2.0, ours, theirs, clock=clock, **more)  # type: ignore[arg-type]


def loaded_runner() -> ModuleType:
    spec = importlib.util.spec_from_file_location("bench_runner", ROOT / "benchmarks" / "run.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


runner = loaded_runner()


def test_the_ratio_is_theirs_over_ours_and_the_warm_up_does_not_count() -> None:
    clock = Clock()
    found = measure(benchmark(clock, clock.side("a", 50.0, 1.0), clock.side("b", 99.0, 3.0)))
    assert (found.ratio, found.ours, found.theirs) == (3.0, 1.0, 3.0)


def test_sides_take_turns() -> None:
    clock = Clock()
    measure(benchmark(clock, clock.side("a", 1.0), clock.side("b", 1.0)), rounds=4)
    # Two calls of each to warm up and to find the number of repeats, then rounds.
    assert "".join(clock.calls) == "aabb" + "ab" * 4


def test_a_sample_of_work_is_scaled() -> None:
    clock = Clock()
    pair = (clock.side("a", 1.0), clock.side("b", 2.0))
    assert measure(benchmark(clock, *pair, scale=10.0)).ratio == 20.0


def test_one_disturbed_round_does_not_move_the_median() -> None:
    clock = Clock()
    slow = clock.side("a", 1.0, 1.0, 1.0, 500.0, 1.0)
    found = measure(benchmark(clock, slow, clock.side("b", 4.0)), rounds=5, seconds=1e9)
    assert found.ratio == 4.0


def test_drift_of_the_machine_cancels_within_a_round() -> None:
    clock = Clock()
    ours = clock.side("a", 1.0, 1.0, *(2.0**k for k in range(5)))
    theirs = clock.side("b", 3.0, 3.0, *(3 * 2.0**k for k in range(5)))
    assert measure(benchmark(clock, ours, theirs), rounds=5, seconds=1e9).ratio == 3.0


def test_short_calls_are_repeated_and_seconds_are_of_one_call() -> None:
    clock = Clock()
    found = measure(benchmark(clock, clock.side("a", 0.001), clock.side("b", 0.01)), rounds=3)
    assert clock.calls.count("a") == 2 + 3 * 5
    assert found.ours == pytest.approx(0.001)
    assert found.ratio == pytest.approx(10.0)


def test_a_slow_benchmark_stops_early_but_not_before_three_rounds() -> None:
    clock = Clock()
    found = measure(benchmark(clock, clock.side("a", 9.0), clock.side("b", 9.0)), seconds=1.0)
    assert found.rounds == harness.FEWEST


def test_records_are_kept_per_processor(tmp_path: Path) -> None:
    file = tmp_path / "recorded.json"
    assert recorded.load(file) == {}
    recorded.record(file, "x", {"a_vs_plain": 10.0, "b_vs_plain": 4.0})
    recorded.record(file, "y", {"a_vs_plain": 3.0})
    recorded.record(file, "x", {"a_vs_plain": 12.0})
    assert recorded.load(file) == {
        "x": {"a_vs_plain": 12.0, "b_vs_plain": 4.0},
        "y": {"a_vs_plain": 3.0},
    }


def test_a_kernel_falls_only_below_half() -> None:
    known = {"a_vs_plain": 10.0, "b_vs_plain": 10.0, "c_vs_scipy": 9.0, "d_vs_numpy": 1.0}
    ratios = {"a_vs_plain": 5.0, "b_vs_plain": 4.9, "new_vs_plain": 0.1}
    assert recorded.fallen(ratios, known) == ["b_vs_plain"]
    assert recorded.missing(ratios, known) == ["d_vs_numpy"]


def measurement(key: str, ratio: float, ours: float = 1.0) -> Measurement:
    return Measurement(key, ratio, ours, ratio * ours, 3)


def twin(key: str = "k_vs_plain") -> Benchmark:
    return Benchmark(key, 2.0, lambda: None, lambda: None)


@pytest.fixture
def records(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = tmp_path / "recorded.json"
    monkeypatch.setattr(runner, "RECORDED", file)
    monkeypatch.setattr(runner.recorded, "processor", lambda: "this")
    return file


def gated(ratio: float, again: float) -> int:
    done = {"k_vs_plain": measurement("k_vs_plain", ratio)}
    return int(runner.gate([twin()], done, lambda one: measurement(one.key, again)))


def test_the_gate_on_an_unknown_processor_prints_and_passes(
    records: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recorded.record(records, "another", {"k_vs_plain": 100.0})
    assert gated(0.1, 0.1) == 0
    assert "no recorded ratios" in capsys.readouterr().out


def test_the_gate_fails_below_half_and_says_which(
    records: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recorded.record(records, "this", {"k_vs_plain": 10.0})
    assert gated(4.0, 4.5) == 1
    assert "k_vs_plain is 4.50, below half of the 10.00 recorded" in capsys.readouterr().out
    assert gated(6.0, 0.0) == 0


def test_the_gate_measures_what_has_fallen_once_more(records: Path) -> None:
    recorded.record(records, "this", {"k_vs_plain": 10.0})
    assert gated(1.0, 9.0) == 0


def test_the_gate_misses_a_kernel_that_is_gone(records: Path) -> None:
    recorded.record(records, "this", {"k_vs_plain": 10.0, "gone_vs_numpy": 3.0})
    assert gated(10.0, 10.0) == 1


def test_a_peer_that_is_not_installed_is_skipped_and_named(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def absent(one: Benchmark) -> Measurement:
        if one.key == "x_vs_peer":
            raise ModuleNotFoundError("No module named 'peer'", name="peer")
        return measurement(one.key, 1.0)

    done = runner.run([twin("x_vs_peer"), twin()], {}, absent)
    assert list(done) == ["k_vs_plain"]
    printed = capsys.readouterr().out
    assert "peer, which is not installed" in printed
    assert "missed by 50.0%" in printed


def test_a_benchmark_that_fails_takes_no_other_with_it(capsys: pytest.CaptureFixture[str]) -> None:
    def broken(one: Benchmark) -> Measurement:
        if one.key == "x_vs_peer":
            raise TypeError("no such argument")
        return measurement(one.key, 3.0)

    done = runner.run([twin("x_vs_peer"), twin()], {}, broken)
    assert list(done) == ["k_vs_plain"]
    assert "failed" in capsys.readouterr().out


def test_a_failure_is_the_exit_code(records: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise TypeError("no such argument")

    for side, code in ((broken, 1), (lambda: None, 0)):
        one = Benchmark("x_vs_plain", 1.0, side, lambda: None)
        monkeypatch.setattr(runner, "discover", lambda folder, only, one=one: ([one], {}))
        assert runner.main(["--gate"]) == code


def test_results_are_one_flat_object_of_numbers() -> None:
    counted = Benchmark("w_vs_s", 1.0, lambda: None, lambda: None, operations=4e9)
    done = {"w_vs_s": measurement("w_vs_s", 8.5, ours=0.5)}
    assert runner.flat([counted, twin()], done) == {"w_vs_s": 8.5, "w_gflops": 8.0}
    stepped = Benchmark("p_vs_s", 1.0, lambda: None, lambda: None, steps=4e6)
    done = {"p_vs_s": measurement("p_vs_s", 8.5, ours=0.5)}
    assert runner.flat([stepped], done) == {"p_vs_s": 8.5, "p_ns_per_step": 125.0}
    assert "125 ns each" in runner.line(stepped, done["p_vs_s"])


def test_the_files_in_the_project_are_of_that_form() -> None:
    results = json.loads((ROOT / "benchmarks" / "results.json").read_text("utf-8"))
    assert results
    assert all(type(value) in (int, float) for value in results.values())
    for ratios in recorded.load(ROOT / "benchmarks" / "recorded.json").values():
        assert all(recorded.is_twin(key) for key in ratios)


def test_two_benchmarks_of_one_key_are_refused(tmp_path: Path) -> None:
    source = "from measure import Benchmark\nBENCHMARKS = [Benchmark('k', 1.0, print, print)]\n"
    for name in ("bench_twice_one.py", "bench_twice_two.py"):
        (tmp_path / name).write_text(source, "utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(tmp_path))
        with pytest.raises(SystemExit, match="called k"):
            runner.discover(tmp_path, "")
        found, _ = runner.discover(tmp_path, "other")
    assert found == []
