"""Tests that are killed leave no server and no database behind."""

import socket
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from tests.server import ROOT

SERVER = """
import sys, time
from pathlib import Path
from tests.server import process
from tools.ports import free_port
port = free_port()
with process([sys.executable, "-m", "http.server", str(port), "--bind", "127.0.0.1"],
             f"http://127.0.0.1:{port}/", Path(sys.argv[1])):
    print(f"http://127.0.0.1:{port}", flush=True)
    sys.stdin.read()
"""
DATABASE = """
import sys
from tests.postgres import cluster
with cluster() as address:
    print(address, flush=True)
    sys.stdin.read()
"""


def killed(code: str, *arguments: str) -> "subprocess.Popen[str]":
    """A process of tests that waits; kill it when what it started was reached."""
    return subprocess.Popen(
        [sys.executable, "-c", code, *arguments], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def address_of(tests: "subprocess.Popen[str]") -> str:
    assert tests.stdout
    return tests.stdout.readline().strip()


def hung_up(connection: socket.socket) -> bool:
    """Whether the other side ends within its time."""
    connection.settimeout(30)
    try:
        return connection.recv(1) == b""
    except ConnectionResetError:
        return True


@pytest.mark.parametrize("how", ["kill", "terminate"])
def test_a_server_ends_with_killed_tests(tmp_path: Path, how: str) -> None:
    with killed(SERVER, str(tmp_path / "log")) as tests:
        at = urlsplit(address_of(tests))
        with socket.create_connection((at.hostname, at.port)) as connection:
            getattr(tests, how)()
            assert hung_up(connection)


def test_a_database_ends_with_killed_tests_and_takes_its_folder_along() -> None:
    with killed(DATABASE) as tests:
        with psycopg.connect(address_of(tests), autocommit=True) as connection:
            row = connection.execute("SHOW data_directory").fetchone()
            assert row
            with socket.fromfd(connection.fileno(), socket.AF_UNIX, socket.SOCK_STREAM) as wire:
                wire.setblocking(True)
                tests.kill()
                while wire.recv(4096):  # the server says good-bye first
                    pass
        assert tests.stdout
        tests.stdout.read()  # ends when the last of its processes has ended
        assert not Path(row[0]).parent.exists()
