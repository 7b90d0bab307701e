"""Pieces on Ray: the Case once in the object store, read there without copying.

A task is a piece of the job, (first path, last path); the job itself is put in the store once, each
worker process reads it once, and its arrays stay in shared memory. Results are the same bits as
without Ray on machines of one kind with one lock; workers that run other code are refused.

Without a cluster's address a local Ray is started for the run, without dashboard, log lines or
usage reports, and ended after it. A Ray that the calling program has started is used and left
running.
"""

from __future__ import annotations

import hashlib
import os
import platform
import socket
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from functools import cache, lru_cache
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any

import seawall
from seawall.cascade.pieces.compute import Compute
from seawall.cascade.pieces.job import Job, Piece
from seawall.cascade.pieces.keep import Kept
from seawall.foundation.errors import InputError, SeawallError

# What decides the bits of an answer, beside the machine.
DECIDING = ("numpy", "scipy", "numba", "llvmlite")
# How long the machine of a cluster's address has to answer.
KNOCK_SECONDS = 10.0


def on_ray(job: Job[Kept], compute: Compute) -> Generator[tuple[Piece, Kept], None, None]:
    """Each piece and what is kept of it, as they are finished.

    Raises InputError without Ray, for an address that does not answer and for a cluster whose
    workers lack Seawall or run other code.
    """
    ray = _ray()
    with _session(ray, compute) as foreign:
        workers = max(1, int(ray.cluster_resources().get("CPU", 1)))
        shared = [ray.put(job)]
        code = code_here() if foreign else {}
        task = ray.remote(num_cpus=1)(run_piece)
        waiting = {task.remote(shared, code, piece): piece for piece in job.pieces(workers)}
        while waiting:
            (ready, *_), _ = ray.wait(list(waiting), num_returns=1)
            with _sentences(ray):
                # A copy, so that the store can drop its own.
                kept = job.keeper.joined([ray.get(ready)])
            yield waiting.pop(ready), kept


def run_piece(shared: list[Any], code: dict[str, str], piece: Piece) -> Any:
    """In a worker: what is kept of one piece of the job whose reference is in the list.

    In a list, because Ray would replace a bare reference by the whole job for every task. ``code``
    is what the worker must have (see code_here). Raises InputError where it has something else.
    """
    mine = code_here() if code else {}
    differ = [name for name in code if mine[name] != code[name]]
    if differ:
        found = ", ".join(f"{name} {mine[name]}" for name in differ)
        raise InputError(
            f"a worker on {platform.node()} has {found}",
            file="--engine ray",
            expected=", ".join(f"{name} {code[name]}" for name in differ)
            + ", as here: other code may give other bits",
        )
    return _runner(shared[0])(piece)


@lru_cache(maxsize=1)
def _runner(reference: Any) -> Callable[[Piece], Any]:
    """What runs pieces of the job behind a reference; arrays are views of the object store, and
    read-only.
    """
    job: Job[Any] = _ray().get(reference)
    return job.runner()


@cache
def code_here() -> dict[str, str]:
    """What this process would compute with: Python, the packages that decide bits, our sources."""
    digest = hashlib.sha256()
    package = Path(seawall.__file__).parent
    for path in sorted(package.rglob("*.py")):
        digest.update(path.relative_to(package).as_posix().encode() + b"\0")
        digest.update(path.read_bytes() + b"\0")
    ours = f"{seawall.__version__} ({digest.hexdigest()[:12]})"
    python = ".".join(platform.python_version_tuple()[:2])
    return {"seawall": ours, "Python": python} | {name: version(name) for name in DECIDING}


def _ray() -> Any:
    try:
        return import_module("ray")
    except ImportError as error:
        raise InputError(
            "Ray is not installed; it comes with the extra [cluster]",
            file="--engine ray",
            expected="pip install 'seawall[cluster]', or in a checkout "
            "pip install --require-hashes -r requirements-cluster.lock",
        ) from error


@contextmanager
def _session(ray: Any, compute: Compute) -> Iterator[bool]:
    """A Ray to work with, ended afterwards unless the caller had started it; True: not ours."""
    if ray.is_initialized():
        yield True
        return
    quiet = {"log_to_driver": False, "logging_level": "ERROR"}
    try:
        if compute.cluster is None:
            os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
            os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
            ray.init(address="local", num_cpus=compute.workers, include_dashboard=False, **quiet)
        else:
            _join(ray, compute.cluster, quiet)
        yield compute.cluster is not None
    finally:
        ray.shutdown()


def _join(ray: Any, address: str, quiet: dict[str, Any]) -> None:
    """Connect to a running cluster."""
    host, _, port = address.rpartition("://")[2].rpartition(":")
    try:
        if host and port.isdigit():
            # Ray itself would knock for minutes where nobody is at home.
            socket.create_connection((host, int(port)), KNOCK_SECONDS).close()
        ray.init(address=address, **quiet)
    except (ConnectionError, ValueError, RuntimeError, OSError) as error:
        raise InputError(
            f"no Ray cluster answers at {address}",
            file="--ray-address",
            expected="the address that `ray start --head` printed",
        ) from error


@contextmanager
def _sentences(ray: Any) -> Iterator[None]:
    """What a task raised, as it was raised; what Ray itself says, as a sentence."""
    try:
        yield
    except ray.exceptions.RayTaskError as error:
        cause = error.cause
        # Ray's words for a function whose module is not there.
        if isinstance(cause, RuntimeError) and "failed to import on the worker" in str(cause):
            raise InputError(
                "a worker of the cluster lacks Seawall, or a package that it needs",
                file="--engine ray",
                expected=f"Seawall {seawall.__version__} and its packages on every machine",
            ) from error
        raise (cause if isinstance(cause, Exception) else error) from error
    except ray.exceptions.RayError as error:
        first = str(error).strip().partition("\n")[0].rstrip(".")
        raise SeawallError(f"Ray could not finish the run: {first}.") from error
