"""Who may do what. Deny by default: nothing is allowed that is not said here.

Machines bring an API key: `nopk_` and 43 letters from 256 random bits; the registry keeps only its
SHA-256, which needs no salt at that entropy (ASVS 6.5.2). People sign in (store/sessions.py).
"""

from __future__ import annotations

import hmac
import re
import secrets
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import Literal, NamedTuple, Protocol, TypeVar

import msgspec

from nop_registry.database import Connection
from nop_registry.errors import AccessDenied

_KEY = re.compile(r"nopk_[A-Za-z0-9_-]{43}", re.ASCII)
_SHOWN_LETTERS = len("nopk_") + 7  # 42 bits may be shown; 214 stay secret


class Role(StrEnum):
    """What somebody is to the platform. Operators' roles are bound to parties, the others not."""

    PUBLIC = "public"
    APP = "app"
    OPERATOR_VIEWER = "operator_viewer"
    OPERATOR_EDITOR = "operator_editor"
    OPERATOR_ADMIN = "operator_admin"
    REGULATOR_VIEWER = "regulator_viewer"
    REGULATOR_OFFICER = "regulator_officer"
    ADMIN = "admin"

    @property
    def is_operator(self) -> bool:
        """Bound to parties."""
        return self in _OPERATORS

    @property
    def needs_second_factor(self) -> bool:
        """Signs in with a second factor only."""
        return self in _STRONG

    @property
    def needs_second_admin(self) -> bool:
        """One administrator alone does not give it: a second one confirms."""
        return self in _DECIDING


class Action(StrEnum):
    """What a door lets somebody do."""

    READ_PUBLIC = "read_public"
    SIGN_IN = "sign_in"
    EXCHANGE_OCPI = "exchange_ocpi"
    """The OCPI doors: a peer's token decides there (ocpi_server/doorkeeper.py)."""
    MANAGE_OWN_ACCOUNT = "manage_own_account"
    READ_SOURCES = "read_sources"
    READ_UPLOADS = "read_uploads"
    READ_FINDINGS = "read_findings"
    UPLOAD = "upload"
    EDIT_STATIONS = "edit_stations"
    EDIT_TARIFFS = "edit_tariffs"
    ROLL_BACK = "roll_back"
    ACCEPT_REMOVAL = "accept_removal"
    CONNECT_SOURCE = "connect_source"
    MANAGE_KEYS = "manage_keys"
    MANAGE_TEAM = "manage_team"
    MANAGE_ACCOUNTS = "manage_accounts"
    READ_AUDIT = "read_audit"


_STRONG = frozenset(
    {Role.OPERATOR_ADMIN, Role.REGULATOR_VIEWER, Role.REGULATOR_OFFICER, Role.ADMIN}
)
_DECIDING = frozenset({Role.REGULATOR_OFFICER, Role.ADMIN})
_EVERYBODY = frozenset(Role)
_OPERATORS = frozenset({Role.OPERATOR_VIEWER, Role.OPERATOR_EDITOR, Role.OPERATOR_ADMIN})
_REGULATORS = frozenset({Role.REGULATOR_VIEWER, Role.REGULATOR_OFFICER})
_EDITORS = frozenset({Role.OPERATOR_EDITOR, Role.OPERATOR_ADMIN})
_PEOPLE = _OPERATORS | _REGULATORS | {Role.ADMIN}

PERMISSIONS: Mapping[Action, frozenset[Role]] = {
    Action.READ_PUBLIC: _EVERYBODY,
    Action.SIGN_IN: _EVERYBODY,
    Action.EXCHANGE_OCPI: _EVERYBODY,
    Action.MANAGE_OWN_ACCOUNT: _PEOPLE,
    Action.READ_SOURCES: _PEOPLE | {Role.APP},
    Action.READ_UPLOADS: _PEOPLE | {Role.APP},
    Action.READ_FINDINGS: _PEOPLE | {Role.APP},
    # Operators alone write their data; a regulator decides, an admin keeps the accounts.
    Action.UPLOAD: _EDITORS,
    Action.EDIT_STATIONS: _EDITORS,
    Action.EDIT_TARIFFS: _EDITORS,
    Action.ROLL_BACK: _EDITORS,
    Action.ACCEPT_REMOVAL: frozenset({Role.OPERATOR_ADMIN, Role.REGULATOR_OFFICER}),
    Action.CONNECT_SOURCE: frozenset({Role.OPERATOR_ADMIN}),
    Action.MANAGE_KEYS: frozenset({Role.OPERATOR_ADMIN, Role.ADMIN}),
    Action.MANAGE_TEAM: frozenset({Role.OPERATOR_ADMIN, Role.ADMIN}),
    Action.MANAGE_ACCOUNTS: frozenset({Role.ADMIN}),
    Action.READ_AUDIT: _REGULATORS | {Role.OPERATOR_ADMIN, Role.ADMIN},
}
"""The one table. An action without a row is nobody's."""


class Scope(StrEnum):
    """What a key may be used for."""

    UPLOAD = "upload"
    ROLL_BACK = "roll_back"
    READ = "read"


_READING = frozenset({Action.READ_SOURCES, Action.READ_UPLOADS, Action.READ_FINDINGS})
SCOPES: Mapping[Scope, frozenset[Action]] = {
    Scope.READ: _READING,
    Scope.UPLOAD: _READING | {Action.UPLOAD},
    Scope.ROLL_BACK: _READING | {Action.ROLL_BACK},
}
"""The actions that each scope opens."""


class NotAuthenticated(AccessDenied):
    """No key or session, or none that is valid now."""


class OutOfReach(AccessDenied):
    """Another's: to this caller it does not exist."""


class SecondFactorNeeded(AccessDenied):
    """The role signs in with a second factor, and none was given."""


class Principal(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks, and for whom."""

    kind: Literal["public", "key", "account", "system"]
    name: str
    """For people: a key's name or a person's."""
    role: Role
    account_id: int | None = None
    key_id: int | None = None
    parties: frozenset[str] | None = frozenset()
    """For whom it acts: texts such as `IN*ABC`, or `IN*` for every party of a country. None: for
    every party."""
    source_id: int | None = None
    """The one source that it may touch; None: each one of its parties."""
    scopes: frozenset[Scope] | None = None
    """A key's; None: whatever the role may do."""
    strong: bool = False
    """Signed in with a second factor."""
    address: str | None = None
    """Where the request came from, for the audit log."""

    @property
    def named_parties(self) -> list[str]:
        """Those of its parties that it acts for one by one: no country's whole."""
        return sorted(p for p in self.parties or () if not names_country([p]))


def covers(own: Collection[str], parties: Collection[str]) -> bool:
    """Whether all these parties are among one's own, in which `FR*` is every party of France.

    >>> covers({"IN*ABC", "FR*"}, ["IN*ABC", "FR*XYZ"]), covers({"FR*XYZ"}, ["FR*"])
    (True, False)
    """
    return all(party in own or party[:3] in own for party in parties)


def names_country(parties: Collection[str]) -> bool:
    """Whether one of them is every party of a country, such as `FR*`: two administrators' to give.

    >>> names_country(["FR*"]), names_country(["FR*XYZ"])
    (True, False)
    """
    return any(party.endswith("*") for party in parties)


NOBODY = Principal(kind="public", name="public", role=Role.PUBLIC)
SYSTEM = Principal(kind="system", name="nop", role=Role.ADMIN, parties=None, strong=True)
"""The platform itself: its commands and its worker, which need no permission."""


class SourceFacts(Protocol):
    """What a decision needs to know of a source."""

    @property
    def id(self) -> int:
        """Its number."""

    @property
    def parties(self) -> frozenset[str]:
        """Whose data it brings: store/source_parties.py."""


def allows(principal: Principal, action: Action) -> bool:
    """Whether the table (and a key's scopes) let it do this at all, sources aside."""
    if principal.role not in PERMISSIONS.get(action, frozenset()):
        return False
    scopes = principal.scopes
    return scopes is None or any(action in SCOPES[scope] for scope in scopes)


def reaches(principal: Principal, source: SourceFacts) -> bool:
    """Whether a source is its own: all the source's parties are the principal's."""
    if principal.source_id is not None and principal.source_id != source.id:
        return False
    own = principal.parties
    return own is None or (bool(source.parties) and covers(own, source.parties))


def require(principal: Principal, action: Action, *, source: SourceFacts | None = None) -> None:
    """Let it pass or raise: NotAuthenticated, SecondFactorNeeded, OutOfReach or AccessDenied."""
    if not allows(principal, action):
        if principal.kind == "public":
            raise NotAuthenticated("sign in, or send an API key")
        if principal.scopes is not None:
            raise AccessDenied(f"this key may not do that: it has no scope for {action.value!r}")
        raise AccessDenied("your role may not do that; ask your administrator")
    if principal.kind == "account" and principal.role.needs_second_factor and not principal.strong:
        raise SecondFactorNeeded("sign in with your second factor")
    if source is not None and not reaches(principal, source):
        raise OutOfReach("there is no such source that you may see")


@contextmanager
def acting_as(connection: Connection, principal: Principal) -> Iterator[None]:
    """A transaction (or savepoint) in which the tables themselves refuse other parties' rows.

    For a principal that is not bound to parties it is a plain transaction. What is inside may read
    and write stations, tariffs, statuses, what is derived from them and the books of its sources
    (deliveries, versions, the outcome of an upload), and nothing else: accounts, keys, how far an
    upload is and jobs are written before or after.
    """
    with connection.transaction():
        if principal.parties is None:
            yield
            return
        _set_role(connection, "nop_operator", ",".join(sorted(principal.parties)))
        yield
        _set_role(connection, "none", "")  # after an error the rollback does the same


def limit_to_source(connection: Connection, source_id: int | None) -> None:
    """From here on in the transaction the tables refuse the statuses of any other source.

    Nor can a station or tariff be changed. None ends it, as the transaction's end does. For pushes
    of statuses, many sources a transaction: one statement each, and one comparison a row.
    """
    if source_id is None:
        _set_role(connection, "none", "")
    else:
        _set_role(connection, "nop_operator", "", str(source_id))


def _set_role(connection: Connection, role: str, parties: str, source: str = "") -> None:
    # They end with the transaction.
    connection.execute(
        """SELECT set_config('role', %s, true), set_config('nop.parties', %s, true),
               set_config('nop.source', %s, true)""",
        (role, parties, source),
    )


class NewKey(NamedTuple):
    """A key just made. `key` is shown once and kept nowhere."""

    key: str
    prefix: str
    digest: bytes


class KeyFacts(Protocol):
    """What the registry holds about a key."""

    @property
    def sha256(self) -> bytes:
        """Digest of the key."""

    @property
    def expires_at(self) -> datetime | None:
        """The moment from which it is invalid."""

    @property
    def revoked_at(self) -> datetime | None:
        """Set when a person took it back."""


K = TypeVar("K", bound=KeyFacts)


def make_key() -> NewKey:
    """A fresh random key."""
    key = f"nopk_{secrets.token_urlsafe(32)}"
    return NewKey(key, key[:_SHOWN_LETTERS], sha256(key.encode()).digest())


def bearer_digest(authorization: Sequence[str]) -> bytes:
    """SHA-256 of the key in the request's Authorization headers.

    Raises NotAuthenticated unless there is exactly one header, `Bearer` and a well-formed key.
    """
    if len(authorization) == 1:
        scheme, _, key = authorization[0].strip().partition(" ")
        if scheme.lower() == "bearer" and _KEY.fullmatch(key.strip()):
            return sha256(key.strip().encode()).digest()
    raise NotAuthenticated(
        "send one header `Authorization: Bearer nopk_…` (`nop key add` makes a key)"
    )


def check_valid(found: K | None, digest: bytes, now: datetime) -> K:
    """The key found under `digest`, if it is valid now.

    Raises NotAuthenticated: one text for unknown, expired and revoked.
    """
    if (
        found is None
        or not hmac.compare_digest(found.sha256, digest)
        or found.revoked_at is not None
        or (found.expires_at is not None and found.expires_at <= now)
    ):
        raise NotAuthenticated("this key is not valid; `nop key add` makes one")
    return found
