"""A headless Chromium for tests of the page: opened offline, with everything it says written down.

The system's own browser is used, named by SEAWALL_CHROMIUM or found on the path; nothing is
downloaded. Where there is none, or no Playwright, the tests say so and skip.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

DESKTOP, TABLET, PHONE, SMALL_PHONE = 1280, 760, 390, 360
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]


def browser_path() -> str:
    """The browser's program; skips, and prints why, where there is none."""
    named = os.environ.get("SEAWALL_CHROMIUM")
    found = named or next(
        (p for n in ("chromium", "chromium-browser", "google-chrome") if (p := shutil.which(n))),
        None,
    )
    if not found:
        reason = "no Chromium on this machine (SEAWALL_CHROMIUM names one): pages were not opened"
        print(f"SKIPPED: {reason}", file=sys.stderr)
        pytest.skip(reason)
    return found


@dataclass
class Opened:
    """A page in the browser, and what happened while it was open."""

    page: Any
    requests: list[str] = field(default_factory=list)
    console: list[str] = field(default_factory=list)
    dialogs: list[str] = field(default_factory=list)

    def ask(self, script: str) -> Any:
        """The value of an expression in the page; not bound by the page's own content policy."""
        return self.page.evaluate(script)

    def media(self, *, width: int, dark: bool = False, printed: bool = False) -> None:
        """Look at it at another width, in the other theme, or as it is printed."""
        self.page.set_viewport_size({"width": width, "height": 900})
        self.page.emulate_media(
            media="print" if printed else "screen", color_scheme="dark" if dark else "light"
        )

    @property
    def quiet(self) -> bool:
        """True when it asked for nothing, said nothing and opened no dialog."""
        return not (self.requests or self.console or self.dialogs)


@contextmanager
def started() -> Iterator[Any]:
    """A browser process; skips, and prints why, without Playwright."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        print("SKIPPED: Playwright is not installed, pages were not opened", file=sys.stderr)
        pytest.skip("Playwright is not installed")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path(), args=FLAGS)
        yield browser
        browser.close()


@contextmanager
def opened(browser: Any, html: str, folder: Path, width: int = DESKTOP) -> Iterator[Opened]:
    """The page of ``html`` from a file of ``folder``, with the network off."""
    file = folder / "report.html"
    file.write_text(html, "utf-8")
    context = browser.new_context(offline=True, viewport={"width": width, "height": 900})
    page = context.new_page()
    seen = Opened(page)
    own = file.as_uri()
    page.on("request", lambda r: None if r.url == own else seen.requests.append(r.url))
    page.on("console", lambda message: seen.console.append(message.text))
    page.on("pageerror", lambda error: seen.console.append(str(error)))
    page.on("dialog", lambda dialog: (seen.dialogs.append(dialog.message), dialog.dismiss()))
    page.goto(own)
    yield seen
    context.close()
