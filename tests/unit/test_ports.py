"""A port for a server is given once, also where processes ask at the same time."""

import subprocess
import sys

import pytest

from tests.server import ROOT
from tools import ports

ASK = """
import sys
from tools import ports
ports.PORTS = range(int(sys.argv[1]), int(sys.argv[2]))
print(ports.free_port())
"""


def asked(of: range) -> "subprocess.CompletedProcess[str]":
    """Another process asks for one of these ports, and ends."""
    command = [sys.executable, "-c", ASK, str(of.start), str(of.stop)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_nobody_else_gets_a_port_that_was_given(monkeypatch: pytest.MonkeyPatch) -> None:
    port = ports.free_port()
    only = range(port, port + 1)
    assert f"every port from {port} to {port} is taken" in asked(only).stderr
    monkeypatch.setattr(ports, "PORTS", only)
    with pytest.raises(RuntimeError, match=r"every port .* is taken"):
        ports.free_port()


def test_a_port_is_free_again_when_the_process_that_had_it_has_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    port = int(asked(ports.PORTS).stdout)
    monkeypatch.setattr(ports, "PORTS", range(port, port + 1))
    assert ports.free_port() == port
