"""Software that is not ours, in an environment of its own, and the platform on loopback."""

from __future__ import annotations

import base64
import fcntl
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, suppress
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import pytest
from application import serve_application
from loopback import listen, url_of
from server_ports import take_port

from nop_ingest.ocpi.credentials_object import OurParty, our_party
from nop_registry import settings as settings_module
from nop_registry.database import Connection, connect
from nop_registry.sealing import load_key

HERE = Path(__file__).parent
DESK_TOKEN = "desk-token-of-the-operator"
COUNTRY, PARTY = "IN", "XTR"


class Platform:
    """Our platform, answering on loopback."""

    def __init__(self, url: str, connection: Connection) -> None:
        settings = settings_module.load()
        self.url = url
        self.connection = connection
        self.us: OurParty = our_party(settings)
        self.key = load_key(settings)


class Extrawest:
    """An operator whose OCPI is the package `extrawest-ocpi`."""

    def __init__(self, base: str, version: str) -> None:
        self.version = version
        self.versions_url = f"{base}/ocpi/versions"
        self._base = base
        self._client = httpx.Client(timeout=30)

    def drive(self, what: str, **body: Any) -> Any:
        """Have the operator do something at its desk: `register`, `unregister`, `read`."""
        return self._checked(self._client.post(f"{self._base}/drive/{what}", json=body))

    def replace(self, module: str, objects: list[dict[str, Any]]) -> None:
        """From now on these are the operator's objects."""
        self._checked(self._client.post(f"{self._base}/drive/objects/{module}", json=objects))

    def partners(self) -> dict[str, dict[str, Any]]:
        """Who is registered with it: credentials and version details by the token they send."""
        return dict(self._checked(self._client.get(f"{self._base}/drive/partners")))

    def push(self, module: str, object_id: str) -> tuple[int, dict[str, Any]]:
        """Send an object with the package's own push; HTTP status and body of our answer."""
        (partner,) = self.partners().values()
        credentials = partner["credentials"]
        platform = credentials["url"].removesuffix("/versions")
        receiver = {
            "endpoints_url": f"{platform}/{self.version}", "auth_token": credentials["token"],
        }  # fmt: skip
        answer = self._checked(
            self._client.post(
                f"{self._base}/push/{self.version}",
                json={"module_id": module, "object_id": object_id, "receivers": [receiver]},
                headers={"Authorization": f"Token {self._spelt(DESK_TOKEN)}"},
            )
        )
        (one,) = answer["receiver_responses"]
        return one["status_code"], one["response"]

    def _spelt(self, token: str) -> str:
        return token if self.version == "2.1.1" else base64.b64encode(token.encode()).decode()

    def _checked(self, answer: httpx.Response) -> Any:
        assert answer.status_code == 200, answer.text
        body = answer.json()
        # The package turns its own exceptions into this envelope.
        assert not (isinstance(body, dict) and body.get("status_code") == 3000), body
        return body

    def close(self) -> None:
        self._client.close()


@pytest.fixture(scope="session")
def extrawest_python(pytestconfig: pytest.Config) -> Path:
    """The Python with the package in it; made once and kept in pytest's cache."""
    wanted = (HERE / "requirements.txt").read_bytes() + sys.version.encode()
    name = f"extrawest-{sha256(wanted).hexdigest()[:12]}"
    cache = getattr(pytestconfig, "cache", None)
    directory = cache.mkdir("interop") if cache else pytestconfig.rootpath / ".pytest_cache"
    directory.mkdir(parents=True, exist_ok=True)
    python: Path = directory / name / "bin" / "python"
    with (directory / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # xdist's other worker waits, then finds it
        if not (directory / name / "complete").exists():
            _install(directory / name, python)
            (directory / name / "complete").touch()
    return python


def _install(directory: Path, python: Path) -> None:
    requirements = str(HERE / "requirements.txt")
    if uv := shutil.which("uv"):
        make = [uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(directory)]
        fill = [uv, "pip", "install", "--quiet", "--python", str(python), "-r", requirements]
    else:
        make = [sys.executable, "-m", "venv", "--clear", str(directory)]
        fill = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
                "--timeout", "15", "--retries", "1", "-r", requirements]  # fmt: skip
    for command in (make, fill, [str(python), "-c", "import py_ocpi, uvicorn"]):
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=120)
        except (OSError, subprocess.TimeoutExpired) as error:
            pytest.skip(f"the package extrawest-ocpi cannot be installed: {error}")
        if done.returncode:
            said = (done.stderr.strip() or done.stdout.strip()).splitlines()
            pytest.skip(f"the package extrawest-ocpi cannot be installed: {said[-1:]}")


@pytest.fixture
def start_extrawest(extrawest_python: Path, tmp_path: Path) -> Iterator[Callable[..., Extrawest]]:
    """`start_extrawest(version, objects, registration_tokens=…)` starts such an operator."""
    with ExitStack() as stack:

        def start(
            version: str, objects: dict[str, list[dict[str, Any]]], *registration_tokens: str
        ) -> Extrawest:
            port = take_port()
            job = tmp_path / f"operator-{port}.json"
            job.write_text(
                json.dumps(
                    {"port": port, "version": version, "objects": objects,
                     "desk_token": DESK_TOKEN, "registration_tokens": registration_tokens}
                )
            )  # fmt: skip
            command = [str(extrawest_python), str(HERE / "extrawest_operator.py"), str(job)]
            environment = {  # nothing else of ours reaches its settings
                "PATH": os.environ["PATH"], "PROTOCOL": "http", "OCPI_HOST": f"127.0.0.1:{port}",
                "COUNTRY_CODE": COUNTRY, "PARTY_ID": PARTY,
            }  # fmt: skip
            server = stack.enter_context(subprocess.Popen(command, env=environment, cwd=tmp_path))
            stack.callback(server.wait, 20)
            stack.callback(server.terminate)
            operator = stack.enter_context(closing(Extrawest(f"http://127.0.0.1:{port}", version)))
            _wait_for(f"http://127.0.0.1:{port}/drive/partners", server)
            return operator

        yield start


def _wait_for(url: str, server: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        assert server.poll() is None, "the operator ended while starting"
        with suppress(httpx.TransportError):
            httpx.get(url)
            return
        time.sleep(0.05)
    raise AssertionError("the operator did not answer in a minute")


@pytest.fixture
def start_platform(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., Platform]]:
    """`start_platform(database_url)` serves the platform; by default with this test's database."""
    with ExitStack() as stack:

        def start(database: str = database_url) -> Platform:
            listener = listen()
            url = url_of(listener)
            monkeypatch.setenv("NOP_PUBLIC_URL", url)
            monkeypatch.setenv("NOP_HOME", str(tmp_path))
            stack.enter_context(serve_application(database, listener))
            return Platform(url, stack.enter_context(closing(connect(database, autocommit=True))))

        yield start


@pytest.fixture
def platform(start_platform: Callable[..., Platform]) -> Platform:
    """The platform with this test's database."""
    return start_platform()
