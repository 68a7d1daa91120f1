"""Identity providers that people may sign in with, and sign-ins that have left for one."""

from __future__ import annotations

import secrets
from datetime import timedelta
from hashlib import sha256

import msgspec
from psycopg.errors import CheckViolation, UniqueViolation
from psycopg.rows import class_row

from nop_registry.database import Connection
from nop_registry.errors import InvalidInput, NotFound
from nop_registry.sealing import seal, unseal
from nop_registry.store import accounts
from nop_registry.store.accounts import Account

_VISIT = timedelta(minutes=10)


class Provider(msgspec.Struct, frozen=True):
    """An OpenID provider."""

    id: int
    name: str
    label: str
    """What the button says."""
    issuer: str
    client_id: str
    secret_sealed: bytes | None
    allow_loopback: bool
    strong_values: list[str]
    """Values of `acr` or `amr` that tell of a second factor."""

    def secret(self, key: bytes) -> str | None:
        """Our client secret in clear; None: a public client, by PKCE alone."""
        if self.secret_sealed is None:
            return None
        return unseal(self.secret_sealed, key=key, purpose=f"provider:{self.name}")


class Visit(msgspec.Struct, frozen=True):
    """A sign-in that came back."""

    provider_id: int
    nonce: str
    verifier: str
    invitation_id: int | None
    return_to: str


_COLUMNS = ", ".join(Provider.__struct_fields__)


def add_provider(
    connection: Connection,
    *,
    name: str,
    label: str,
    issuer: str,
    client_id: str,
    client_secret: str | None,
    key: bytes,
    allow_loopback: bool = False,
    strong_values: tuple[str, ...] = (),
) -> Provider:
    """Let people sign in with a provider. `key` seals our secret. Raises InvalidInput."""
    sealed = seal(client_secret, key=key, purpose=f"provider:{name}") if client_secret else None
    try:
        with connection.transaction():
            connection.execute(
                """INSERT INTO identity_provider (name, label, issuer, client_id, secret_sealed,
                       allow_loopback, strong_values) VALUES (%s, %s, %s, %s, %s, %s, %s)""",
                (name, label, issuer, client_id, sealed, allow_loopback, list(strong_values)),
            )
    except UniqueViolation:
        raise InvalidInput(f"there is a provider {name!r} already") from None
    except CheckViolation:
        raise InvalidInput("the name may have lower-case letters, digits and '-'") from None
    return get_provider(connection, name)


def get_provider(connection: Connection, name: str) -> Provider:
    """The provider of that name. Raises NotFound."""
    with connection.cursor(row_factory=class_row(Provider)) as cursor:
        found = cursor.execute(
            f"SELECT {_COLUMNS} FROM identity_provider WHERE name = %s",  # noqa: S608 - our own column names
            (name,),
        ).fetchone()
    if found is None:
        raise NotFound(f"no identity provider is named {name!r}")
    return found


def list_providers(connection: Connection) -> list[Provider]:
    """All, by what their buttons say."""
    with connection.cursor(row_factory=class_row(Provider)) as cursor:
        return cursor.execute(
            f"SELECT {_COLUMNS} FROM identity_provider ORDER BY label"  # noqa: S608 - our own column names
        ).fetchall()


def remove_provider(connection: Connection, name: str) -> None:
    """Nobody signs in with it any more. Raises NotFound."""
    done = connection.execute("DELETE FROM identity_provider WHERE name = %s", (name,))
    if done.rowcount == 0:
        raise NotFound(f"no identity provider is named {name!r}")


def leave(
    connection: Connection,
    provider: Provider,
    *,
    browser_secret: str,
    nonce: str,
    verifier: str,
    return_to: str,
    invitation_id: int | None,
) -> str:
    """Remember a sign-in that goes to its provider; the returned `state` brings it back."""
    connection.execute(
        "DELETE FROM provider_visit WHERE created_at < now() - %s::interval", (_VISIT,)
    )
    state = secrets.token_urlsafe(32)
    connection.execute(
        """INSERT INTO provider_visit (state_digest, browser_digest, provider_id, nonce, verifier,
               invitation_id, return_to) VALUES (%s, %s, %s, %s, %s, %s, %s)""",
        (_digest(state), _digest(browser_secret), provider.id, nonce, verifier, invitation_id,
         return_to),
    )  # fmt: skip
    return state


def come_back(
    connection: Connection, provider: Provider, *, state: str, browser_secret: str
) -> Visit | None:
    """The sign-in that left with that state, from this browser, to this provider; once."""
    with connection.cursor(row_factory=class_row(Visit)) as cursor:
        return cursor.execute(
            """DELETE FROM provider_visit
               WHERE state_digest = %s AND browser_digest = %s AND provider_id = %s
                 AND created_at > now() - %s::interval
               RETURNING provider_id, nonce, verifier, invitation_id, return_to""",
            (_digest(state), _digest(browser_secret), provider.id, _VISIT),
        ).fetchone()


def find_identity(connection: Connection, provider: Provider, subject: str) -> Account | None:
    """Whose account it is. Never by e-mail address: a provider may give that to another."""
    row = connection.execute(
        "SELECT account_id FROM account_identity WHERE provider_id = %s AND subject = %s",
        (provider.id, subject),
    ).fetchone()
    found = accounts.get_account(connection, row[0]) if row else None
    return None if found is None or found.disabled_at is not None else found


def add_identity(
    connection: Connection, provider: Provider, subject: str, account: Account
) -> None:
    """Let that person sign in to the account. Raises InvalidInput when it is another's already."""
    try:
        with connection.transaction():
            connection.execute(
                """INSERT INTO account_identity (provider_id, subject, account_id)
                   VALUES (%s, %s, %s)""",
                (provider.id, subject, account.id),
            )
    except UniqueViolation:
        raise InvalidInput("this identity belongs to another account already") from None


def _digest(text: str) -> bytes:
    return sha256(text.encode()).digest()
