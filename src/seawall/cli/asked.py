"""What was asked of `seawall check`, as options by name, and the same as a command line again."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import Any

import typer

# They change where the answer goes, what computes it, or what it is compared with; not the answer.
NOT_THE_QUESTION = ("engine", "threads", "ray_address", "since", "reports")
TRUST = "trust_mechanisms"


def asked_options(context: typer.Context) -> dict[str, Any]:
    """The options of this command by name, defaults included; those that name files are left out.

    --accounts-table asks for what --accounts asks for.
    """
    out: dict[str, Any] = {}
    for parameter in context.command.params:
        name = str(parameter.name)
        value = context.params.get(name)
        if value is None or not _asks(parameter):
            continue
        out[name] = _plain(value)
    if context.params.get("accounts_table") is not None:
        out["accounts"] = True
    return out


def command_line(command: Any, options: Mapping[str, Any], trusted: bool) -> list[str]:
    """Arguments of ``command`` that ask for ``options`` again; code is run only where trusted."""
    words: list[str] = []
    for parameter in command.params:
        name = str(parameter.name)
        if name not in options or not _asks(parameter) or (name == TRUST and not trusted):
            continue
        option = max(parameter.opts, key=len)
        value = options[name]
        if isinstance(value, bool):
            words += [option] if value else []
            continue
        for item in value if isinstance(value, list) else [value]:
            words += [option, str(item)]
    return words


def _asks(parameter: Any) -> bool:
    """True for an option that is part of the question."""
    if parameter.param_type_name != "option" or parameter.name in (*NOT_THE_QUESTION, "help"):
        return False
    return not any(word in (parameter.metavar or "") for word in ("FILE", "DIR", "CASE"))


def _plain(value: object) -> object:
    if isinstance(value, enum.Enum):
        return str(value.value)
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value if isinstance(value, bool | int | float) else str(value)
