"""The real application as a process of its own."""

import json
import urllib.request
from pathlib import Path

import pytest

from tests.server import application


@pytest.mark.server
def test_it_starts_and_answers(tmp_path: Path) -> None:
    with application(tmp_path) as address:
        with urllib.request.urlopen(f"{address}/healthz", timeout=10) as answer:
            assert json.load(answer) == {"status": "ok", "database": "ok"}
        with urllib.request.urlopen(f"{address}/", timeout=10) as answer:
            assert '<div id="root">' in answer.read().decode()
