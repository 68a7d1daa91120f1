"""Public by declaration: which columns may leave the platform, each with the reason.

A table or column that is not declared here fails the build (tests/registry/test_publication.py).
Doors publish only public columns; a private one is for the party itself or for nobody.
"""

from __future__ import annotations

from typing import NamedTuple


class Column(NamedTuple):
    """May a column be published, and why."""

    is_public: bool
    reason: str


def _public(reason: str, names: str) -> dict[str, Column]:
    return {name: Column(True, reason) for name in names.split()}


def _private(reason: str, names: str) -> dict[str, Column]:
    return {name: Column(False, reason) for name in names.split()}


PUBLICATION: dict[str, dict[str, Column]] = {
    "party": {
        **_public(
            "who operates is public (AFIR art. 20: operator's name)",
            "country_code party_id name website",
        ),
        **_private("internal clock", "first_seen_at"),
    },
    "source": {
        **_public("every record names its feed", "id name kind country_code"),
        **_public("simulated data must be recognised", "simulated"),
        **_public(
            "a reader must see how fresh data are and since when a feed is silent",
            "state status_ttl_s seen_at last_attempt_at last_success_at last_full_at "
            "last_error_at failures",
        ),
        **_private(
            "for the operator: quotes the peer and may name hosts", "state_reason last_error"
        ),
        **_private(
            "the operator's interface, not for everyone", "versions_url module_urls allow_loopback"
        ),
        **_private("a secret", "token_sealed"),
        **_private(
            "how the platform works, not data",
            "removal_approved not_before pull_every_s full_every_s shown_stale quirks created_at "
            "recovered_at withdrawn_at withheld",
        ),
    },
    "location": {
        **_public("identity of the record", "id source_id country_code party_id ocpi_id"),
        **_public(
            "what a driver needs to find the place (AFIR art. 20, OCPI Location)",
            "name address city postal_code district state country lat lon operator_name time_zone "
            "parking_type details",
        ),
        **_public("age of the record", "last_updated first_seen_at received_at retired_at"),
        **_public("number of the record's version", "version"),
        **_private("decides what is published; what it hides must not be told", "publish"),
        **_private("how the platform works, not data", "content_hash missing_since told_whole_at"),
    },
    "evse": {
        **_public("identity of the record", "id location_id position uid evse_id"),
        **_public("two spellings of one EVSE-ID are compared in this form", "evse_id_canonical"),
        **_public(
            "what a driver needs at the place (AFIR art. 20, OCPI EVSE)",
            "physical_reference floor_level capabilities parking_restrictions max_power_w details",
        ),
        **_public("age of the record", "last_updated"),
        **_public("tombstones are published", "retired_at"),
        **_private("how the platform works, not data", "class_mask content_hash told_whole_at"),
    },
    "connector": {
        **_public("identity of the record", "evse_id position id"),
        **_public(
            "what a driver needs to plug in (AFIR art. 20, OCPI Connector)",
            "standard format power_type max_voltage max_amperage max_electric_power_w "
            "power_derived terms_and_conditions capabilities",
        ),
        **_public("prices are public (AFIR art. 5)", "tariff_ids tariff_numbers"),
        **_public("age of the record", "last_updated"),
    },
    "evse_status": {
        **_public("availability is public (AFIR art. 20)", "evse_id location_id status source_id"),
        **_public(
            "every live value carries its age",
            "changed_at claimed_at received_at fresh_at lapsed_at",
        ),
        **_private("how the platform works, not data", "previous"),
    },
    "status_event": {
        **_public("availability over time is public (AFIR art. 20)", "evse_id status"),
        **_public("every value carries its age", "changed_at received_at"),
    },
    "tariff": {
        **_public("identity of the record", "id source_id country_code party_id ocpi_id"),
        **_public("prices are public (AFIR art. 5 and 20)", "currency type document"),
        **_public("age of the record", "last_updated first_seen_at received_at retired_at"),
        **_public("number of the record's version", "version"),
        **_private("how the platform works, not data", "content_hash emitted_at"),
    },
    "area": {
        **_public(
            "names and outlines of areas, with origin and standing",
            "id country_code level code name parent_id official origin geom",
        ),
    },
    "site": {
        **_public(
            "derived from public columns of public locations",
            "location_id source_id geom country operator_name state_area_id district_area_id "
            "max_power_w n_evse n_available n_busy n_out n_unknown n_planned missing",
        ),
        **_private("how the platform searches, not data", "cell class_mask document_version"),
    },
    "site_document": {
        **_public(
            "the public columns of a public location again, as JSON values",
            "location_id place place_rest evses evses_rest",
        ),
        **_private("which program wrote it, and a digest of it", "layout version"),
    },
    "tile_cell": {
        **_public(
            "counts of public locations",
            "z x y i n_location n_evse n_available n_busy n_out n_unknown n_planned location_id",
        ),
        **_private("how the platform draws, not data", "sum_x sum_y"),
    },
    "audit_seal": {
        **_public(
            "whoever keeps a copy can show later that the log was rewritten; what the events say "
            "cannot be told from it",
            "number first_id last_id events previous digest key_id signature sealed_at",
        ),
    },
}
"""Of each published table: what is declared of each column."""

UNPUBLISHED: dict[str, str] = {
    "account": "who has an account is personal data",
    "account_identity": "who has an account is personal data",
    "account_party": "for whom a person may act is between them and the platform",
    "account_session": "holds digests of secrets",
    "alembic_version": "which revision the tables are at",
    "api_key": "holds digests of secrets",
    "area_part": "the outlines of `area` again, in pieces",
    "audit_event": "what people did is for those who answer for it",
    "change": "how followers are woken",
    "connect_run": "how a party is connected is between it and the platform",
    "delivery": "what a publisher delivered is between it and the platform",
    "delivery_page": "how a cut pull goes on",
    "emission_count": "how many locations OCPI consumers are told of",
    "finding": "what is wrong with a delivery is told to its publisher first",
    "follower": "how far followers have read",
    "handshake_step": "what was said between a party and the platform",
    "identity_provider": "holds a secret",
    "invitation": "holds digests of secrets",
    "location_emission": "when OCPI consumers were told; also of what is public no more",
    "object_version": "what was received, byte for byte, may hold more than is published",
    "peer": "how a party is connected is between it and the platform",
    "peer_party": "for whom a party may speak is between it and the platform",
    "peer_token": "holds digests of secrets",
    "provider_visit": "holds secrets of sign-ins under way",
    "rate_bucket": "names the addresses of callers",
    "recovery_code": "holds digests of secrets",
    "quality_day": "a score is shown to its publisher first",
    "role_wish": "who may become what is between administrators",
    "refused_object": "what was refused is told to its publisher only",
    "source_object": "how an unchanged object is recognised",
    "source_party": "for whom a source may speak is between it and the platform",
    "source_version": "who delivered what is between the operator and the platform",
    "spatial_ref_sys": "belongs to PostGIS",
    "upload": "a file on its way is between the operator and the platform",
    "upload_chunk": "an operator's file, byte for byte",
    "upload_finding": "what is wrong with a file is told to its sender",
}
"""Tables of which nothing is published, and why. So are those of the job queue."""


def public_columns(table: str) -> frozenset[str]:
    """The columns of a table that may be published; none of one that is not declared.

    >>> "token_sealed" in public_columns("source"), "lat" in public_columns("location")
    (False, True)
    """
    declared = PUBLICATION.get(table, {})
    return frozenset(name for name, column in declared.items() if column.is_public)
