"""A real browser for tests: Chromium without a window, driven by Playwright."""

import contextlib
import shutil
from collections.abc import Iterator
from typing import Any

import pytest

# Nothing but the page is to be asked for, and there is no graphics card.
_OPTIONS = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
    "--no-sandbox",
)


def chromium() -> str | None:
    """Return the path of Chromium, or of a browser that is made of it."""
    names = ("chromium", "chromium-browser", "google-chrome")
    return next(filter(None, map(shutil.which, names)), None)


@contextlib.contextmanager
def browser() -> Iterator[Any]:
    """Run a browser, or skip the test if there is none."""
    api = pytest.importorskip("playwright.sync_api", reason="needs playwright ('make browser')")
    path = chromium()
    if path is None:
        pytest.skip("needs Chromium (the package 'chromium' of Debian)")
    with api.sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=path, args=list(_OPTIONS))
        try:
            yield found
        finally:
            found.close()
