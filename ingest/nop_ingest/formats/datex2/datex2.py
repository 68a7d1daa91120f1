"""DATEX II version 3, energy infrastructure (CEN/TS 16157-10): table and status publications, XML.

Read as countries publish it: minor versions 3.2 to 3.7 with their AFIR extension, either root, any
prefix, `http` and `https` namespaces, ids as attributes or references, OCPI's words among DATEX
II's own. A row is one electric refill point, counted through the file; other energies are not read.
Ad-hoc prices of a table are read where they are plain (`rates`), others told; price updates
of a status publication are not read: send tariffs as OCPI JSON.
"""

from __future__ import annotations

from collections.abc import Iterator

from nop_ingest.formats.datex2 import vocabulary as words
from nop_ingest.formats.datex2.elements import ElementReader, Node
from nop_ingest.formats.datex2.rates import Rates
from nop_ingest.formats.datex2.sites import (
    Publication,
    count_others,
    evse_id_of,
    party_of,
    place_of,
    points_of,
    to_location,
    uid_of,
)
from nop_ingest.normalise import timestamps
from nop_ingest.reading.received_file import ReceivedFile
from nop_ingest.reading.simple_price import PricesInPassing
from nop_ingest.reading.upload_format import (
    FileNotice,
    Parsed,
    ParsedStatus,
    RefusedRow,
    UploadFormat,
)
from nop_ingest.report import Notice, Rejection
from nop_registry.enums import Severity, Status

_SITE, _STATUSES = "energyInfrastructureSite", "energyInfrastructureSiteStatus"
_HEAD = frozenset({"publicationTime", "publicationCreator"})
_WANTED = frozenset({_SITE, _STATUSES, "energyInfrastructureStatus"}) | _HEAD
_ROOTS = frozenset({"payload", "payloadPublication", "d2LogicalModel", "messageContainer"})
_OTHER_PRICES = frozenset({"rates", "energyRateUpdate", "newRates"})


def sniff(file: ReceivedFile) -> bool:
    """XML that speaks of energy infrastructure in DATEX II's namespaces, in its first 64 KiB."""
    if not file.is_xml:
        return False
    start = file.start.casefold()
    return "datex2.eu/schema/3" in start and "energyinfrastructure" in start


def parse(file: ReceivedFile) -> Iterator[Parsed]:
    """See the module's text. Raises InvalidInput when the file is no well-formed XML."""
    publication, row, others = Publication(), 0, 0
    rates, in_passing = Rates(), PricesInPassing()
    reader = ElementReader(file.path, _WANTED, _ROOTS)
    for node in reader:
        if node.name == _SITE:
            points = max(1, sum(1 for _ in points_of(node)))
            others += count_others(node)
            yield from _site(node, range(row + 1, row + 1 + points), publication, rates, in_passing)
            row += points
        elif node.name in _HEAD | _ROOTS:
            publication = _heard(publication, node)
        else:
            for status in _statuses(node, row, publication):
                row += 1
                yield status
    if others:
        yield _file_notice(
            "other-energies-left-out", f"{others} refill points of other energies were not read."
        )
    for reason, count in rates.unread.items():
        yield _file_notice(
            "prices-not-read",
            f"Refill points whose price is not read, since {reason}: {count}. Send it as an OCPI "
            "tariff.",
        )
    if reader.names & _OTHER_PRICES:
        yield _file_notice(
            "prices-not-read",
            "Prices that are no ad-hoc EnergyRate of a table are not read: send OCPI tariffs.",
        )


def _file_notice(code: str, message: str) -> FileNotice:
    return FileNotice(Notice(code, Severity.INFO, "", message))


def _heard(before: Publication, node: Node) -> Publication:
    if node.name == "publicationTime":
        return before._replace(time=node.text.strip())
    if node.name == "publicationCreator":
        country = node.value("country")
        return before._replace(
            country=country.upper() if country else None,
            publisher=node.value("nationalIdentifier"),
        )
    return before._replace(language=node.attributes.get("lang", before.language))


def _site(
    site: Node, rows: range, publication: Publication, rates: Rates, in_passing: PricesInPassing
) -> Iterator[Parsed]:
    """The Location of a site with its Tariffs, or the refusal of each of its rows."""
    site_id = site.attributes.get("id")
    points = list(points_of(site))
    found = (evse_id_of(point, publication.language) for point, _ in points)
    party = party_of(site, [text for text in found if text], publication)
    why = None
    if not site_id:
        why = "site-without-id", "@id", "Give each site an id that never changes."
    elif party is None:
        why = (
            "party-missing",
            "operator",
            "Nothing says whose this is: give the operator an id such as IN*ABC, or the refill "
            "points ids in eMI3 form.",
        )
    elif not points:
        why = (
            "site-without-points",
            "refillPoint",
            "A site needs an electric refill point with its connectors.",
        )
    elif (place := place_of(site)) is None:
        why = "coordinate-unreadable", "locationReference", "Give latitude and longitude."
    else:
        made = to_location(site, rows, party, place, publication)
        prices = [rates.price_of(point, station, site) for point, station in points]
        yield from in_passing.name_in(made, prices)
    if why is not None:
        where = (party.country_code, party.party_id, site_id) if party and site_id else None
        for row in rows:
            yield RefusedRow(Rejection(*why, site_id, row), where)


def _refused(row: int, code: str, path: str, message: str, value: str | None = None) -> RefusedRow:
    return RefusedRow(Rejection(code, path, message, value, row))


def _statuses(site: Node, row: int, publication: Publication) -> Iterator[Parsed]:
    """The statuses of a site's points; `row` is the last one before them."""
    stations = [*site.all("energyInfrastructureStationStatus"), site]
    for station in stations:
        for point in station.all("refillPointStatus"):
            row += 1
            times = (node.value("lastUpdated") for node in (point, station, site))
            at = next((time for time in times if time), publication.time)
            yield _status(row, point, _reference(station), at)


def _reference(node: Node) -> str:
    """The id of what a status is about: version 3.7 refers to it, others bear it."""
    reference = node.find("reference") or node
    return reference.attributes.get("id", "")


def _status(row: int, point: Node, station_id: str, at: str | None) -> Parsed:
    point_id, said = _reference(point), point.value("status")
    if not point_id:
        return _refused(row, "evse-id-missing", "reference", "Say whose status this is.")
    status = words.find(words.STATUSES, said)
    if status is None:
        return _refused(
            row, "status-unknown", "status", "Say a status of DATEX II, such as available.", said
        )
    if status is Status.REMOVED:
        return _refused(
            row, "status-removes-nothing", "status",
            "A status file removes nothing: leave the point out of the next table.", point_id,
        )  # fmt: skip
    return ParsedStatus(
        row=row,
        evse_id=point_id,
        uid=uid_of(point_id, station_id),
        status=status,
        changed_at=timestamps.parse(at),
    )


FORMAT = UploadFormat(
    name="datex2",
    title="DATEX II 3 energy infrastructure table or status publication (XML)",
    sniff=sniff,
    parse=parse,
    columns={
        "country_code": "operator",
        "party_id": "operator",
        "id": "energyInfrastructureSite/@id",
        "coordinates": "locationReference",
        "name": "name",
        "address": "address/addressLine",
        "city": "address/city",
        "postal_code": "address/postcode",
        "state": "address/addressLine",
        "country": "address/countryCode",
        "operator": "operator/name",
        "opening_times": "operatingHours",
        "time_zone": "facilityLocation/timeZone",
        "last_updated": "lastUpdated",
        "evses.uid": "refillPoint/@id",
        "evses.evse_id": "refillPoint/@id",
        "evses.last_updated": "lastUpdated",
        "evses.connectors": "connector",
        "evses.connectors.standard": "connector/connectorType",
        "evses.connectors.max_voltage": "connector/voltage",
        "evses.connectors.max_amperage": "connector/maximumCurrent",
        "evses.connectors.max_electric_power": "connector/maxPowerAtSocket",
        "evses.connectors.tariff_ids": "energyRate",
    },
    lacks=frozenset({"last-updated-missing", "tariff-missing"}),
)
