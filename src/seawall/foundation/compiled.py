"""Compiled code: how kernels are declared, cached on disk, and known to be ready.

Compiled code lives in files named ``*kernel*.py`` and nowhere else, with its constants. A kernel
has fixed signatures, so that nothing is compiled by surprise (an integer where a float was meant
would cost a second per call); a helper is a small compiled function that kernels call.

Cache. Numba's own disk cache sees a change in the file of the cached function, not in another
file that it calls: it would return the old answer. So the folder's name is a hash of all kernel
files, this file, the versions of Numba and llvmlite, and the CPU with its features. Where the
folder cannot be written kernels still work and are compiled again in each process. The folder is
``SEAWALL_CACHE``, else ``seawall`` in ``XDG_CACHE_HOME`` or ``~/.cache``.

Ready. :meth:`Kernel.ready` says whether a call answers at once: compiled in this process or in the
cache. Callers use their plain twin until then; ``seawall doctor --warm`` compiles ahead.
"""

from __future__ import annotations

import hashlib
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, TextIO, TypeVar

KERNEL_FILES = "*kernel*.py"
Signature = str | Callable[[], tuple[Any, ...]]
Function = TypeVar("Function", bound=Callable[..., Any])
_PACKAGE = Path(__file__).resolve().parents[1]
# Numba reads its cache folder from a module-wide setting; one thread at a time may lend it ours.
_SETTING = threading.Lock()

# Seconds after which a process no longer waits for another that compiles the same kernel.
PATIENCE = 600.0

# LLVM's fast-math flags are all off: kernels are written so that loops become vector code without
# them. A multiply-add is asked for by name, and compare-and-select keeps NaN.


class Kernel:
    """A compiled function with fixed signatures; calling it compiles what is not compiled yet.

    ``signatures`` in Numba's words, such as ``void(f8[::1], f8[::1])``, or a function that returns
    the tuple of Numba types (records of arrays have no word). Calls must match one of them exactly
    (dtype, contiguity): wrappers coerce. Runs without the interpreter's lock.
    """

    def __init__(
        self,
        function: Callable[..., Any],
        signatures: tuple[Signature, ...],
        options: dict[str, Any] | None = None,
    ) -> None:
        self.name = f"{function.__module__}.{function.__name__}"
        self.signatures = signatures
        self._plain = function
        self._options = options or {}
        self._lock = threading.RLock()
        self._dispatcher: Any = None
        self._entry: Any = None
        self._compiled = False

    def __call__(self, *arguments: Any) -> Any:
        """Call it; the first call of a process loads or compiles."""
        if not self._compiled:
            self.compile()
        return self._dispatcher(*arguments)

    def again(self, *arguments: Any) -> Any:
        """Call it with arguments of the types of an earlier call; nobody looks at them once more.

        Telling the types of some hundred arrays in records takes longer than most calls. Only for
        what the same code has made in the same way: an array of another type or order in memory is
        read as what it is not.
        """
        if not self._compiled:
            self.compile()
        return self._entry(*arguments)

    def ready(self) -> bool:
        """Whether a call answers at once: compiled here, or in the cache of this machine.

        Looking costs some hundredths of a second the first time, then nothing. What is in the cache
        is loaded by the look.
        """
        if self._compiled:
            return True
        with self._lock:
            if all(self._cached(signature) for signature in self.signatures):
                self.compile()
        return self._compiled

    def compile(self) -> None:
        """Compile all signatures, or load them from the cache."""
        with self._lock:
            if self._compiled:
                return
            dispatcher = self._dispatch()
            known = all(self._cached(signature) for signature in self.signatures)
            with _alone(None if known else cache_folder(), self.name):
                for signature in self.signatures:
                    dispatcher.compile(_types(signature))
            # From here on a wrong type is an error, not a silent second of compiling.
            dispatcher.disable_compile()
            self._entry = _entry_of(dispatcher)
            self._compiled = True

    def _cached(self, signature: Signature) -> bool:
        """Whether the disk cache holds this signature for this machine."""
        dispatcher = self._dispatch()
        # Not a public name of Numba; without it kernels are merely never ready before a compile.
        stored = getattr(dispatcher, "_cache", None)
        load = getattr(stored, "load_overload", None)
        return load is not None and load(_types(signature), dispatcher.targetctx) is not None

    def _dispatch(self) -> Any:
        if self._dispatcher is None:
            njit = _untyped("numba").njit
            dispatcher = njit(nogil=True, error_model="numpy", **self._options)(self._plain)
            folder = cache_folder()
            if folder is not None:
                with _numba_cache_in(folder):
                    dispatcher.enable_caching()
            self._dispatcher = dispatcher
        return self._dispatcher


def _entry_of(dispatcher: Any) -> Any:
    """The compiled code itself; where there are several, or Numba does not say, what picks it."""
    found = [getattr(one, "entry_point", None) for one in dispatcher.overloads.values()]
    return dispatcher if len(found) != 1 or found[0] is None else found[0]


def _types(signature: Signature) -> Any:
    return signature if isinstance(signature, str) else signature()


def kernel(*signatures: Signature) -> Callable[[Callable[..., Any]], Kernel]:
    """Declare a kernel: ``@kernel("void(f8[::1], f8[::1])")``. Nothing is compiled yet."""

    def declare(function: Callable[..., Any]) -> Kernel:
        return Kernel(function, signatures)

    return declare


def record_kernel(*signatures: Signature) -> Callable[[Callable[..., Any]], Kernel]:
    """A kernel whose arguments are records of arrays and that asks for no memory of its own.

    Numba would count references to every array of a record at every use: most of the time of a
    compile. Without an allocation there is nothing to count.
    """

    def declare(function: Callable[..., Any]) -> Kernel:
        return Kernel(function, signatures, {"_nrt": False})

    return declare


def helper(function: Function) -> Function:
    """A small function, or a loop over a block, that becomes part of the kernels that call it."""
    import numba

    compiled: Any = numba.njit(error_model="numpy", forceinline=True)(function)
    made: Function = compiled
    return made


def record_helper(function: Function) -> Function:
    """As :func:`helper`, for parts of a :func:`record_kernel`: no references are counted here."""
    compiled = _untyped("numba").njit(error_model="numpy", forceinline=True, _nrt=False)
    made: Function = compiled(function)
    return made


def every_kernel() -> list[Kernel]:
    """All kernels of the package, by name; imports every kernel file."""
    found: dict[str, Kernel] = {}
    for path in kernel_files():
        name = ".".join(("seawall", *path.relative_to(_PACKAGE).with_suffix("").parts))
        for value in vars(import_module(name)).values():
            if isinstance(value, Kernel):
                found[value.name] = value
    return [found[name] for name in sorted(found)]


def kernel_files() -> list[Path]:
    """The files that may hold compiled code, in a fixed order."""
    return sorted(_PACKAGE.rglob(KERNEL_FILES))


@cache
def cache_key() -> str:
    """Hash of all that decides what a kernel answers: sources, Numba, llvmlite, CPU."""
    import llvmlite
    import numba
    from llvmlite import binding

    digest = hashlib.sha256()
    for path in [*kernel_files(), Path(__file__)]:
        digest.update(path.relative_to(_PACKAGE).as_posix().encode() + b"\0")
        digest.update(path.read_bytes() + b"\0")
    features = binding.get_host_cpu_features().flatten()
    for text in (numba.__version__, llvmlite.__version__, binding.get_host_cpu_name(), features):
        digest.update(text.encode() + b"\0")
    return digest.hexdigest()[:16]


def cache_root() -> Path:
    """The user's cache folder of Seawall, whether it exists or not."""
    given = os.environ.get("SEAWALL_CACHE")
    if given:
        return Path(given)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "seawall"


@cache
def cache_folder() -> Path | None:
    """Where compiled code is kept for these sources on this machine; None: cannot be written."""
    try:
        folder = cache_root() / "kernels" / cache_key()
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / f".written-by-{os.getpid()}"
        probe.touch()
        probe.unlink()
    except (OSError, RuntimeError):  # RuntimeError: a user without a home folder
        return None
    return folder


@contextmanager
def _alone(folder: Path | None, name: str) -> Iterator[None]:
    """One process at a time compiles a kernel: who has waited finds it in the cache.

    Where files cannot be locked, and where another process takes too long, both compile: the
    answers are the same.
    """
    try:
        import fcntl

        file = None if folder is None else (folder / f"{name}.lock").open("w")
    except (ImportError, OSError):
        file = None
    if file is None:
        yield
        return
    end = time.monotonic() + PATIENCE
    while not _locked(file, fcntl) and time.monotonic() < end:
        time.sleep(0.05)
    try:
        yield
    finally:
        # A process that was forked meanwhile holds the file open, and would hold the lock.
        with suppress(OSError):
            fcntl.flock(file, fcntl.LOCK_UN)
        file.close()


def _locked(file: TextIO, fcntl: Any) -> bool:
    """Whether this process now has the lock of a file, or files cannot be locked here."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True


@contextmanager
def _numba_cache_in(folder: Path) -> Iterator[None]:
    """Numba's cache folder for the duration of one declaration; the old setting comes back."""
    config = _untyped("numba.core.config")
    with _SETTING:
        before = config.CACHE_DIR
        config.CACHE_DIR = str(folder)
        try:
            yield
        finally:
            config.CACHE_DIR = before


def row_helper(function: Function) -> Function:
    """As :func:`record_helper`, for a loop over rows of arrays no two of which share memory that is
    written: the loop becomes vector code without comparing their addresses first.

    Whoever calls it with one array twice, or with rows that overlap, may read either only.
    """
    compiled = _untyped("numba").njit(error_model="numpy", forceinline=True, _nrt=False)(function)
    # Not a public name of Numba; without it the same numbers come from slower code.
    compiler = getattr(compiled, "_compiler", None)
    if compiler is not None:
        compiler._customize_flags = _apart
    made: Function = compiled
    return made


def _apart(flags: Any) -> Any:
    """Numba's flags with the one that says that arguments do not overlap."""
    flags.noalias = True
    return flags


def _untyped(module: str) -> Any:
    """A module of Numba that has no type annotations."""
    return import_module(module)
