"""Ports for servers that a test or a comparison starts."""

import fcntl
import os
import random
import socket
import tempfile
from functools import cache
from pathlib import Path

PORTS = range(20_000, 32_768)
"""Below those that Linux and macOS give to whoever connects, so that no client takes one before its server listens."""
_given: set[int] = set()


@cache
def _marks() -> int:
    """A file of this user of which a process locks one byte for each port that it was given, until it ends."""
    return os.open(Path(tempfile.gettempdir()) / f"reporting-ports-{os.getuid()}", os.O_RDWR | os.O_CREAT, 0o600)


def free_port() -> int:
    """A port of the loopback interface that nobody uses, and that no other process gets here before this one ends.

    Raises RuntimeError where none is left.
    """
    for port in random.sample(PORTS, len(PORTS)):
        if port in _given:
            continue
        try:
            fcntl.lockf(_marks(), fcntl.LOCK_EX | fcntl.LOCK_NB, 1, port)
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", port))
        except OSError:
            continue
        _given.add(port)
        return port
    raise RuntimeError(f"every port from {PORTS.start} to {PORTS.stop - 1} is taken")
