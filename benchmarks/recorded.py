"""Ratios of kernels to their twins, kept per processor: what a kernel must not fall far below.

A ratio depends on the processor's vector instructions, so it is compared only with one recorded on
a processor with the same features. On any other it is printed, and nothing fails.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

# A kernel that has lost its vectors is 4 to 8 times slower; noise is well within this.
ALLOWED = 0.5
TWINS = ("_vs_numpy", "_vs_plain")

Recorded = dict[str, dict[str, float]]


def is_twin(key: str) -> bool:
    """Whether a benchmark compares a kernel with its own plain twin."""
    return key.endswith(TWINS)


def processor() -> str:
    """Name of this processor's kind: LLVM's name and a hash of its features."""
    from llvmlite import binding

    features = binding.get_host_cpu_features().flatten()
    return f"{binding.get_host_cpu_name()}-{hashlib.sha256(features.encode()).hexdigest()[:8]}"


def load(file: Path) -> Recorded:
    """All recorded ratios by processor; empty without the file."""
    return json.loads(file.read_text("utf-8")) if file.exists() else {}


def record(file: Path, cpu: str, ratios: Mapping[str, float]) -> None:
    """Write ratios of this processor over those recorded before; other keys stay."""
    known = load(file)
    known[cpu] = {**known.get(cpu, {}), **{key: round(value, 2) for key, value in ratios.items()}}
    ordered = {name: dict(sorted(known[name].items())) for name in sorted(known)}
    file.write_text(json.dumps(ordered, indent=2) + "\n", "utf-8")


def fallen(ratios: Mapping[str, float], known: Mapping[str, float]) -> list[str]:
    """Keys, in order, whose ratio is below half of the recorded one."""
    return sorted(key for key in ratios if key in known and ratios[key] < ALLOWED * known[key])


def missing(ratios: Mapping[str, float], known: Mapping[str, float]) -> list[str]:
    """Twins that were recorded on this processor and are no longer measured."""
    return sorted(key for key in known if is_twin(key) and key not in ratios)
