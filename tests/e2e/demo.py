"""A running demo clinic for browser tests and screenshots."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Page

from tests import launch
from tests.server import ROOT, application_process

TREATMENTS = "400"


@dataclass(frozen=True)
class Demo:
    """Address of the application and the ways into its synthetic clinic."""

    address: str
    patient_link: str
    passwords: dict[str, tuple[str, str]]
    folder: Path
    pid: int = 0
    """The process of the application that was started here; 0: started elsewhere."""

    def events(self, symptom: str) -> int:
        """Unexpected reports of a symptom, as the command line counts them."""
        printed = command(self.folder, self.address, "rates", "--by", "all", "--symptom", symptom, "--json")
        return int(json.loads(printed)[0]["events"])

    def sign_in(self, page: Page, role: str) -> None:
        """Sign in through the real form."""
        email, password = self.passwords[role]
        page.goto(f"{self.address}/sign-in")
        page.get_by_label("E-mail").fill(email)
        page.get_by_label("Password").fill(password)
        page.get_by_role("button", name="Sign in").click()


def command(folder: Path, address: str, *words: str) -> str:
    """Run ``python -m reporting …`` on the data in ``folder``; returns what it printed."""
    environment = os.environ | {
        "REPORTING_DATA_DIR": str(folder),
        "REPORTING_DATABASE_URL": "",
        "REPORTING_BASE_URL": address,
    }
    line = launch.command("reporting", *words)
    done = subprocess.run(line, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{words} failed:\n{done.stdout}\n{done.stderr}")
    return done.stdout


def fill(folder: Path, treatments: str = TREATMENTS) -> Path:
    """Write a demo clinic into ``folder``; returns the folder."""
    command(folder, "http://localhost:1", "demo", "--treatments", treatments)
    return folder


@contextmanager
def demo_server(folder: Path, filled: Path, **environment: str) -> Iterator[Demo]:
    """Start the application on a copy, in ``folder``, of the demo clinic in ``filled``; hand out the ways in.

    What is in ``folder`` already, from an application that ran there before, stays.
    """
    if folder != filled and not any(folder.iterdir()):
        shutil.copytree(filled, folder, dirs_exist_ok=True)
    with application_process(folder, **environment) as (address, pid):
        ways = json.loads(command(folder, address, "demo-access", "--json"))
        staff = {account["role"]: (account["email"], account["password"]) for account in ways["staff"]}
        yield Demo(address, ways["patient_link"], staff, folder, pid)
