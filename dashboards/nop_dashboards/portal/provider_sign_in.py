"""Signing in with an identity provider: off to it, and back with a code."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
from litestar import Response, get
from litestar.params import FromPath

from nop_dashboards.portal import cookies, provider_calls
from nop_dashboards.portal.doorkeeper import AnyRequest, in_database
from nop_dashboards.portal.invitation import find_invitation
from nop_dashboards.portal.language import Said
from nop_dashboards.portal.sign_in import caller_of, let_in, safe_next
from nop_dashboards.portal.view import see
from nop_registry.access import NOBODY, Action
from nop_registry.database import Connection
from nop_registry.errors import NopError, NotFound
from nop_registry.sealing import load_key
from nop_registry.sign_in import openid
from nop_registry.sign_in.openid import Identity, UnknownKey
from nop_registry.store import audit, invitations, providers, signing_in
from nop_registry.store.providers import Provider, Visit
from nop_registry.store.signing_in import Begun, Caller


@get("/portal/sign-in/with/{name:str}", action=Action.SIGN_IN)
async def leave_for_provider(request: AnyRequest, name: FromPath[str]) -> Response[Any]:
    """Send the browser to the provider. `?invitation=` makes the account when it comes back."""
    caller = caller_of(request)
    await in_database(request, lambda c: signing_in.count_link(c, caller))
    provider = await in_database(request, lambda c: providers.get_provider(c, name))
    link = request.query_params.get("invitation")
    invitation = await find_invitation(request, link) if link else None
    if invitation is not None and invitation.account_id is not None:
        raise Said("invitation.closed")  # a recovery is of a password
    try:
        endpoints = await provider_calls.find_endpoints(request, provider)
    except NopError as error:
        raise Said("sign_in.provider_failed", label=provider.label, why=str(error)) from None
    nonce, verifier = openid.new_verifier(), openid.new_verifier()
    browser = cookies.browser_secret(request)
    target = safe_next(request.query_params.get("next"))
    state = await in_database(
        request,
        lambda c: providers.leave(
            c, provider, browser_secret=browser, nonce=nonce, verifier=verifier, return_to=target,
            invitation_id=invitation.id if invitation else None,
        ),
    )  # fmt: skip
    return see(
        openid.authorization_url(
            endpoints, client_id=provider.client_id, redirect_uri=_redirect_uri(request, provider),
            state=state, nonce=nonce, verifier=verifier,
        )
    )  # fmt: skip


@get("/portal/sign-in/with/{name:str}/callback", action=Action.SIGN_IN)
async def come_back(request: AnyRequest, name: FromPath[str]) -> Response[Any]:
    """The provider's answer. Each sign-in that left comes back once, in the browser that left."""
    caller = caller_of(request)
    await in_database(request, lambda c: signing_in.count_link(c, caller))
    provider = await in_database(request, lambda c: providers.get_provider(c, name))
    query = dict(request.query_params.items())
    browser = cookies.browser_secret(request)
    visit = await in_database(
        request,
        lambda c: providers.come_back(
            c, provider, state=query.get("state", ""), browser_secret=browser
        ),
    )
    try:
        if visit is None:
            raise openid.Untrusted("this sign-in did not start here, or was finished already")
        identity = await _identify(request, provider, visit, query)
    except NopError as error:
        why = str(error)
        await in_database(request, lambda c: _note_failure(c, provider, why, caller))
        raise Said("sign_in.provider_failed", label=provider.label, why=why) from None
    try:
        begun = await in_database(request, lambda c: _begin(c, provider, visit, identity, caller))
    except Said as said:
        key = said.key
        await in_database(request, lambda c: _note_failure(c, provider, key, caller))
        raise
    return let_in(request, begun, visit.return_to)


async def _identify(
    request: AnyRequest, provider: Provider, visit: Visit, query: dict[str, str]
) -> Identity:
    endpoints = await provider_calls.find_endpoints(request, provider)
    code = openid.check_answer(endpoints, query)
    headers, body = openid.token_request(
        client_id=provider.client_id,
        secret=provider.secret(load_key(request.app.state.settings)),
        redirect_uri=_redirect_uri(request, provider),
        code=code,
        verifier=visit.verifier,
    )
    answer = await provider_calls.exchange(request, provider, endpoints, headers, body)
    token = openid.read_id_token(answer)
    expected = {
        "issuer": provider.issuer,
        "client_id": provider.client_id,
        "nonce": visit.nonce,
    }
    now = datetime.now(UTC)
    try:
        keys = await provider_calls.find_keys(request, provider)
        return openid.verify(token, keys, now=now, **expected)
    except UnknownKey:
        keys = await provider_calls.find_keys(request, provider, again=True)
        return openid.verify(token, keys, now=now, **expected)


def _begin(
    connection: Connection, provider: Provider, visit: Visit, identity: Identity, caller: Caller
) -> Begun:
    account = providers.find_identity(connection, provider, identity.subject)
    if account is None and visit.invitation_id is not None:
        try:
            account = invitations.accept(connection, visit.invitation_id, "")
        except NotFound:
            raise Said("invitation.closed") from None
        providers.add_identity(connection, provider, identity.subject, account)
        audit.record(
            connection, NOBODY, "invitation_accepted", f"account:{account.id}",
            provider=provider.name,
        )  # fmt: skip
    if account is None:
        raise Said("sign_in.stranger", label=provider.label)
    strong = bool(identity.methods & set(provider.strong_values))
    return signing_in.begin(
        connection, account, caller, strong=strong, how=f"provider {provider.name}"
    )


def _note_failure(connection: Connection, provider: Provider, why: str, caller: Caller) -> None:
    nobody = msgspec.structs.replace(NOBODY, address=caller.address)
    audit.record(connection, nobody, "sign_in_failed", f"provider:{provider.name}", why=why)


def _redirect_uri(request: AnyRequest, provider: Provider) -> str:
    public = request.app.state.settings.public_url
    return f"{public}/portal/sign-in/with/{provider.name}/callback"


ROUTES = [leave_for_provider, come_back]
