from __future__ import annotations

from typing import Any

import pytest

from nop_ingest.ocpi.credentials_object import OurParty, read_credentials
from nop_registry.errors import InvalidInput

US = OurParty("https://nap.example", "IN", "NAP", "National Access Point")
ROLE = {"role": "CPO", "country_code": "IN", "party_id": "TPC", "business_details": {"name": "TP"}}
FOUND = {"role": "CPO", "country_code": "IN", "party_id": "TPC", "name": "TP"}


def theirs(**changes: Any) -> dict[str, Any]:
    return {"token": "abc", "url": "https://cpo.example/versions", "roles": [ROLE]} | changes


def test_our_object_has_the_fields_of_the_version_and_no_others() -> None:
    """CR-1, CR-2, RO-1, CR-35: 2.1.1 names no role and one party; since 2.2 there are roles."""
    old = US.credentials("2.1.1", "t", "NAP")
    assert set(old) == {"token", "url", "business_details", "party_id", "country_code"}
    assert old["url"] == "https://nap.example/ocpi/versions"
    for version in ("2.2.1", "2.3.0"):
        new = US.credentials(version, "t", "NAP")
        assert set(new) == {"token", "url", "roles"}
        [role] = new["roles"]
        assert (role["role"], role["country_code"], role["party_id"]) == ("NAP", "IN", "NAP")


def test_our_business_details_always_have_website_and_logo() -> None:
    """CR-5: one family of servers refuses an object without them."""
    for version, path in (("2.1.1", ()), ("2.2.1", ("roles", 0))):
        found: Any = US.credentials(version, "t", "NAP")
        for step in path:
            found = found[step]
        business = found["business_details"]
        assert business["website"] == "https://nap.example"
        assert set(business["logo"]) == {"url", "category", "type"}


@pytest.mark.parametrize(
    ("changes", "roles"),
    [
        ({}, [FOUND]),
        ({"roles": ROLE}, [FOUND]),
        ({"roles": [ROLE | {"role": "cpo", "country_code": "in", "party_id": "tpc"}]}, [FOUND]),
        ({"roles": [ROLE, ROLE]}, [FOUND]),
        ({"roles": [{k: v for k, v in ROLE.items() if k != "business_details"}]},
         [{k: v for k, v in FOUND.items() if k != "name"}]),
        ({"roles": [None, 7, {"role": "CPO"}, ROLE]}, [FOUND]),
        ({"roles": None}, []),
        ({"roles": [], "country_code": "IN", "party_id": "TPC", "business_details": {"name": "TP"}},
         [{k: v for k, v in FOUND.items() if k != "role"}]),
        ({"country_code": "DE", "party_id": "XYZ"}, [FOUND]),
        ({"hub_party_id": "INHUB"},
         [{"role": "HUB", "country_code": "IN", "party_id": "HUB"}, FOUND]),
    ],
)  # fmt: skip
def test_their_roles_are_read_however_they_are_written(
    changes: dict[str, Any], roles: list[dict[str, Any]]
) -> None:
    """CR-3, CR-4, CR-5, CR-22: lower case, one object, both versions' fields, none at all."""
    found = read_credentials(theirs(**changes))
    assert found.roles == roles
    assert [p.party_id for p in found.parties()] == ["TPC"] * bool(
        [r for r in roles if r["party_id"] == "TPC"]
    )


@pytest.mark.parametrize(
    ("token", "read"), [(" abc\n", "abc"), ("Token abc", "abc"), ("x" * 300, "x" * 300)]
)
def test_a_token_is_read_as_it_was_meant(token: str, read: str) -> None:
    """CR-22, CR-23, TR-6: blanks, the word Token inside the value, longer than 64 characters."""
    found = read_credentials(theirs(token=token))
    assert found.token == read and found.deviations
    assert read not in repr(found)


def test_a_list_of_one_object_is_that_object() -> None:
    """CR-22"""
    assert read_credentials([theirs()]).token == "abc"


@pytest.mark.parametrize(
    "data",
    [None, "x", [], [theirs(), theirs()], *[theirs(token=token) for token in (None, "", 5)],
     theirs(url=None), theirs(url=" ")]
    + [theirs(token=token) for token in ("a\x00b", "x" * 9000)],
)  # fmt: skip
def test_what_cannot_be_used_is_refused_with_a_reason(data: object) -> None:
    """CR-1"""
    with pytest.raises(InvalidInput, match=r"token|url|object|characters"):
        read_credentials(data)
