"""One commented mechanism for each slot, from which `seawall mechanism new` starts a file."""

from __future__ import annotations

from importlib.resources import files


def template(slot: str) -> str:
    """The text of the commented mechanism for a slot."""
    return files(__name__).joinpath(f"{slot}.py").read_text(encoding="utf-8")
