"""`nop up` and `nop down`, as the commands a person gives."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from fresh_databases import Databases
from server_ports import take_port

from nop import processes, up
from nop.children import Child
from nop.cluster import Cluster
from nop.processes import Process
from nop_registry import settings
from nop_registry.database import connect
from nop_registry.store.areas import load_builtin


class Installation:
    """One NOP_HOME with a port of its own; NOP_DEMO=0."""

    def __init__(self, home: Path, **environment: str) -> None:
        self.port = take_port()
        self.home = home
        self._variables = {
            "NOP_HOME": str(home),
            "NOP_PORT": str(self.port),
            "NOP_DEMO": "0",
            **environment,
        }

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        clean = {name: text for name, text in os.environ.items() if not name.startswith("NOP_")}
        return subprocess.Popen(
            [sys.executable, "-m", "nop", *arguments],
            env={**clean, **self._variables},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments: str) -> tuple[int, str, str]:
        with self.start(*arguments) as process:
            output, errors = process.communicate(timeout=120)
            return process.returncode, output, errors

    def answers(self) -> bool:
        try:
            address = f"http://127.0.0.1:{self.port}/health/ready"
            with urllib.request.urlopen(address, timeout=30) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def record(self) -> up.Record:
        record = up.read_record(settings.load(self._variables))
        assert record is not None
        return record


@contextmanager
def stopped_on_failure(process: subprocess.Popen[str]) -> Iterator[None]:
    try:
        yield
    except BaseException:
        process.terminate()
        raise


def wait_for(condition: Callable[[], bool], seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.03)


def named(installation: Installation) -> dict[str, Process]:
    """What runs now, by name."""
    return {child.name: child for child in installation.record().children}


@pytest.fixture(scope="module")
def started_once(databases: Databases, template: str) -> Iterator[str]:
    """Name of a database as the platform leaves it: the outlines of the country are in it."""
    name = databases.make(template)
    with closing(connect(databases.url(name))) as connection, connection.transaction():
        load_builtin(connection, "IN")
    yield name
    databases.give_back(name)


@pytest.fixture
def database_url(databases: Databases, started_once: str) -> Iterator[str]:
    """URL of a copy of it."""
    name = databases.make(started_once)
    yield databases.url(name)
    databases.give_back(name)


@pytest.fixture
def installation(tmp_path: Path, database_url: str) -> Iterator[Installation]:
    """With a given database, which must outlive it."""
    made = Installation(tmp_path / "home", NOP_DATABASE_URL=database_url)
    yield made
    made.run("down")


def test_up_brings_the_whole_platform_and_down_takes_all_of_it(server_home: Path) -> None:
    made = Installation(server_home)
    code, output, errors = made.run("up", "--detach", "--json")
    assert code == 0, errors
    shown = json.loads(output)
    assert shown["map"] == f"http://127.0.0.1:{made.port}/"
    assert made.answers()
    record = made.record()
    assert [child.name for child in record.children] == ["web", "worker"]
    assert all(map(processes.is_alive, record.children))

    again = made.run("up", "--detach", "--json")
    assert (again[0], json.loads(again[1])["pid"]) == (0, shown["pid"])
    refused = made.run("up")
    assert refused[0] == 1
    assert "already runs at" in refused[2]

    code, output, errors = made.run("down", "--json")
    assert (code, json.loads(output)) == (0, {"stopped": ["database", "web", "worker"]}), errors
    assert not any(map(processes.is_alive, [record.supervisor, *record.children]))
    assert not Cluster(server_home).stop()
    assert made.run("down")[1] == "Nothing was running.\n"


def test_two_that_start_at_once_end_with_one_platform_and_down_leaves_a_given_database_alone(
    installation: Installation, database_url: str
) -> None:
    both = [installation.start("up", "--detach", "--json") for _ in range(2)]
    answers = [one.communicate(timeout=120) for one in both]
    assert [one.returncode for one in both] == [0, 0], answers
    assert len({json.loads(output)["pid"] for output, _ in answers}) == 1
    assert installation.run("down")[1] == "Stopped: web, worker.\n"
    with connect(database_url) as connection:
        assert connection.execute("SELECT count(*) FROM location").fetchone() == (0,)
    assert not list(installation.home.glob("pg*"))


def test_a_process_that_dies_is_started_again_and_the_reason_is_told(
    installation: Installation,
) -> None:
    with installation.start("up") as platform, stopped_on_failure(platform):
        assert platform.stderr
        wait_for(installation.answers)
        wait_for(lambda: "worker" in named(installation))
        web, worker = installation.record().children
        os.kill(worker.pid, signal.SIGKILL)
        assert "worker ended (SIGKILL), starts again in 1 s" in platform.stderr.readline()
        wait_for(lambda: "worker" in (names := named(installation)) and names["worker"] != worker)
        assert named(installation)["web"] == web
        platform.send_signal(signal.SIGTERM)
        output, _ = platform.communicate(timeout=60)
        assert platform.returncode == 0
        assert f"http://127.0.0.1:{installation.port}/graphql" in output
        assert not processes.is_alive(web)


def test_what_a_killed_supervisor_left_is_cleared_by_the_next_start(
    installation: Installation,
) -> None:
    assert installation.run("up", "--detach")[0] == 0
    old = installation.record()
    os.kill(old.supervisor.pid, signal.SIGKILL)
    wait_for(lambda: not processes.is_alive(old.supervisor))
    assert all(map(processes.is_alive, old.children))
    code, _, errors = installation.run("up", "--detach")
    assert code == 0, errors
    assert not any(map(processes.is_alive, old.children))
    new = installation.record()
    os.kill(new.supervisor.pid, signal.SIGKILL)
    wait_for(lambda: not processes.is_alive(new.supervisor))
    assert json.loads(installation.run("down", "--json")[1]) == {"stopped": ["web", "worker"]}
    assert not any(map(processes.is_alive, new.children))


def test_a_taken_port_is_an_error_before_anything_starts(tmp_path: Path) -> None:
    made = Installation(tmp_path)
    with socket.socket() as other:
        other.bind(("127.0.0.1", made.port))
        other.listen()
        code, _, errors = made.run("up", "--detach")
    assert code == 1
    assert f"cannot serve on 127.0.0.1 port {made.port}" in errors
    assert "set NOP_PORT" in errors
    assert not list(tmp_path.glob("pg*"))


def test_a_start_that_fails_ends_with_the_reason_and_exit_code_1(tmp_path: Path) -> None:
    made = Installation(tmp_path, NOP_DATABASE_URL="postgresql://nop@127.0.0.1:1/nop")
    code, _, errors = made.run("up", "--detach")
    assert code == 1
    assert "the database cannot be reached" in errors
    assert "Traceback" not in errors


def test_a_web_server_that_cannot_start_gives_up_with_the_end_of_its_log(
    installation: Installation, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "sitecustomize.py").write_text(
        "import os, sys\n"
        "if sys.orig_argv[-1] == 'web':\n"
        "    print('a library of the web server is broken', flush=True)\n"
        "    os._exit(3)\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    code, _, errors = installation.run("up", "--detach")
    assert code == 1
    assert "web ended (exit code 3)" in errors
    assert "a library of the web server is broken" in errors.splitlines()[-2]
    assert up.read_record(settings.load({"NOP_HOME": str(installation.home)})) is None


def test_a_number_that_another_process_got_since_is_not_touched() -> None:
    with subprocess.Popen(["sleep", "60"]) as bystander:
        ours_once = Process("web", bystander.pid, started="1")
        assert processes.stop([ours_once], seconds=1) == []
        assert bystander.poll() is None
        assert processes.stop([processes.identify("sleep", bystander.pid)], seconds=60)
        assert bystander.wait() == -signal.SIGTERM


def test_a_process_that_ignores_the_request_is_ended_with_what_it_started(tmp_path: Path) -> None:
    script = "trap '' TERM; sleep 61 & echo $!; wait"
    with subprocess.Popen(
        ["sh", "-c", script], stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as stubborn:
        assert stubborn.stdout
        grandchild = processes.identify("sleep", int(stubborn.stdout.readline()))
        processes.stop([processes.identify("sh", stubborn.pid)], seconds=0.5)
        assert stubborn.wait() == -signal.SIGKILL
        wait_for(lambda: not processes.is_alive(grandchild))


def test_the_pause_before_a_restart_doubles(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "log").mkdir()
    child = Child("no-such-command", tmp_path, dict(os.environ))
    now = 1000.0
    monkeypatch.setattr("nop.children.time.monotonic", lambda: now)
    told = []
    for _ in range(3):
        child.start()
        while (news := child.check()) is None:
            time.sleep(0.05)
        told.append(news.splitlines()[0].split("; ")[0])
    assert told == [
        f"no-such-command ended (exit code 2), starts again in {seconds} s" for seconds in (1, 2, 4)
    ]
    assert "No such command" in news
    child.check()
    assert child.process is None
    now += 4
    child.check()
    assert child.process is not None
    processes.stop([child.process], seconds=5)
    child.reap()


def test_a_process_is_known_by_its_start_whatever_bytes_its_name_has(tmp_path: Path) -> None:
    """The number of one that ended may be that of anybody's program by now."""
    name = os.fsencode(tmp_path) + b"/a\xff) b"
    os.symlink(b"/bin/sleep", name)
    with subprocess.Popen([name, b"9"]) as other:
        found = processes.identify("web", other.pid)
        assert processes.is_alive(found)
        other.kill()
    assert not processes.is_alive(found)


def test_a_long_log_is_moved_aside_while_the_process_writes_on(tmp_path: Path) -> None:
    (tmp_path / "log").mkdir()
    child = Child("web", tmp_path, {})
    child.log.write_bytes(b"x" * 20_000_001)
    child.keep_log_short()
    assert child.log.stat().st_size == 0
    assert (tmp_path / "log/web.log.1").stat().st_size == 20_000_001


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", "http://127.0.0.1:8000"),
        ("0.0.0.0", "http://127.0.0.1:8000"),  # noqa: S104 - read, not bound
        ("::", "http://[::1]:8000"),
        ("ocpi.example.in", "http://ocpi.example.in:8000"),
    ],
)
def test_the_printed_address_can_be_opened_on_this_machine(host: str, expected: str) -> None:
    assert up.address(settings.load({"NOP_HOST": host})) == expected
