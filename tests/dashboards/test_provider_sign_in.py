"""Signing in with an identity provider, and every way to lie about it."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
from identity_provider import (
    CLIENT,
    SECRET,
    WRONG_CLAIMS,
    IdentityProvider,
    run_providers,
    wrong_signatures,
)
from joserfc.jwk import RSAKey
from litestar import Litestar
from litestar.testing import TestClient
from portal_visitor import Visitor

from nop_dashboards.portal import provider_calls
from nop_registry.access import Role
from nop_registry.database import Connection
from nop_registry.sealing import load_key
from nop_registry.store import accounts, invitations, providers


@pytest.fixture(scope="module")
def running() -> Iterator[list[IdentityProvider]]:
    """Two providers."""
    with run_providers("good", "evil") as started:
        yield started


@pytest.fixture
def provider(
    running: list[IdentityProvider], client: TestClient[Litestar], connection: Connection,
) -> IdentityProvider:  # fmt: skip
    """The good one, honest again, whose citizen-7 is an operator's editor; the evil one beside."""
    provider_calls._known.clear()
    connection.execute("TRUNCATE rate_bucket")
    for each in running:
        each.__init__(urlsplit(each.issuer).path[1:], urlsplit(each.issuer).port)  # type: ignore[misc]
        added = providers.add_provider(
            connection, name=urlsplit(each.issuer).path[1:], label="State ID", issuer=each.issuer,
            client_id=CLIENT, client_secret=SECRET, key=load_key(client.app.state.settings),
            allow_loopback=True, strong_values=("mfa",),
        )  # fmt: skip
        if each is running[0]:
            account = accounts.add_account(
                connection, login="asha@example.in", name="Asha", role=Role.OPERATOR_EDITOR,
                parties=["IN*ABC"],
            )  # fmt: skip
            providers.add_identity(connection, added, "citizen-7", account)
    connection.commit()
    return running[0]


@pytest.fixture
def visitor(client: TestClient[Litestar]) -> Visitor:
    return Visitor(client)


def leave(visitor: Visitor, name: str = "good", **query: str) -> str:
    """Go to the provider: its address."""
    answer = visitor.client.get(
        f"/portal/sign-in/with/{name}", params=query, follow_redirects=False
    )
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


def come_back(visitor: Visitor, address: str) -> str:
    """Be sent back: the path where one ends."""
    parts = urlsplit(address)
    return visitor.open(f"{parts.path}?{parts.query}").url.path


def is_let_in(visitor: Visitor) -> bool:
    return bool(visitor.client.get("/portal/account", follow_redirects=False).status_code == 200)


def test_a_known_person_is_let_in(visitor: Visitor, provider: IdentityProvider) -> None:
    away = leave(visitor, next="/portal/account")
    asked = parse_qs(urlsplit(away).query)
    assert asked["code_challenge_method"] == ["S256"] and asked["scope"] == ["openid"]
    assert come_back(visitor, provider.authorise(away)) == "/portal/account"
    assert is_let_in(visitor)


def test_a_person_nobody_invited_is_not(visitor: Visitor, provider: IdentityProvider) -> None:
    provider.subject = "citizen-8"
    come_back(visitor, provider.authorise(leave(visitor)))
    assert "no account here" in visitor.page.text and not is_let_in(visitor)


def test_an_invitation_ties_an_identity_to_a_new_account(
    visitor: Visitor, provider: IdentityProvider, connection: Connection
) -> None:
    secret = invitations.invite(connection, login="minister@example.in", role=Role.ADMIN)
    connection.commit()
    provider.subject = "citizen-9"
    away = leave(visitor, invitation=secret)
    assert come_back(visitor, provider.authorise(away)) == "/portal/sign-in/set-up"
    provider.claims = lambda claims: claims | {"amr": ["pwd", "mfa"]}
    visitor.client.cookies.clear()
    assert come_back(visitor, provider.authorise(leave(visitor, next="/portal/account"))) == (
        "/portal/account"
    )
    connection.rollback()
    assert invitations.find_open(connection, secret) is None


def test_no_lie_of_a_provider_lets_anybody_in(
    visitor: Visitor, provider: IdentityProvider, connection: Connection
) -> None:
    lies = {name: {"sign": sign} for name, sign in wrong_signatures(provider).items()}
    for name, wrong in WRONG_CLAIMS.items():
        kept = {key: value for key, value in wrong.items() if value is not None}
        gone = wrong.keys() - kept.keys()
        lies[name] = {
            "claims": lambda claims, kept=kept, gone=gone: {
                key: value for key, value in (claims | kept).items() if key not in gone
            }
        }
    lies["no token"] = {"token": lambda token: None}
    lies["a list"] = {"token": lambda token: [token]}
    honest = {name: getattr(provider, name) for name in ("sign", "claims", "token")}
    for name, lie in lies.items():
        connection.execute("TRUNCATE rate_bucket")
        connection.commit()
        for attribute, value in (honest | lie).items():
            setattr(provider, attribute, value)
        come_back(visitor, provider.authorise(leave(visitor)))
        assert visitor.page.status_code == 400 and "State ID" in visitor.page.text, name
        assert not is_let_in(visitor), name
    for attribute, value in honest.items():
        setattr(provider, attribute, value)
    come_back(visitor, provider.authorise(leave(visitor)))
    assert is_let_in(visitor)


def test_an_answer_counts_once_in_the_browser_that_left(
    visitor: Visitor, provider: IdentityProvider
) -> None:
    back = provider.authorise(leave(visitor))
    own = dict(visitor.client.cookies)
    visitor.client.cookies.clear()
    come_back(visitor, back)  # the victim follows the attacker's link
    assert not is_let_in(visitor)
    visitor.client.cookies.clear()
    visitor.client.cookies.update(own)
    come_back(visitor, back)
    assert is_let_in(visitor)
    visitor.client.cookies.clear()
    visitor.client.cookies.update(own)
    come_back(visitor, back)  # again
    assert visitor.page.status_code == 400 and not is_let_in(visitor)


def test_states_and_codes_cannot_be_swapped(visitor: Visitor, provider: IdentityProvider) -> None:
    first, second = (provider.authorise(leave(visitor)) for _ in range(2))
    codes = [parse_qs(urlsplit(back).query)["code"][0] for back in (first, second)]
    come_back(visitor, first.replace(codes[0], codes[1]))  # PKCE and nonce are of another
    assert visitor.page.status_code == 400 and not is_let_in(visitor)
    come_back(visitor, second.replace("state=", "state=x"))
    assert visitor.page.status_code == 400 and not is_let_in(visitor)


def test_one_provider_cannot_answer_for_another(
    visitor: Visitor, provider: IdentityProvider, running: list[IdentityProvider]
) -> None:
    evil = running[1]
    code = parse_qs(urlsplit(provider.authorise(leave(visitor))).query)["code"][0]
    away = leave(visitor, "evil")
    mixed = evil.authorise(away)
    for back in (
        mixed.replace("/with/evil/", "/with/good/"),  # evil's state at good's door
        mixed.replace(parse_qs(urlsplit(mixed).query)["code"][0], code),  # good's code to evil
    ):
        come_back(visitor, back)
        assert visitor.page.status_code == 400 and not is_let_in(visitor)
    evil.answer_iss = provider.issuer
    come_back(visitor, evil.authorise(leave(visitor, "evil")))
    assert visitor.page.status_code == 400 and not is_let_in(visitor)
    evil.answer_iss = None
    come_back(visitor, evil.authorise(leave(visitor, "evil")))
    assert visitor.page.status_code == 400 and not is_let_in(visitor)


def test_new_keys_of_a_provider_are_found_and_not_asked_for_in_haste(
    visitor: Visitor, provider: IdentityProvider
) -> None:
    come_back(visitor, provider.authorise(leave(visitor)))
    visitor.client.cookies.clear()
    provider.key = RSAKey.generate_key(2048, {"kid": "good-2", "use": "sig"})
    provider.published.append(provider.key)
    asked = len([r for r in provider.requests if r == "GET /keys"])
    come_back(visitor, provider.authorise(leave(visitor)))  # within a minute of the last time
    assert not is_let_in(visitor)
    for known in provider_calls._known.values():
        known.asked_at -= 61
    come_back(visitor, provider.authorise(leave(visitor)))
    assert is_let_in(visitor)
    assert len([r for r in provider.requests if r == "GET /keys"]) == asked + 1


def test_a_provider_that_lies_about_itself_is_not_visited(
    visitor: Visitor, provider: IdentityProvider
) -> None:
    for discovery in ({"issuer": "https://evil.example"}, {"token_endpoint": "ftp://x/y"}):
        provider_calls._known.clear()
        provider.discovery = discovery
        assert visitor.open("/portal/sign-in/with/good").status_code == 400
    provider_calls._known.clear()
    provider.discovery = {"jwks_uri": "http://169.254.169.254/keys"}
    assert visitor.open("/portal/sign-in/with/good").status_code == 400
    assert visitor.open("/portal/sign-in/with/unknown").status_code == 404
