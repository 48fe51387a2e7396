"""The real application as a process of its own."""

import json
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from tests.server import ROOT, application


@pytest.mark.server
def test_it_starts_and_answers(tmp_path: Path) -> None:
    with application(tmp_path) as address:
        with urllib.request.urlopen(f"{address}/healthz", timeout=10) as answer:
            assert json.load(answer) == {"status": "ok", "database": "ok"}
        with urllib.request.urlopen(f"{address}/", timeout=10) as answer:
            assert '<div id="root">' in answer.read().decode()
    assert "dashboards read ahead" in (tmp_path / "server.log").read_text(), "the table of page times waits for it"


def alone(code: str) -> str:
    """What a fresh interpreter prints."""
    return subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.strip()


def test_nothing_is_imported_that_numpy_must_be_told_of_first() -> None:
    """How many threads the linear algebra has is read when numpy is first imported."""
    told = "os.environ['OPENBLAS_NUM_THREADS']"
    assert alone(f"import sys, os, streamlit.web.cli, reporting; print('numpy' in sys.modules, {told})") == "False 1"


def test_the_first_visitor_waits_for_no_library() -> None:
    """Some parts import scipy's only when they are used: a second or two, once."""
    code = (
        "import sys; from reporting.app.lifespan import warm_imports; warm_imports(); "
        "print([name for name in ('scipy.stats', 'scipy.optimize', 'altair', 'pyarrow') if name not in sys.modules])"
    )
    assert alone(code) == "[]"
