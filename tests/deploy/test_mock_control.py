"""Switching the mock's faults while it runs, and the commands around it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

import pytest
from mock_operator import mock_cpo
from typer.testing import CliRunner, Result

from nop.cli import build
from nop.mock.faults import FAULTS
from nop.mock.switches import Switches
from nop.mock.tokens import STATIC_TOKEN
from nop_registry.errors import InvalidInput

NO_HEADERS: Mapping[str, str] = MappingProxyType({})


def call(
    url: str,
    method: str = "GET",
    body: bytes | None = None,
    headers: Mapping[str, str] = NO_HEADERS,
) -> tuple[int, bytes]:
    parts = urlsplit(url)
    with closing(HTTPConnection(parts.netloc)) as connection:
        connection.request(method, parts.path, body, dict(headers))
        answer = connection.getresponse()
        return answer.status, answer.read()


def run(*arguments: str) -> Result:
    return CliRunner().invoke(build(), list(arguments))


class TestSwitching:
    def test_faults_are_seen_and_switched_over_http(self) -> None:
        with mock_cpo("busy=3") as mock:
            _, body = call(mock.control_url)
            state = json.loads(body)["data"]
            assert state["on"] == ["busy=3"]
            assert {fault["name"] for fault in state["faults"]} == set(FAULTS)
            assert all(fault["says"] and fault["rules"] for fault in state["faults"])
            status, _ = call(mock.control_url, "PUT", b'{"on": ["link-self", "slow=0.1"]}')
            assert status == 200 and mock.switches.names == ["link-self", "slow=0.1"]

    def test_what_cannot_be_switched_changes_nothing(self) -> None:
        with mock_cpo("busy=3") as mock:
            for body in (b'{"on": ["no-such-fault"]}', b'{"on": 3}', b"nonsense"):
                status, answer = call(mock.control_url, "PUT", body)
                assert status == 400 and json.loads(answer)["status_message"]
            assert mock.switches.names == ["busy=3"]

    def test_faults_do_not_reach_the_control_itself(self) -> None:
        with mock_cpo("gzip-unasked", "byte-order-mark") as mock:
            assert json.loads(call(mock.control_url)[1])["data"]["on"] == mock.switches.names

    def test_the_page_in_a_browser_switches_too(self) -> None:
        with mock_cpo() as mock:
            _, page = call(mock.control_url, headers={"Accept": "text/html"})
            assert all(f"value='{name}'".encode() in page for name in FAULTS)
            call(mock.control_url, "POST", b"on=link-self&on=busy")
            assert mock.switches.names == ["link-self", "busy=5"]

    def test_pages_of_other_places_switch_nothing(self) -> None:
        """A name pointed at this machine, and a form elsewhere."""
        with mock_cpo() as mock:
            for headers in ({"Host": "evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
                status, _ = call(mock.control_url, "POST", b"on=busy", headers)
                assert status == 403
            assert mock.switches.names == []

    @pytest.mark.parametrize("wanted", ["nothing", "link-self=3", "busy=often"])
    def test_unknown_faults_and_numbers_are_named(self, wanted: str) -> None:
        with pytest.raises(InvalidInput, match=wanted.partition("=")[0]):
            Switches([wanted])

    def test_the_same_seed_is_the_same_operator(self) -> None:
        with mock_cpo(locations=5) as one, mock_cpo(locations=5) as other:
            at = one.clock()
            lists = [
                [
                    m.stations.write(listed, "2.3.0", at)
                    for listed in m.stations.listed("locations", at)
                ]
                for m in (one, other)
            ]
            assert lists[0] == lists[1] and len(lists[0]) == 5
            assert one.tokens.new() == other.tokens.new()
            assert one.stations.change_status(at)[:3] == other.stations.change_status(at)[:3]


class TestCommands:
    def test_faults_are_listed_with_their_rules(self) -> None:
        faults: list[dict[str, Any]] = json.loads(run("mock-cpo", "--list-faults", "--json").stdout)
        assert {fault["name"] for fault in faults} == set(FAULTS)

    @pytest.mark.parametrize(
        ("arguments", "says"),
        [(["--fault", "nothing"], "nothing"), (["--versions", "2.0"], "2.0"),
         (["--push", "http://127.0.0.1:9/"], "--token")],
    )  # fmt: skip
    def test_unusable_arguments_are_named(self, arguments: list[str], says: str) -> None:
        result = run("mock-cpo", *arguments)
        assert isinstance(result.exception, InvalidInput) and says in str(result.exception)

    def test_a_url_is_checked_without_any_registry(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """The token is in neither form of the report."""
        monkeypatch.setattr("nop.cluster.ensure", lambda settings: pytest.fail("no database"))
        with mock_cpo("link-self", locations=5) as mock:
            check = ("source", "check", mock.versions_url, "--token", STATIC_TOKEN,
                     "--allow-loopback")  # fmt: skip
            told, data = run(*check, "--requests"), run(*check, "--json")
            fine = run(*check, "--quirk", "version=2.1.1")
        assert told.exit_code == data.exit_code == 1
        assert "the link leads to the page itself" in told.stdout
        assert "A delivery, if this were a pull" in told.stdout
        report = json.loads(data.stdout)
        verdicts = {v["check"]: v["outcome"] for v in report["verdicts"]}
        assert verdicts["paging-link"] == "fail" and verdicts["locations"] == "pass"
        assert report["deliveries"][1]["objects"] == 5
        assert STATIC_TOKEN not in told.stdout + data.stdout
        assert "OCPI 2.1.1" in fine.stdout

    def test_a_check_without_failures_exits_with_0(self) -> None:
        with mock_cpo("link-relative", locations=5) as mock:
            result = run("source", "check", mock.versions_url, "--allow-loopback",
                         "--token", STATIC_TOKEN)  # fmt: skip
        assert result.exit_code == 0 and "the link is relative" in result.stdout

    def test_this_machine_is_checked_only_when_allowed(self) -> None:
        with mock_cpo(locations=1) as mock:
            result = run("source", "check", mock.versions_url, "--token", STATIC_TOKEN)
        assert result.exit_code == 1 and "not called from here" in result.stdout

    def test_a_registered_source_is_checked_by_its_name(
        self, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Its token, its exceptions and what a person has set are those of the registry."""
        monkeypatch.setenv("NOP_DATABASE_URL", database_url)
        monkeypatch.setenv("NOP_HOME", str(tmp_path))
        with mock_cpo(locations=5) as mock:
            run("source", "add", "mock", "--ocpi", mock.versions_url, "--token", STATIC_TOKEN,
                "--allow-loopback")  # fmt: skip
            run("source", "quirks", "mock", "--set", "version=2.2.1")
            result = run("source", "check", "mock", "--json")
            stray = run("source", "check", "mock", "--token", "another")
        report = json.loads(result.stdout)
        assert (result.exit_code, report["version"]) == (0, "2.2.1")
        assert isinstance(stray.exception, InvalidInput)
