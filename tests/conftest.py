"""A private PostgreSQL with a migrated template for each test process, a fresh database per test.

Each xdist worker has a server of its own: the change log is read behind the oldest transaction of
the whole server, so tests that ran side by side on one would hold one another back.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from hypothesis import settings
from psycopg import sql

from nop.cluster import Cluster
from nop_registry.database import Connection, connect, migrate

pytest_plugins = ["operator_server", "handshake_parties", "pusher"]

# The same examples in every run, however long one takes: a failure is the change's, not luck's.
settings.register_profile("steady", derandomize=True, deadline=None, database=None)
settings.load_profile("steady")

UNSAFE_BUT_QUICK = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "autovacuum_naptime": "1h",
    "shared_buffers": "256MB",
}
RUN_DIRECTORY = pytest.StashKey[Path]()


def pytest_configure(config: pytest.Config) -> None:
    """The process that the person started owns the run's directory; xdist's workers share it."""
    for name in [name for name in os.environ if name.startswith("NOP_")]:
        if name != "NOP_TEST_DATABASE_URL":  # tests never meet the person's own installation
            del os.environ[name]
    worker_input = getattr(config, "workerinput", None)
    if worker_input is None:
        signal.signal(signal.SIGTERM, signal.default_int_handler)  # stop the server then too
        config.stash[RUN_DIRECTORY] = Path(tempfile.mkdtemp(prefix="nop-tests-"))
        config.pluginmanager.register(_HandDirectoryToWorkers(config.stash[RUN_DIRECTORY]))
    else:
        config.stash[RUN_DIRECTORY] = Path(worker_input["nop_run_directory"])


class _HandDirectoryToWorkers:
    def __init__(self, directory: Path) -> None:
        self._directory = directory

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: object) -> None:
        node.workerinput["nop_run_directory"] = str(self._directory)  # type: ignore[attr-defined]


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop what this run started."""
    directory = config.stash.get(RUN_DIRECTORY, None)
    if directory is None or hasattr(config, "workerinput"):
        return
    if server := os.environ.get("NOP_TEST_DATABASE_URL"):
        for record in directory.glob("*/template"):
            _drop(server, record.read_text())
    else:
        for own in directory.iterdir():
            Cluster(own / "cluster").stop()
    shutil.rmtree(directory, ignore_errors=True)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip browser tests where no browser can run, and say what to install."""
    in_browser = [item for item in items if item.get_closest_marker("browser")]
    if in_browser and (missing := _missing_for_a_browser()):
        for item in in_browser:
            item.add_marker(pytest.mark.skip(reason=f"needs a browser: apt-get install {missing}"))


def _missing_for_a_browser() -> str | None:
    """The Debian package to install, if any."""
    if _chromium() is None:
        return "chromium"
    driver = [sys.executable, "-m", "playwright", "--version"]
    # Playwright brings its own Node.js, which needs a library that a small Debian lacks.
    return "libatomic1" if subprocess.run(driver, capture_output=True).returncode else None


def _chromium() -> str | None:
    return shutil.which("chromium") or shutil.which("chromium-browser")


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of the browser (Playwright's `executable_path`)."""
    path = _chromium()
    assert path, "mark this test with pytest.mark.browser"
    return path


@pytest.fixture(scope="session")
def server_url(pytestconfig: pytest.Config) -> str:
    """Superuser's URL of the PostgreSQL that the tests may fill with databases."""
    if given := os.environ.get("NOP_TEST_DATABASE_URL"):
        return given
    directory = _own_directory(pytestconfig)
    cluster = Cluster(directory / "cluster", UNSAFE_BUT_QUICK)
    cluster.start()
    return cluster.url("postgres")


@pytest.fixture(scope="session")
def template(server_url: str, pytestconfig: pytest.Config) -> str:
    """Name of the migrated database that every test gets a copy of; made once per process."""
    name = _create(server_url, None)
    migrate(_database(server_url, name))
    (_own_directory(pytestconfig) / "template").write_text(name)
    return name


def _own_directory(config: pytest.Config) -> Path:
    """Of this process within the run's."""
    directory = config.stash[RUN_DIRECTORY]
    directory.chmod(0o711)  # as root, the server's account passes through
    own = directory / os.environ.get("PYTEST_XDIST_WORKER", "alone")
    own.mkdir(mode=0o711, exist_ok=True)
    return own


@pytest.fixture
def empty_database_url(server_url: str) -> Iterator[str]:
    """URL of a database without any table."""
    name = _create(server_url, None)
    yield _database(server_url, name)
    _drop(server_url, name)


@pytest.fixture
def database_url(server_url: str, template: str) -> Iterator[str]:
    """URL of a fresh, migrated database of this test alone."""
    name = _create(server_url, template)
    yield _database(server_url, name)
    _drop(server_url, name)


@pytest.fixture
def connection(database_url: str) -> Iterator[Connection]:
    """A connection to this test's database, in transactions."""
    with closing(connect(database_url)) as opened:  # what a test did not commit is lost
        yield opened


def _create(server_url: str, template: str | None) -> str:
    name = f"nop_test_{uuid.uuid4().hex}"
    statement = sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name))
    with connect(server_url, autocommit=True) as admin:
        if template:
            statement += sql.SQL(" TEMPLATE {}").format(sql.Identifier(template))
            if _copies_files_quickly(admin):
                statement += sql.SQL(" STRATEGY FILE_COPY")
        admin.execute(statement)
    return name


def _copies_files_quickly(admin: Connection) -> bool:
    """Without fsync a copy of the files takes a fifth of the time of a copy through the log."""
    row = admin.execute("SELECT current_setting('fsync')").fetchone()
    return row == ("off",) and admin.info.server_version >= 150000


def _drop(server_url: str, name: str) -> None:
    statement = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
    with connect(server_url, autocommit=True) as admin:
        admin.execute(statement)


def _database(server_url: str, name: str) -> str:
    parts = urlsplit(server_url)
    return f"{parts.scheme}://{parts.netloc}/{name}?{parts.query}"
