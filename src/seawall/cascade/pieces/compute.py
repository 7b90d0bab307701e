"""What computes the paths: which engine, on how many workers, on which cluster.

A choice of speed only. Paths do not know of each other and their random numbers are addressed, so
every choice gives the same bits (law L10), on one machine and one lock.

Imports nothing heavy: the command line reads its choices from here.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from enum import StrEnum

from seawall.foundation.errors import InputError


class Engine(StrEnum):
    """What runs the paths."""

    AUTO = "auto"  # the compiled engine where it answers at once, else the plain loop
    FAST = "fast"  # the compiled engine, in threads
    PLAIN = "plain"  # the plain loop, in processes
    RAY = "ray"  # either of them, on the machines of a Ray cluster


@dataclass(frozen=True)
class Compute:
    """The engine, how many workers it has, and the cluster's address.

    engine    see Engine
    threads   workers on this machine, >= 1; None: as many as there are cores for this process
    address   of a running Ray cluster, as Ray writes it; None: the one that the variable
              RAY_ADDRESS names, else a local Ray that lives for this run

    Raises InputError for a choice that cannot be meant.
    """

    engine: Engine = Engine.AUTO
    threads: int | None = None
    address: str | None = None

    def __post_init__(self) -> None:
        if self.threads is not None and self.threads < 1:
            raise InputError(
                f"{self.threads} threads", file="--threads", expected="one thread at least"
            )
        if self.address is not None and self.engine is not Engine.RAY:
            raise InputError(
                f"an address of Ray for the engine {self.engine}",
                file="--ray-address",
                expected="--engine ray with it",
            )
        if self.threads is not None and self.cluster is not None:
            raise InputError(
                f"{self.threads} threads for the cluster at {self.cluster}, which counts its own",
                file="--threads",
                expected="no --threads with --ray-address or RAY_ADDRESS",
            )

    @property
    def workers(self) -> int:
        """Workers on this machine."""
        return cores() if self.threads is None else self.threads

    @property
    def cluster(self) -> str | None:
        """Address of the running cluster to use; None: this machine alone."""
        if self.engine is not Engine.RAY:
            return None
        address = self.address or os.environ.get("RAY_ADDRESS") or "local"
        return None if address == "local" else address


def cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):  # Linux: fewer than there are, in a container
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
