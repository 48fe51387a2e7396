"""Finds Chromium for the browser tests, and installs it where there is none.

``python -m tests.browser`` is what ``make test`` calls first.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_PACKAGES = ("chromium", "fonts-dejavu", "fonts-noto-core", "fonts-noto-color-emoji")


def find() -> str | None:
    """Path of a Chromium that can be started: the system's, else the one that Playwright keeps."""
    for name in _NAMES:
        if path := shutil.which(name):
            return path
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if path and Path(path).exists() else None


def _from_the_system() -> bool:
    if not shutil.which("apt-get"):
        return False
    prefix = [] if os.geteuid() == 0 else ["sudo", "-n"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for command in (
        ["apt-get", "update", "-qq"],
        ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *_PACKAGES],
    ):
        try:
            if subprocess.run([*prefix, *command], check=False, env=environment, **quiet).returncode:  # type: ignore[call-overload]
                return False
        except FileNotFoundError:
            return False
    return True


def _from_playwright() -> bool:
    command = [sys.executable, "-m", "playwright", "install", "chromium"]
    return subprocess.run(command, check=False).returncode == 0


def main() -> None:
    """Install Chromium if there is none; end with a sentence on what to do if that fails."""
    if find():
        return
    print("There is no Chromium for the browser tests: installing it.")
    if not (_from_the_system() and find()) and not (_from_playwright() and find()):
        sys.exit(
            "Chromium could not be installed. Install the package 'chromium' of your system, "
            "or run '.venv/bin/playwright install --with-deps chromium', then try again."
        )


if __name__ == "__main__":
    main()
