"""The private PostgreSQL: starts where it can, survives crashes, stops alone what it started."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from nop import binaries, cluster, packages, unpack
from nop.account import own_directory
from nop.cluster import Cluster
from nop_registry import settings
from nop_registry.database import connect
from nop_registry.errors import SettingsError

QUICK = {"fsync": "off", "shared_buffers": "32MB"}


@pytest.fixture
def home(server_home: Path) -> Path:
    """Nothing is there yet."""
    return server_home


@pytest.fixture(scope="module")
def initialised(worker_directory: Path) -> Iterator[Path]:
    """A home whose server ran once and was stopped."""
    directory = worker_directory / "initialised"
    Cluster(directory, QUICK).start()
    Cluster(directory).stop()
    yield directory
    shutil.rmtree(directory)


@pytest.fixture
def used_home(home: Path, initialised: Path) -> Path:
    """A copy of that one: for tests that are not about the first start."""
    subprocess.run(["cp", "-a", initialised, home], check=True)
    return home


def postmaster(home: Path) -> int:
    return int(next(home.glob("pg*/postmaster.pid")).read_text().split()[0])


def ask(url: str, question: str) -> object:
    with connect(url) as connection:
        row = connection.execute(question).fetchone()  # type: ignore[arg-type]
        return row[0] if row else None


def is_running(pid: int) -> bool:
    try:
        return ") Z" not in Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False


def test_a_given_database_is_used_and_nothing_is_started(home: Path) -> None:
    loaded = settings.load({"NOP_HOME": str(home), "NOP_DATABASE_URL": "postgresql://else/where"})
    assert cluster.ensure(loaded) == "postgresql://else/where"
    assert not home.exists()


def test_a_cluster_starts_with_postgis_and_checksums_and_no_tcp_port(home: Path) -> None:
    loaded = settings.load({"NOP_HOME": str(home)})
    url = cluster.ensure(loaded)
    assert str(ask(url, "SELECT postgis_version()")).startswith("3")
    tile = "SELECT ST_AsMVT(q) FROM (SELECT ST_MakePoint(1, 2) AS geom) q"
    assert ask(url, f"SELECT length(({tile})) > 0")
    shown = {
        name: ask(url, f"SHOW {name}") for name in ("data_checksums", "listen_addresses", "jit")
    }
    assert shown == {"data_checksums": "on", "listen_addresses": "", "jit": "off"}
    assert ask(url, "SHOW timezone") == "UTC"
    assert cluster.stop(loaded)
    assert not cluster.stop(loaded)


def test_only_the_owner_can_reach_data_and_socket(home: Path) -> None:
    started = Cluster(home, QUICK)
    started.start()
    data = next(home.glob("pg[0-9]*"))
    for directory in (data, started.socket_directory, started.log_directory):
        assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    owner = data.stat().st_uid
    assert owner != 0
    assert Path(f"/proc/{postmaster(home)}").stat().st_uid == owner


def test_starting_again_finds_the_running_server(used_home: Path) -> None:
    assert Cluster(used_home, QUICK).start()
    pid = postmaster(used_home)
    assert not Cluster(used_home).start()
    assert postmaster(used_home) == pid


def test_several_that_start_at_once_start_one_server(home: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from nop.cluster import Cluster;"
        "print(Cluster(Path(sys.argv[1]), {'fsync': 'off'}).start())"
    )
    command = [sys.executable, "-c", code, str(home)]
    several = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    assert sorted(one.communicate()[0].strip() for one in several) == ["False", "False", "True"]
    assert ask(Cluster(home).url(), "SELECT 1") == 1


def test_a_killed_server_is_started_again_with_its_data(used_home: Path) -> None:
    started = Cluster(used_home, QUICK)
    started.start()
    with connect(started.url(), autocommit=True) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 7 AS answer")
    pid = postmaster(used_home)
    # A session in the middle of its work outlives the killed server for a moment.
    busy = psycopg.connect(started.url(), autocommit=True)
    os.kill(pid, signal.SIGKILL)
    while is_running(pid):
        time.sleep(0.01)
    assert Cluster(used_home, QUICK).start()
    busy.close()
    assert postmaster(used_home) != pid
    assert ask(started.url(), "SELECT answer FROM kept") == 7


def test_a_pid_file_that_names_another_process_is_not_believed(used_home: Path) -> None:
    started = Cluster(used_home, QUICK)
    started.start()
    started.stop()
    data = next(used_home.glob("pg[0-9]*"))
    bystander = subprocess.Popen(["sleep", "60"])
    try:
        (data / "postmaster.pid").write_text(f"{bystander.pid}\n{data}\n1\n5432\n\n\n0 0\n")
        assert not started.stop()
        assert started.start()
        assert bystander.poll() is None
    finally:
        bystander.kill()
        bystander.wait()


def test_an_interrupted_first_start_leaves_nothing_in_the_way(home: Path) -> None:
    first = Cluster(home, QUICK)
    first.start()
    first.stop()
    data = next(home.glob("pg[0-9]*"))
    data.rename(data.with_suffix(".new"))
    (data.with_suffix(".new") / "PG_VERSION").unlink()
    assert Cluster(home, QUICK).start()
    assert not data.with_suffix(".new").exists()


def test_a_home_too_long_for_a_socket_gets_a_short_directory(home: Path) -> None:
    deep = home / ("a long name with a 'quote' " * 4)
    started = Cluster(deep, QUICK)
    try:
        started.start()
        assert ask(started.url(), "SELECT 1") == 1
        assert len(str(started.socket_directory)) < 40
        assert stat.S_IMODE(started.socket_directory.stat().st_mode) == 0o700
    finally:
        started.stop()
        shutil.rmtree(started.socket_directory)


@pytest.mark.parametrize("name", ['a "b" $HOME ü%20', "one, two"])
def test_a_home_with_odd_characters_works(home: Path, name: str) -> None:
    started = Cluster(home.with_name(name), QUICK)
    try:
        started.start()
        assert ask(started.url(), "SELECT 1") == 1
    finally:
        started.stop()
        shutil.rmtree(started.socket_directory)


def test_a_server_that_cannot_start_says_why(used_home: Path) -> None:
    with pytest.raises(Exception, match="no_such_setting"):
        Cluster(used_home, {"no_such_setting": "on"}).start()


def test_data_of_a_version_that_is_not_installed_is_never_left_aside(
    home: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr("shutil.which", lambda name: None)
    (home / "pg11").mkdir(parents=True)
    with pytest.raises(SettingsError, match=r"PostgreSQL 11 with PostGIS is not on this machine"):
        Cluster(home).start()
    assert [path.name for path in home.glob("pg*")] == ["pg11"]


def test_a_directory_made_by_someone_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "run").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(SettingsError, match="belongs to another user"):
        own_directory(tmp_path / "run", pwd.getpwuid(os.geteuid()))


def test_without_postgresql_and_apt_one_line_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(binaries, "_PATTERNS", ())
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with pytest.raises(
        SettingsError, match=r"apt-get install .* or set NOP_DATABASE_URL"
    ) as caught:
        packages.provide(None, lambda text: None)
    assert "\n" not in str(caught.value)


def test_a_broken_unpacked_copy_is_not_used(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    programs = unpack.cache() / "root/usr/lib/postgresql/15/bin"
    programs.mkdir(parents=True)
    for name in ("initdb", "pg_ctl", "postgres"):
        (programs / name).write_text("#!/bin/sh\nexit 127\n")
        (programs / name).chmod(0o755)
    assert unpack.find() is None
