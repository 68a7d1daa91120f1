"""A private PostgreSQL with a migrated template for each test process, a fresh database per test.

Each xdist worker has a server of its own: the change log is read behind the oldest transaction of
the whole server, so tests that ran side by side on one would hold one another back.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest
from fresh_databases import Databases
from hypothesis import settings

from nop.cluster import DATABASE, Cluster
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
    "max_wal_size": "256MB",  # the directory may lie in memory
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "shared_preload_libraries": "postgis-3",  # else each of thousands of sessions loads it anew
}
_MEMORY = Path("/dev/shm")  # noqa: S108 - only what mkdtemp makes there
_MEMORY_NEEDED = 4 * 2**30
RUN_DIRECTORY = pytest.StashKey[Path]()


def pytest_configure(config: pytest.Config) -> None:
    """The process that the person started owns the run's directory; xdist's workers share it."""
    for name in [name for name in os.environ if name.startswith("NOP_")]:
        if name != "NOP_TEST_DATABASE_URL":  # tests never meet the person's own installation
            del os.environ[name]
    worker_input = getattr(config, "workerinput", None)
    if worker_input is None:
        signal.signal(signal.SIGTERM, signal.default_int_handler)  # stop the server then too
        config.stash[RUN_DIRECTORY] = Path(
            tempfile.mkdtemp(prefix="nop-tests-", dir=_quick_place())
        )
        config.pluginmanager.register(_HandDirectoryToWorkers(config.stash[RUN_DIRECTORY]))
    else:
        config.stash[RUN_DIRECTORY] = Path(worker_input["nop_run_directory"])


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes a minute comes first: begun last, it would leave the other cores idle."""
    items.sort(key=lambda item: item.get_closest_marker("long") is None)


def _quick_place() -> Path | None:
    """Memory, where there is plenty: a database is a thousand files, made and removed per test."""
    with suppress(OSError):
        space = os.statvfs(_MEMORY)
        if space.f_bavail * space.f_frsize >= _MEMORY_NEEDED and os.access(_MEMORY, os.W_OK):
            return _MEMORY
    return None


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
    for own in directory.iterdir():
        if own.is_dir():
            Cluster(own / "cluster").stop()
            Cluster(own / "first").stop()
    shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of the browser (Playwright's `executable_path`); skips where none can run."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        pytest.skip("needs a browser: apt-get install chromium")
    driver = [sys.executable, "-m", "playwright", "--version"]
    # Playwright brings its own Node.js, which needs a library that a small Debian lacks.
    if subprocess.run(driver, capture_output=True).returncode:
        pytest.skip("needs a browser: apt-get install libatomic1")
    return path


@pytest.fixture(scope="session")
def worker_directory(pytestconfig: pytest.Config) -> Path:
    """Of this process within the run's; short, quick, and the server's account can reach it."""
    directory = pytestconfig.stash[RUN_DIRECTORY]
    directory.chmod(0o711)
    own = directory / os.environ.get("PYTEST_XDIST_WORKER", "alone")
    own.mkdir(mode=0o711, exist_ok=True)
    return own


@pytest.fixture(scope="session")
def server_url(worker_directory: Path) -> str:
    """Superuser's URL of the PostgreSQL that the tests may fill with databases."""
    if given := os.environ.get("NOP_TEST_DATABASE_URL"):
        return given
    copied = worker_directory.parent / "copied"
    with (worker_directory.parent / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # one worker makes it, the others copy it
        if not copied.exists():
            first = Cluster(worker_directory / "first", UNSAFE_BUT_QUICK)
            first.start()
            migrate(first.url())
            first.stop()
            first.home.rename(copied)
    subprocess.run(["cp", "-a", copied, worker_directory / "cluster"], check=True)
    cluster = Cluster(worker_directory / "cluster", UNSAFE_BUT_QUICK)
    cluster.start()
    return cluster.url("postgres")


@pytest.fixture
def server_home(worker_directory: Path) -> Iterator[Path]:
    """A home, not made yet, for a cluster of the test's own."""
    directory = Path(tempfile.mkdtemp(prefix="home-", dir=worker_directory))
    directory.chmod(0o711)
    yield directory / "home"
    Cluster(directory / "home").stop()
    shutil.rmtree(directory)


@pytest.fixture(scope="session")
def databases(server_url: str) -> Iterator[Databases]:
    """Makes the databases of this process."""
    made = Databases(server_url)
    yield made
    made.drop()


@pytest.fixture(scope="session")
def template(databases: Databases) -> Iterator[str]:
    """Name of the migrated database that every test gets a copy of."""
    if "NOP_TEST_DATABASE_URL" not in os.environ:
        yield DATABASE
        return
    name = databases.make()
    migrate(databases.url(name))
    yield name
    databases.give_back(name)


@pytest.fixture
def empty_database_url(databases: Databases) -> Iterator[str]:
    """URL of a database without any table."""
    name = databases.make()
    yield databases.url(name)
    databases.give_back(name)


@pytest.fixture
def database_url(databases: Databases, template: str) -> Iterator[str]:
    """URL of a fresh, migrated database of this test alone."""
    name = databases.make(template)
    yield databases.url(name)
    databases.give_back(name)


@pytest.fixture
def other_database_url(databases: Databases, template: str) -> Iterator[str]:
    """URL of a second one, for a second registry."""
    name = databases.make(template)
    yield databases.url(name)
    databases.give_back(name)


@pytest.fixture
def connection(database_url: str) -> Iterator[Connection]:
    """A connection to this test's database, in transactions."""
    with closing(connect(database_url)) as opened:  # what a test did not commit is lost
        yield opened
