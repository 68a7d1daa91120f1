from __future__ import annotations

from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest

from nop_registry.access import (
    PERMISSIONS,
    SCOPES,
    SYSTEM,
    Action,
    NotAuthenticated,
    OutOfReach,
    Principal,
    Role,
    Scope,
    SecondFactorNeeded,
    bearer_digest,
    check_valid,
    make_key,
    reaches,
    require,
)
from nop_registry.database import Connection
from nop_registry.errors import AccessDenied, InvalidInput, NotFound
from nop_registry.store import api_keys, source_parties, sources
from nop_registry.store.api_keys import ApiKey

NOW = datetime(2025, 1, 31, 12, tzinfo=UTC)


def keep_key(
    connection: Connection,
    *,
    scopes: tuple[str, ...] = ("upload",),
    source_id: int | None = None,
    expires_at: datetime | None = None,
) -> tuple[str, ApiKey]:
    made = make_key()
    kept = api_keys.add_key(
        connection, name="Asha", prefix=made.prefix, digest=made.digest, scopes=list(scopes),
        source_id=source_id, expires_at=expires_at,
    )  # fmt: skip
    return made.key, kept


def test_a_key_has_256_random_bits_and_its_shown_part_keeps_190_secret() -> None:
    made = make_key()

    assert made.key.startswith("nopk_") and len(made.key) == len("nopk_") + 43
    assert made.key.startswith(made.prefix)
    assert (len(made.key) - len(made.prefix)) * 6 >= 190
    assert made.digest == sha256(made.key.encode()).digest()
    assert make_key().key != made.key


def test_the_database_holds_no_key(connection: Connection) -> None:
    key, kept = keep_key(connection)
    row = connection.execute("SELECT api_key::text FROM api_key").fetchone()

    assert row is not None and key.removeprefix(kept.prefix) not in row[0]
    assert sha256(key.encode()).hexdigest() in row[0]


def test_a_valid_key_is_found_by_its_header(connection: Connection) -> None:
    key, kept = keep_key(connection)

    principal = api_keys.principal_of_key(connection, [f"bearer  {key} "])

    assert principal.key_id == kept.id
    require(principal, Action.UPLOAD)


@pytest.mark.parametrize(
    "headers",
    [
        [],
        ["Bearer"],
        ["Bearer nopk_short"],
        ["Basic bm9wazpub3Br"],
        ["Bearer nopk_" + "ä" * 43],
        ["Bearer nopk_" + "a" * 43] * 2,
        ["nopk_" + "a" * 43],
    ],
)
def test_anything_but_one_well_formed_bearer_header_is_refused(headers: list[str]) -> None:
    with pytest.raises(NotAuthenticated):
        bearer_digest(headers)


def test_an_unknown_an_expired_and_a_revoked_key_are_refused_alike(connection: Connection) -> None:
    _, expired = keep_key(connection, expires_at=NOW)
    _, revoked = keep_key(connection)
    api_keys.revoke_key(connection, revoked.prefix)
    texts = set()

    for found in (None, api_keys.find_key(connection, expired.sha256),
                  api_keys.find_key(connection, revoked.sha256)):  # fmt: skip
        with pytest.raises(NotAuthenticated) as caught:
            check_valid(found, found.sha256 if found else b"x" * 32, NOW)
        texts.add(str(caught.value))

    assert len(texts) == 1


def test_a_key_is_valid_until_the_moment_it_expires(connection: Connection) -> None:
    _, key = keep_key(connection, expires_at=NOW)

    assert check_valid(key, key.sha256, NOW - timedelta(seconds=1)) is key


def test_a_key_without_the_scope_may_not_upload(connection: Connection) -> None:
    for scopes in ((), ("read",), ("roll_back",)):
        _, key = keep_key(connection, scopes=scopes)

        with pytest.raises(AccessDenied, match="no scope") as caught:
            require(key.principal(), Action.UPLOAD)
        assert not isinstance(caught.value, NotAuthenticated)


def test_a_bound_key_writes_its_own_source_only(connection: Connection) -> None:
    for name in ("own", "other"):
        sources.add_source(connection, name=name, kind="upload", country_code="IN")
    own, other = (source_parties.find_owned(connection, name) for name in ("own", "other"))
    assert own is not None and other is not None
    _, bound = keep_key(connection, source_id=own.id)
    _, free = keep_key(connection)

    for key, source in ((bound, own), (free, own), (free, other)):
        require(key.principal(), Action.UPLOAD, source=source)
    with pytest.raises(OutOfReach):
        require(bound.principal(), Action.UPLOAD, source=other)
    assert api_keys.find_key(connection, bound.sha256) == bound
    assert bound.source_name == "own"


def test_use_is_noted_at_most_once_a_minute(connection: Connection) -> None:
    _, key = keep_key(connection)

    api_keys.note_use(connection, key)
    first = api_keys.list_keys(connection)[0].last_used_at
    connection.commit()
    api_keys.note_use(connection, key)
    second = api_keys.list_keys(connection)[0].last_used_at
    connection.execute("UPDATE api_key SET last_used_at = now() - interval '61 seconds'")
    api_keys.note_use(connection, key)
    third = api_keys.list_keys(connection)[0].last_used_at

    assert first is not None and first == second
    assert third is not None and third > first


def test_revoking_keeps_the_first_moment_and_names_unknown_prefixes(connection: Connection) -> None:
    _, key = keep_key(connection)
    api_keys.revoke_key(connection, key.prefix)
    connection.commit()
    first = api_keys.list_keys(connection)[0].revoked_at
    api_keys.revoke_key(connection, key.prefix)

    assert api_keys.list_keys(connection)[0].revoked_at == first is not None
    with pytest.raises(NotFound, match="nopk_zzz"):
        api_keys.revoke_key(connection, "nopk_zzz")


def a_person(role: Role, *parties: str, strong: bool = True) -> Principal:
    return Principal(
        kind="account", name="Asha", role=role, strong=strong,
        parties=frozenset(parties) if role.is_operator else None,
    )  # fmt: skip


def test_every_action_has_its_row_and_what_has_none_is_refused() -> None:
    assert set(PERMISSIONS) == set(Action)
    assert all(PERMISSIONS.values())
    with pytest.raises(AccessDenied):
        require(a_person(Role.ADMIN), "invented")  # type: ignore[arg-type]


def test_only_operators_write_data_and_a_scope_opens_nothing_its_role_may_not() -> None:
    writing = {Action.UPLOAD, Action.EDIT_STATIONS, Action.EDIT_TARIFFS, Action.ROLL_BACK}
    for action in writing:
        assert all(role.is_operator for role in PERMISSIONS[action])
        assert Role.OPERATOR_VIEWER not in PERMISSIONS[action]
    key = Principal(kind="key", name="prog", role=Role.OPERATOR_EDITOR, scopes=frozenset(Scope))
    allowed = {action for actions in SCOPES.values() for action in actions}
    for action in Action:
        if action not in allowed:
            with pytest.raises(AccessDenied):
                require(key, action)


def test_the_role_that_decides_must_have_given_its_second_factor() -> None:
    for role in (Role.OPERATOR_ADMIN, Role.REGULATOR_OFFICER, Role.ADMIN):
        require(a_person(role, "IN*ABC"), Action.READ_SOURCES)
        with pytest.raises(SecondFactorNeeded):
            require(a_person(role, "IN*ABC", strong=False), Action.READ_SOURCES)
    require(a_person(Role.OPERATOR_EDITOR, "IN*ABC", strong=False), Action.UPLOAD)


def test_a_source_is_reached_by_who_acts_for_all_its_parties(connection: Connection) -> None:
    for name, parties in (("one", ["IN*ABC"]), ("two", ["IN*ABC", "IN*XYZ"]), ("none", [])):
        added = sources.add_source(connection, name=name, kind="upload", country_code="IN")
        source_parties.bind_source(connection, added.id, parties)

    def names(principal: Principal) -> list[str]:
        return [s.name for s in source_parties.list_reachable(connection, principal)]

    assert names(a_person(Role.OPERATOR_EDITOR, "IN*ABC")) == ["one"]
    assert names(a_person(Role.OPERATOR_EDITOR, "IN*ABC", "IN*XYZ", "IN*QQQ")) == ["one", "two"]
    assert names(a_person(Role.OPERATOR_EDITOR)) == []
    assert names(a_person(Role.REGULATOR_VIEWER)) == ["none", "one", "two"]
    two = source_parties.find_owned(connection, "two")
    assert two is not None
    bound = Principal(kind="key", name="k", role=Role.APP, parties=None, source_id=two.id)
    assert names(bound) == ["two"]
    with pytest.raises(OutOfReach):
        require(a_person(Role.OPERATOR_EDITOR, "IN*ABC"), Action.UPLOAD, source=two)
    assert reaches(SYSTEM, two)


def test_a_renewed_key_has_the_old_ones_rights_and_the_old_one_a_day_more(
    connection: Connection,
) -> None:
    made = make_key()
    old = api_keys.add_key(
        connection, name="prog", prefix=made.prefix, digest=made.digest, scopes=["upload"],
        source_id=None, expires_at=None, parties={"IN*ABC"},
    )  # fmt: skip
    for hours in (-1, 25):
        with pytest.raises(InvalidInput):
            api_keys.rotate_key(connection, old.prefix, overlap=timedelta(hours=hours))
    new = api_keys.rotate_key(connection, old.prefix, overlap=timedelta(hours=24))
    connection.commit()
    principal = api_keys.principal_of_key(connection, [f"Bearer {new.key}"])
    assert principal.parties == frozenset({"IN*ABC"}) and principal.scopes == {Scope.UPLOAD}
    assert api_keys.get_key(connection, new.prefix).replaces == old.id
    assert api_keys.principal_of_key(connection, [f"Bearer {made.key}"]).key_id == old.id
    ends = api_keys.get_key(connection, old.prefix).expires_at
    assert ends is not None and ends - datetime.now(UTC) <= timedelta(hours=24)
    api_keys.revoke_key(connection, old.prefix)
    with pytest.raises(NotAuthenticated):
        api_keys.principal_of_key(connection, [f"Bearer {made.key}"])
    with pytest.raises(InvalidInput):
        api_keys.rotate_key(connection, old.prefix, overlap=timedelta(0))
