"""A real Chromium, driven by playwright, and a `goldsieve view` for it to look at."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.project import HERE

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


@contextmanager
def open_browser() -> Iterator:
    """A headless Chromium; the test is skipped, and says why, where there is none."""
    sync_api = pytest.importorskip(
        "playwright.sync_api", reason="playwright is not installed: make setup"
    )
    program = next(filter(None, map(shutil.which, NAMES)), None)
    if program is None:
        pytest.skip("no Chromium on this machine: make browser, as root")
    with sync_api.sync_playwright() as playwright:
        # Chromium's own sandbox does not run as root, nor in most containers.
        browser = playwright.chromium.launch(
            executable_path=program, args=["--no-sandbox"]
        )
        yield browser
        browser.close()


@contextmanager
def serve_view(path: Path) -> Iterator[str]:
    """The address at which `goldsieve view` shows `path`, in a process of its own."""
    command = [sys.executable, "-m", "pipeline", "view", str(path), "--port", "0"]
    environment = os.environ | {"PYTHONPATH": str(HERE)}
    process = subprocess.Popen(
        command, stderr=subprocess.PIPE, text=True, env=environment, cwd=HERE
    )
    try:
        assert process.stderr
        lines = []
        for line in process.stderr:
            lines.append(line)
            if found := re.search(r"the page is at (http://\S+)/", line):
                yield found[1]
                return
        pytest.fail(f"the page did not start:\n{''.join(lines)}")
    finally:
        process.terminate()
        process.wait(10)


class Watch:
    """What went wrong on a browser's page: scripts that failed, what was blocked."""

    def __init__(self, page) -> None:
        self.errors: list[str] = []
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("dialog", lambda dialog: self._note(dialog))
        page.on("console", lambda said: self._hear(said))

    def _note(self, dialog) -> None:
        self.errors.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def _hear(self, said) -> None:
        if said.type in ("error", "warning"):
            self.errors.append(said.text)
