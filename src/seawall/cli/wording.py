"""A wrong option in one sentence: which, what was given, what would be right."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

_FOR = re.compile(r"Invalid value for '(?P<option>[^']+)'(?: / '[^']+')*: (?P<why>.*)", re.DOTALL)


def sentence(message: str, arguments: Sequence[str]) -> str:
    """The option library's message in Seawall's words, without its full stop.

    message     what the library says
    arguments   the command line, to name the value that was given
    """
    message = " ".join(message.split()).rstrip(".")
    if found := _FOR.fullmatch(message):
        option, why = found["option"], found["why"]
        return f"{option}: {_given(option, arguments)}{_reason(why)}"
    if found := re.fullmatch(r"Option '([^']+)' requires (?:an argument|\d+ arguments)", message):
        return f"{found[1]} needs a value behind it"
    if found := re.fullmatch(r"Got unexpected extra arguments?(?:\(s\))? \((.*)\)", message):
        return f"{found[1]!r} is more than this command takes"
    if found := re.fullmatch(r"Missing (?:argument|parameter) '([^']+)'", message):
        return f"{found[1]} is missing"
    return message


_REASONS: tuple[tuple[str, Callable[[re.Match[str]], str]], ...] = (
    (
        r"Input should be greater than or equal to (\S+)",
        lambda m: f"is too small; {m[1]} or more is needed",
    ),
    (r"Input should be greater than (\S+)", lambda m: f"is too small; more than {m[1]} is needed"),
    (
        r"Input should be less than or equal to (\S+)",
        lambda m: f"is too large; {m[1]} or less is needed",
    ),
    (r"Input should be less than (\S+)", lambda m: f"is too large; less than {m[1]} is needed"),
    (r"Input should be a valid integer.*", lambda m: "is not a whole number"),
    (r"Input should be a valid number.*", lambda m: "is not a number"),
    (
        r"(?:Value error, )?'.*?' is not one of (.*)",
        lambda m: f"is not one of {m[1].replace(chr(39), '')}",
    ),
)


def _reason(why: str) -> str:
    for pattern, words in _REASONS:
        if found := re.fullmatch(pattern, why):
            return words(found)
    return why.removeprefix("Value error, ")


def _given(option: str, arguments: Sequence[str]) -> str:
    """What stood behind the option, where it is given twice the last time, in quotes and a space;
    nothing where it is not found.
    """
    for at in reversed(range(len(arguments))):
        word = arguments[at]
        if word == option and at + 1 < len(arguments):
            return f"{arguments[at + 1]!r} "
        if word.startswith(f"{option}="):
            return f"{word.removeprefix(f'{option}=')!r} "
    return ""
