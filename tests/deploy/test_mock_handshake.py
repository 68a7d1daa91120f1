"""The mock's own side of the handshake and of pushes, against another mock and a small Receiver."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from mock_operator import VERSIONS, mock_cpo

from nop.mock.platform import Platform, Unusable
from nop.mock.pushing import Pusher
from nop.mock.server import MockCpo
from nop.mock.tokens import INVITATION, STATIC_TOKEN

CREDENTIALS = ("credentials", "SENDER")


@contextmanager
def met(mock: MockCpo, token: str, version: str = "2.2.1") -> Iterator[Platform]:
    """The mock as somebody sees it who has this token."""
    with Platform(mock.versions_url, token) as platform:
        platform.discover((version,))
        yield platform


def credentials_of(mock: MockCpo, version: str) -> dict[str, Any]:
    return mock.credentials.document(version, STATIC_TOKEN)


class TestAPlatformRegisters:
    @pytest.mark.parametrize("version", VERSIONS)
    def test_it_is_called_back_and_gets_a_token_of_its_own(self, version: str) -> None:
        """CR-10, CR-11, CR-14, CR-35: one mock plays the platform of the other."""
        with mock_cpo() as cpo, mock_cpo(versions=(version,)) as platform:
            seen = platform.credentials.register_with(cpo.versions_url, INVITATION, (version,))
            assert cpo.credentials.platform is not None
            assert cpo.credentials.platform.endpoints  # it called back
            assert isinstance(seen.get(seen.endpoint("locations", "SENDER")), list)
            with pytest.raises(Unusable, match="HTTP 401"), met(cpo, INVITATION):
                pass  # token A is dead
            again = seen.send(
                "POST", seen.endpoint(*CREDENTIALS), credentials_of(platform, version)
            )
            assert again[:2] == (405, 2000)

    def test_token_a_opens_nothing_but_versions_and_credentials(self) -> None:
        """TR-7."""
        with mock_cpo() as cpo, met(cpo, INVITATION) as platform:
            assert platform.send("GET", platform.endpoint("locations", "SENDER"))[0] == 401
            assert platform.send("GET", platform.endpoint(*CREDENTIALS))[0] == 200
            assert platform.send("PUT", platform.endpoint(*CREDENTIALS), {})[0] == 405  # CR-14

    def test_who_cannot_be_called_back_is_refused_and_keeps_token_a(self) -> None:
        """CR-10: 3001 when the platform cannot be reached, 3002 when it lacks the version."""
        with mock_cpo() as cpo, met(cpo, INVITATION) as platform:
            theirs = credentials_of(cpo, "2.2.1")
            gone = theirs | {"url": "http://127.0.0.1:9/ocpi/versions"}
            assert platform.send("POST", platform.endpoint(*CREDENTIALS), gone)[:2] == (200, 3001)
            with mock_cpo(versions=("2.3.0",)) as other:
                newer = theirs | {"url": other.versions_url}
                answer = platform.send("POST", platform.endpoint(*CREDENTIALS), newer)
                assert answer[:2] == (200, 3002)
            with met(cpo, INVITATION) as invited:
                assert invited.endpoints

    def test_unusable_bodies_are_told_apart(self) -> None:
        """TR-13: no JSON is HTTP 400, a missing field 2001."""
        with mock_cpo() as cpo, met(cpo, INVITATION) as platform:
            answer = platform.send("POST", platform.endpoint(*CREDENTIALS), {"token": "B"})
            assert answer[:2] == (200, 2001)
            assert platform.send("POST", platform.endpoint(*CREDENTIALS))[:2] == (400, 2001)

    def test_rotation_and_farewell(self) -> None:
        """CR-30, CR-32: the old token dies with a PUT; after DELETE token A works again."""
        with mock_cpo() as cpo, mock_cpo() as platform:
            seen = platform.credentials.register_with(cpo.versions_url, INVITATION, ("2.2.1",))
            url = seen.endpoint(*CREDENTIALS)
            _, _, first = seen.send("GET", url)
            http, code, renewed = seen.send("PUT", url, credentials_of(platform, "2.2.1"))
            assert (http, code) == (200, 1000) and renewed["token"] != first["token"]
            assert seen.send("GET", url)[0] == 401
            seen.use_token(renewed["token"])
            assert seen.send("DELETE", url)[:2] == (200, 1000)
            assert seen.send("GET", url)[0] == 401 and cpo.credentials.platform is None
            with met(cpo, INVITATION) as invited:
                assert invited.endpoints

    @pytest.mark.parametrize(
        ("fault", "http", "is_list"),
        [("credentials-201", 201, False), ("credentials-as-list", 200, True),
         ("no-call-back", 200, False)],
    )  # fmt: skip
    def test_answers_of_real_servers_can_be_had(self, fault: str, http: int, is_list: bool) -> None:
        """CR-22: HTTP 201, a list, and nobody called back (the URL here answers nothing)."""
        with mock_cpo("no-call-back", fault) as cpo, met(cpo, INVITATION) as platform:
            theirs = credentials_of(cpo, "2.2.1") | {"url": "http://127.0.0.1:9/"}
            answer = platform.send("POST", platform.endpoint(*CREDENTIALS), theirs)
            assert answer[:2] == (http, 1000) and isinstance(answer[2], list) is is_list

    def test_a_second_post_may_be_answered_401(self) -> None:
        """CR-14, as some servers have it (P15)."""
        with mock_cpo("registered-401") as cpo, met(cpo, STATIC_TOKEN) as platform:
            assert platform.send("POST", platform.endpoint(*CREDENTIALS), {})[0] == 401


class Receiver:
    """A platform with a Receiver that knows what was PUT, and writes down what it got."""

    def __init__(self) -> None:
        self.got: list[tuple[str, str, dict[str, Any], dict[str, str]]] = []
        self.known: set[str] = set()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_: object) -> None:
                pass

            def do_GET(self) -> None:
                base = f"http://127.0.0.1:{receiver.server.server_port}/ocpi"
                if self.path == "/ocpi/versions":
                    return self.say(200, [{"version": "2.2.1", "url": f"{base}/2.2.1"}])
                ends = [
                    {"identifier": name, "role": "RECEIVER", "url": f"{base}/2.2.1/{name}"}
                    for name in ("locations", "tariffs")
                ]
                return self.say(200, {"version": "2.2.1", "endpoints": ends})

            def do_PUT(self) -> None:
                receiver.note(self)
                receiver.known.add(self.path)
                self.say(201, None)

            def do_PATCH(self) -> None:
                receiver.note(self)
                known = self.path.rpartition("/")[0] in receiver.known
                self.say(200 if known else 404, None)

            def say(self, http: int, data: Any) -> None:
                code = 1000 if http < 400 else 2003
                envelope = {"status_code": code, "timestamp": "2026-11-21T00:00:00Z", "data": data}
                body = json.dumps(envelope).encode()
                self.send_response(http)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/ocpi/versions"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def note(self, request: BaseHTTPRequestHandler) -> None:
        body = request.rfile.read(int(request.headers["Content-Length"]))
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.got.append((request.command, request.path, json.loads(body), headers))


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    running = Receiver()
    yield running
    running.server.shutdown()
    running.server.server_close()


class TestPushes:
    @contextmanager
    def pusher(self, mock: MockCpo, receiver: Receiver) -> Iterator[Pusher]:
        with Platform(receiver.url, "platform-token") as platform:
            platform.discover(mock.versions)
            yield Pusher(mock, platform, per_second=100)

    def test_an_unknown_location_is_put_after_its_patch_was_not_found(
        self, receiver: Receiver
    ) -> None:
        """RE-12, SE-11, TR-1, RT-1."""
        with mock_cpo(locations=1) as mock, self.pusher(mock, receiver) as pusher:
            pusher.push_status()
            pusher.push_status()
        methods = [method for method, *_ in receiver.got]
        assert methods == ["PATCH", "PUT", "PATCH"]
        _, path, patch, headers = receiver.got[0]
        assert path.startswith("/ocpi/2.2.1/locations/IN/MCK/MCK-00001/MCK-00001-")
        assert set(patch) == {"status", "last_updated"}
        assert headers["authorization"] == "Token cGxhdGZvcm0tdG9rZW4="
        assert headers["ocpi-from-party-id"] == "MCK" and headers["x-request-id"]
        location = receiver.got[1][2]
        pushed = [e for e in location["evses"] if e["last_updated"] == patch["last_updated"]]
        assert pushed and pushed[0]["status"] == patch["status"]
        assert location["last_updated"] >= patch["last_updated"]  # RE-4

    def test_tariffs_are_put(self, receiver: Receiver) -> None:
        with mock_cpo() as mock, self.pusher(mock, receiver) as pusher:
            pusher.push_tariffs()
        assert {path.rpartition("/")[2] for _, path, *_ in receiver.got} == {
            "MCK-AC", "MCK-DC", "MCK-LIGHT",
        }  # fmt: skip

    @pytest.mark.parametrize("fault", ["patch-no-time", "push-late=1", "push-raw-token"])
    def test_pushes_can_be_wrong(self, receiver: Receiver, fault: str) -> None:
        """RE-3, RE-8, RE-13."""
        faults = (fault, "patch-only")
        with mock_cpo(*faults, locations=1) as mock, self.pusher(mock, receiver) as pusher:
            pusher.push_status()
            listed = mock.stations.listed("locations", mock.clock())[0].document["last_updated"]
        ((_, _, patch, headers),) = receiver.got  # and no PUT after the 404
        assert {
            "patch-no-time": "last_updated" not in patch,
            "push-late=1": patch.get("last_updated", "") < listed,
            "push-raw-token": headers["authorization"] == "Token platform-token",
        }[fault]
