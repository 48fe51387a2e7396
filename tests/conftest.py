"""What every test may use: a fresh database of either kind, a stopped clock, a small cast."""

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import hypothesis
import psycopg
import pytest

from reporting import clock
from reporting.records import engine as storage
from reporting.records.migrate import migrate
from reporting.settings import settings
from tests.engines import hurry
from tests.launch import keep_moment
from tests.postgres import KeptDatabase, cluster, every_connection

hypothesis.settings.register_profile("suite", deadline=None, print_blob=True, derandomize=True, database=None)
hypothesis.settings.load_profile("suite")
keep_moment()
hurry()


def _values(item: pytest.Item) -> list[object]:
    """What it is given in place of its parameters and those of its fixtures."""
    return list(item.callspec.params.values()) if hasattr(item, "callspec") else []


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The tests of a file that share something stay in one process, which makes it once."""
    for item in items:
        if item.get_closest_marker("sqlite_first") and "postgresql" in _values(item):
            item.add_marker(pytest.mark.thorough)
        fixtures = item._fixtureinfo.name2fixturedefs.values()
        shares = any(found[-1].scope == "module" for found in fixtures)
        if shares and not item.get_closest_marker("xdist_group"):
            item.add_marker(pytest.mark.xdist_group(item.nodeid.partition("::")[0]))


NOW = datetime(2026, 3, 10, 9, 30, tzinfo=UTC)


@pytest.fixture(scope="session")
def postgres_cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a throw-away PostgreSQL cluster."""
    with cluster() as address:
        yield address


@pytest.fixture(scope="session")
def postgres_template(postgres_cluster: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A migrated database to copy from, so that each test starts in milliseconds."""
    with psycopg.connect(postgres_cluster, autocommit=True) as admin:
        admin.execute("CREATE DATABASE template_reporting")
    _use(tmp_path_factory.mktemp("template"), postgres_cluster.replace("/postgres", "/template_reporting"))
    migrate()
    storage.forget_engine()
    return "template_reporting"


@pytest.fixture(scope="session")
def postgres_kept(postgres_cluster: str, postgres_template: str) -> Iterator[tuple[str, KeptDatabase]]:
    """Address of the database that the tests of this process use one after the other, and who empties it."""
    with psycopg.connect(postgres_cluster, autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE kept TEMPLATE {postgres_template}")
    address = postgres_cluster.replace("/postgres", "/kept")
    kept = KeptDatabase(address)
    yield address, kept
    kept.close()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated empty SQLite file to copy from."""
    folder = tmp_path_factory.mktemp("template-sqlite")
    _use(folder, "")
    migrate()
    storage.forget_engine()
    return folder / "reporting.db"


def _use(folder: Path, url: str) -> None:
    storage.forget_engine()
    settings.cache_clear()
    os.environ["REPORTING_DATA_DIR"] = str(folder)
    os.environ["REPORTING_DATABASE_URL"] = url
    os.environ["REPORTING_DEMO"] = "false"
    os.environ["REPORTING_BACKGROUND"] = "false"
    os.environ["REPORTING_NIGHTLY_SIGNALS"] = "false"
    os.environ["REPORTING_NIGHTLY_AUDIT"] = "false"


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A fresh migrated database, once on SQLite and once on a real PostgreSQL. Its kind is the value."""
    if request.param == "sqlite":
        yield from _fresh_sqlite(request, tmp_path)
        return
    address, kept = request.getfixturevalue("postgres_kept")
    remembered_by_nobody = f"{address}&application_name={uuid.uuid4().hex}"  # what is remembered goes by the address
    with _used(tmp_path, remembered_by_nobody), every_connection() as close_all:
        yield "postgresql"
        storage.forget_engine()
        close_all()
    kept.empty()


@pytest.fixture(params=["sqlite", "postgresql"])
def new_database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The same, and no other test will ever use it: for tests that change its schema."""
    yield from _fresh(request, tmp_path)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def module_database_of_both(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A database of either kind for a whole file of tests, which leave it as they found it."""
    yield from _fresh(request, tmp_path_factory.mktemp("module"))


def _fresh(request: pytest.FixtureRequest, folder: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield from _fresh_sqlite(request, folder)
        return
    address = request.getfixturevalue("postgres_cluster")
    template = request.getfixturevalue("postgres_template")
    name = f"t_{uuid.uuid4().hex}"
    with psycopg.connect(address, autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
    with _used(folder, address.replace("/postgres", f"/{name}")), every_connection() as close_all:
        yield "postgresql"
        storage.forget_engine()
        close_all()
    with psycopg.connect(address, autocommit=True) as admin:
        admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def sqlite_database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A fresh migrated SQLite database, for tests of pages and routes."""
    yield from _fresh_sqlite(request, tmp_path)


@pytest.fixture(scope="module")
def module_database(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """One SQLite database for a whole file of tests that only read what the first of them wrote."""
    yield from _fresh_sqlite(request, tmp_path_factory.mktemp("module"))


def _fresh_sqlite(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    template: Path = request.getfixturevalue("sqlite_template")
    (tmp_path / "reporting.db").write_bytes(template.read_bytes())
    with _used(tmp_path, ""):
        yield "sqlite"


@contextmanager
def _used(folder: Path, url: str) -> Iterator[None]:
    """The application has this database until the block ends; then the one before it, which a file may share."""
    before = (os.environ.get("REPORTING_DATA_DIR"), os.environ.get("REPORTING_DATABASE_URL", ""))
    _use(folder, url)
    yield
    storage.forget_engine()
    if before[0]:
        _use(Path(before[0]), before[1])


@pytest.fixture
def stopped_clock() -> Iterator[datetime]:
    """The clock stands at NOW, a Tuesday morning."""
    with clock.fixed(NOW):
        yield NOW
