"""A registry with one operator's stations, and consumers that read it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from application import client_of
from litestar.testing import TestClient
from operator_server import Operator

from nop_ingest.ocpi.tokens import token_digest
from nop_ingest.pull import PullReport
from nop_registry.database import Connection
from nop_registry.store import peers

PUBLIC_URL = "https://nap.example"


class Consumer:
    """Somebody with a token who asks our Sender in one version."""

    def __init__(self, client: TestClient[Any], token: str) -> None:
        self.client, self.token = client, token

    def ask(self, path: str, version: str = "2.2.1", method: str = "GET", **options: Any) -> Any:
        headers = {"Authorization": f"Token {self.token}"} | options.pop("headers", {})
        url = path if path.startswith("/ocpi/") else f"/ocpi/{version}/sender/{path}"
        return self.client.request(method, url, headers=headers, **options)

    def data(self, path: str, version: str = "2.2.1", **options: Any) -> Any:
        answer = self.ask(path, version, **options)
        body = answer.json()
        assert answer.status_code == 200 and body["status_code"] == 1000, answer.text
        return body["data"]

    def refused(self, path: str, version: str = "2.2.1", **options: Any) -> tuple[int, int]:
        """HTTP status and OCPI status code."""
        answer = self.ask(path, version, **options)
        return answer.status_code, answer.json()["status_code"]

    def follow(self, answer: Any) -> Any:
        """The next page, by the Link; None after the last."""
        link = answer.headers.get("link")
        if link is None:
            return None
        url, rel = link.split(">; ")
        assert rel == 'rel="next"' and url.startswith(f"<{PUBLIC_URL}/ocpi/")
        return self.ask(url.removeprefix(f"<{PUBLIC_URL}"))

    def crawl(self, path: str, version: str = "2.2.1") -> list[Any]:
        """All pages."""
        answers = [self.ask(path, version)]
        while (following := self.follow(answers[-1])) is not None:
            answers.append(following)
        return answers

    def ids(self, path: str, version: str = "2.2.1") -> list[str]:
        """Of all objects, in the order in which they come."""
        return [one["id"] for page in self.crawl(path, version) for one in page.json()["data"]]


@pytest.fixture
def client(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient[Any]]:
    """The application, which is reached under a name of its own."""
    monkeypatch.setenv("NOP_PUBLIC_URL", PUBLIC_URL)
    with client_of(database_url) as opened:
        yield opened


@pytest.fixture
def add_consumer(connection: Connection, client: TestClient[Any]) -> Callable[..., Consumer]:
    """A new consumer; options are those of `add_peer`."""

    def act(name: str = "app", **options: Any) -> Consumer:
        options.setdefault("purpose", "consumer")
        with connection.transaction():
            peer = peers.add_peer(connection, name=name, **options)
            peers.add_token(connection, peer, token_digest(f"token-of-{name}"), "access")
        connection.commit()
        return Consumer(client, f"token-of-{name}")

    return act


@pytest.fixture
def consumer(
    add_consumer: Callable[..., Consumer], pull_now: Callable[..., PullReport], operator: Operator
) -> Consumer:
    """May read everything; the operator's three stations have been pulled for the first time."""
    assert operator.locations
    pull_now(full=True)
    return add_consumer()


def last_updated(answer: httpx.Response | Any) -> list[str]:
    """Of the objects on a page."""
    return [one["last_updated"] for one in answer.json()["data"]]
