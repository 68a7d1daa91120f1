"""Accounts in the portal: invitation, password, second factor, sessions, forged forms."""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime, timedelta

import psycopg
import pyotp
import pytest
from litestar import Litestar, Request
from litestar.testing import TestClient
from portal_visitor import PASSWORD, Visitor

from nop_dashboards.portal.addresses import page_of
from nop_registry.access import Role
from nop_registry.database import Connection
from nop_registry.store import accounts, audit, invitations, sessions

OTHER, COMMON = "violin kettle saffron", "Password@12345"


@pytest.fixture
def visitor(client: TestClient[Litestar]) -> Visitor:
    """Somebody who is not signed in."""
    return Visitor(client)


def an_account(
    connection: Connection, role: Role = Role.OPERATOR_EDITOR, login: str = "asha@example.in"
) -> accounts.Account:
    parties = ["IN*ABC"] if role.is_operator else []
    made = accounts.add_account(connection, login=login, name="Asha", role=role, parties=parties)
    accounts.set_password(connection, made, PASSWORD)
    connection.commit()
    return made


def a_link(connection: Connection, role: Role) -> str:
    parties = ["IN*ABC"] if role.is_operator else []
    secret = invitations.invite(connection, login="asha@example.in", role=role, parties=parties)
    connection.commit()
    return f"/portal/invitation/{secret}"


def test_an_invited_administrator_sets_up_all_and_comes_back(
    visitor: Visitor, connection: Connection
) -> None:
    link = a_link(connection, Role.OPERATOR_ADMIN)
    assert "asha@example.in" in visitor.open(link).text
    visitor.send(link, name="Asha Rao", password=PASSWORD, again="another thing")
    assert "not the same" in visitor.alert()
    visitor.send(link, name="Asha Rao", password=COMMON, again=COMMON)
    assert "first that are guessed" in visitor.alert()
    visitor.send(link, name="Asha Rao", password=PASSWORD, again=PASSWORD)
    assert visitor.page.url.path == "/portal/sign-in/set-up"
    assert visitor.client.get("/portal/team", follow_redirects=False).status_code == 303
    secret = visitor.shown_secret().replace(" ", "")
    assert '<svg viewBox="0 0' in visitor.page.text and "style=" not in visitor.page.text
    visitor.send("/portal/sign-in/set-up", code="000000", next="/portal/team")
    assert "does not open" in visitor.alert()
    before = visitor.client.cookies["nop_session"]
    visitor.send("/portal/sign-in/set-up", code=pyotp.TOTP(secret).now(), next="/portal/team")
    codes = [line for line in visitor.page.text.split() if line.count("-") == 2]
    assert "Recovery codes" in visitor.page.text and codes
    assert visitor.client.cookies["nop_session"] != before  # a new session, not the old one
    assert "Asha Rao" in visitor.open("/portal/team").text

    visitor.send("/portal/sign-out")
    assert visitor.open("/portal/team").url.path == "/portal/sign-in"
    visitor.sign_in("asha@example.in", next="/portal/team")
    assert visitor.page.url.path == "/portal/sign-in/second-factor"
    later = pyotp.TOTP(secret).at(datetime.now(UTC) + timedelta(seconds=30))
    visitor.send("/portal/sign-in/second-factor", code=later, next="/portal/team")
    assert visitor.page.url.path == "/portal/team"
    assert visitor.open(link).status_code == 400 and "used already" in visitor.page.text


def test_wrong_password_and_unknown_person_are_told_alike(
    visitor: Visitor, connection: Connection
) -> None:
    an_account(connection)
    said = set()
    for login, password in (("asha@example.in", "wrong"), ("nobody@example.in", PASSWORD)):
        assert visitor.sign_in(login, password).status_code == 400
        said.add(visitor.alert())
    assert len(said) == 1
    assert visitor.sign_in("asha@example.in").url.path == "/portal"
    actions = [(e.action, e.object[:8]) for e in audit.list_events(connection)]
    assert actions == [("signed_in", "account:")] + [("sign_in_failed", "account:")] * 2


def test_after_ten_tries_even_the_right_password_must_wait(
    visitor: Visitor, connection: Connection
) -> None:
    an_account(connection)
    connection.execute(
        """INSERT INTO rate_bucket (name, level) VALUES ('sign-in-login:asha@example.in', 10),
               ('code-5min:1', 5)"""
    )
    connection.commit()
    assert visitor.sign_in(" ASHA@example.in ").status_code == 429
    assert "Too many tries" in visitor.alert()
    assert visitor.open("/portal").url.path == "/portal/sign-in"


def test_without_its_counters_nobody_signs_in(visitor: Visitor, connection: Connection) -> None:
    an_account(connection)
    connection.execute("ALTER TABLE rate_bucket RENAME TO elsewhere")
    connection.commit()
    answer = visitor.sign_in("asha@example.in")
    assert answer.status_code == 503
    assert "nop_session" not in visitor.client.cookies


def test_a_form_of_another_site_or_browser_is_refused(
    visitor: Visitor, connection: Connection
) -> None:
    an_account(connection)
    form = {"login": "asha@example.in", "password": PASSWORD}
    own = {**form, "csrf": visitor.token()}
    post = visitor.client.post
    refused = [
        post("/portal/sign-in", data=form),
        post("/portal/sign-in", data={**form, "csrf": "0" * 64}),
        post("/portal/sign-in", data={**form, "csrf": "ü"}),
        post("/portal/sign-in", data=own, headers={"Origin": "https://evil.example"}),
        post("/portal/sign-in", data=own, headers={"Origin": "null"}),
        post("/portal/sign-in", data=own, headers={"Sec-Fetch-Site": "cross-site"}),
        post("/portal/sign-in", data=own, headers={"Sec-Fetch-Site": "same-site"}),
    ]
    visitor.client.cookies.set("nop_form", "another browser's")
    refused.append(post("/portal/sign-in", data=own))
    assert {answer.status_code for answer in refused} == {403}
    assert "nop_session" not in visitor.client.cookies


def test_a_token_from_before_signing_in_opens_nothing_after_it(
    visitor: Visitor, connection: Connection
) -> None:
    an_account(connection)
    visitor.open("/portal/sign-in")
    before = visitor.token()
    visitor.sign_in("asha@example.in")
    answer = visitor.client.post("/portal/account/sign-out-everywhere", data={"csrf": before})
    assert answer.status_code == 403
    assert visitor.open("/portal/account").status_code == 200


def test_each_page_has_another_token_and_each_opens(
    visitor: Visitor, connection: Connection
) -> None:
    an_account(connection)
    visitor.sign_in("asha@example.in")
    tokens = [visitor.open("/portal/account") and visitor.token() for _ in range(2)]
    assert tokens[0] != tokens[1]
    for token in tokens:
        answer = visitor.client.post("/portal/account/password", data={"csrf": token})
        assert answer.status_code == 400  # the form is taken, its password not


def test_signing_in_again_ends_the_session_before(visitor: Visitor, connection: Connection) -> None:
    an_account(connection)
    an_account(connection, login="ravi@example.in")
    visitor.sign_in("asha@example.in")
    before = visitor.client.cookies["nop_session"]
    form = {"login": "ravi@example.in", "password": PASSWORD}
    visitor.open("/portal/account")
    visitor.send("/portal/sign-in", **form)
    assert visitor.client.cookies["nop_session"] != before
    assert sessions.find_session(connection, before) is None


def test_whoever_finds_a_browser_open_sets_up_no_second_factor(
    visitor: Visitor, connection: Connection
) -> None:
    an_account(connection)
    visitor.sign_in("asha@example.in")
    assert visitor.open("/portal/sign-in/set-up").status_code == 200
    connection.execute("UPDATE account_session SET created_at = now() - interval '11 minutes'")
    connection.commit()
    visitor.send("/portal/sign-in/set-up", code="000000")
    assert visitor.page.status_code == 400 and "sign out and in again" in visitor.page.text
    assert visitor.open("/portal/sign-in/set-up").status_code == 400


def test_what_no_database_takes_is_a_bad_request(visitor: Visitor, connection: Connection) -> None:
    link = a_link(connection, Role.OPERATOR_EDITOR)
    assert visitor.sign_in("a\x00@example.in", "x\x00y").status_code == 400
    visitor.open(link)
    visitor.send(link, name="A\x00", password=PASSWORD, again=PASSWORD)
    assert visitor.page.status_code == 400


def test_a_link_to_the_page_after_a_form_can_be_followed(
    visitor: Visitor, connection: Connection
) -> None:
    an_account(connection)
    visitor.sign_in("asha@example.in")
    visitor.open("/portal/account")
    visitor.send("/portal/account/password", old="wrong", password=OTHER)
    assert visitor.page.url.path == "/portal/account/password"
    switch = re.findall(r'href="([^"]+)" lang="hi"', visitor.page.text)
    assert switch == ["/portal/account?lang=hi"]
    app = visitor.client.app
    forms = [
        (re.sub(r"\{\w+:(\w+)\}", lambda m: "7" if m[1] == "int" else "x", route.path), method)
        for route in app.routes
        if route.path.startswith("/portal")
        for method in getattr(route, "methods", ())
        if method in ("POST", "PATCH")
    ]
    assert len(forms) > 20
    for path, method in forms:
        scope = {"type": "http", "method": method, "path": path, "headers": [], "app": app,
                 "litestar_app": app, "query_string": b""}  # fmt: skip
        page = page_of(Request(scope))  # type: ignore[arg-type]
        answer = visitor.client.get(page, follow_redirects=False)
        assert answer.status_code != 405, (path, page)


def test_cookies_are_closed_to_scripts_and_to_http(
    visitor: Visitor, connection: Connection
) -> None:
    an_account(connection)
    settings = visitor.client.app.state.settings
    client = visitor.client
    for public, prefix, secure in (
        ("http://127.0.0.1:8000", "", False),
        ("https://charging.example", "__Host-", True),
    ):
        client.app.state.settings = type(settings)(
            **{name: getattr(settings, name) for name in settings.__struct_fields__}
            | {"public_url": public}
        )
        client.cookies.clear()
        cookie = client.get("/portal/sign-in").headers["set-cookie"]
        assert cookie.startswith(f"{prefix}nop_form=")
        assert "HttpOnly" in cookie and "SameSite=lax" in cookie and "Path=/" in cookie
        assert ("Secure" in cookie) is secure and "Domain" not in cookie


def test_language_and_address_survive_the_way_through_signing_in(
    visitor: Visitor, connection: Connection
) -> None:
    an_account(connection)
    wanted = "/portal/findings?source=abc&severity=ERROR&lang=hi"
    visitor.client.cookies.clear()
    assert '<html lang="hi">' in visitor.open(wanted).text
    (target,) = re.findall(r'name="next" value="([^"]+)"', visitor.page.text)
    assert html.unescape(target) == wanted
    visitor.send("/portal/sign-in", login="asha@example.in", password=OTHER, next=wanted)
    assert '<html lang="hi">' in visitor.page.text
    visitor.send("/portal/sign-in", login="asha@example.in", password=PASSWORD, next=wanted)
    assert str(visitor.page.url.raw_path, "ascii") == wanted


def test_an_address_that_nobody_knows_is_a_page_in_the_readers_language(visitor: Visitor) -> None:
    client = visitor.client
    browser = {"Accept": "text/html,*/*;q=0.8", "Accept-Language": "hi"}
    for path in ("/portal/nothing", "/portal/uploads/abc", "/portal/stations/x/edit"):
        answer = client.get(path, headers=browser)
        assert (answer.status_code, 'role="alert"' in answer.text) == (404, True), path
        assert '<html lang="hi">' in answer.text and "no-store" in answer.headers["cache-control"]
    answer = client.get("/portal/sign-out", headers=browser)
    assert answer.status_code == 405 and "POST" in answer.headers["allow"]
    assert '<html lang="hi">' in answer.text
    for path, said in (("/nothing", "no such page"), ("/station/x", "no such station")):
        answer = client.get(path, headers=browser)
        assert (answer.status_code, f"<h1>There is {said}" in answer.text) == (404, True), path
        assert "<h1>" not in client.get(path).text  # programs get no page


def test_where_to_go_on_stays_within_the_portal(visitor: Visitor, connection: Connection) -> None:
    an_account(connection)
    for target in ("https://evil.example", "//evil.example", "/portal/../graphql", "/graphql"):
        assert visitor.sign_in("asha@example.in", next=target).url.path == "/portal"
        assert visitor.page.url.host == "testserver.local"
        visitor.client.cookies.clear()


def test_who_is_signed_in_is_not_sent_to_and_fro(visitor: Visitor, connection: Connection) -> None:
    an_account(connection)
    visitor.sign_in("asha@example.in")
    for page in ("/portal/sign-in", "/portal/sign-in/second-factor"):
        assert visitor.open(page).url.path == "/portal"


def test_a_new_password_ends_every_other_session(visitor: Visitor, connection: Connection) -> None:
    an_account(connection)
    visitor.sign_in("asha@example.in")
    elsewhere = visitor.client.cookies["nop_session"]
    visitor.client.cookies.clear()
    visitor.sign_in("asha@example.in")
    visitor.open("/portal/account")
    visitor.send("/portal/account/password", old="wrong", password=OTHER)
    assert visitor.page.status_code == 400
    visitor.send("/portal/account/password", old=PASSWORD, password=OTHER)
    assert "Your password is changed" in visitor.page.text
    visitor.client.cookies.clear()
    visitor.client.cookies.set("nop_session", elsewhere)
    assert visitor.open("/portal/account").url.path == "/portal/sign-in"


def test_a_session_that_is_revoked_ends_with_the_next_request(
    visitor: Visitor, connection: Connection
) -> None:
    account = an_account(connection)
    visitor.sign_in("asha@example.in")
    assert visitor.open("/portal/account").status_code == 200
    accounts.disable(connection, account.id)
    connection.commit()
    assert visitor.open("/portal/account").url.path == "/portal/sign-in"


def test_a_database_that_is_away_is_said_and_nobody_is_let_in(visitor: Visitor) -> None:
    def away(*_: object) -> None:
        raise psycopg.OperationalError("gone")

    database = visitor.client.app.state.portal_database
    database._run = away
    visitor.client.cookies.set("nop_session", "x")
    answer = visitor.client.get("/portal?lang=hi", follow_redirects=False)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert 'role="alert">रजिस्टर से अभी संपर्क नहीं' in answer.text
