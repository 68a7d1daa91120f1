"""Parts of objects of OCPI 2.1.1 under the names that 2.2 gave them (ocpi.md §10).

Every version is read by the same names, but for these. So a part that is said in 2.1.1 can stand in
a document of a newer version, where what 2.1.1 cannot say has its place.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from nop_ingest import documents
from nop_ingest.documents import Fields
from nop_registry.enums import TaxIncluded

_NULL = msgspec.Raw(b"null")


def rename_location(location: Fields) -> Fields:
    """Some or all fields of a Location, with its EVSEs."""
    renamed = dict(location)
    said = renamed.pop("type", None)
    if said is not None:
        says_nothing = documents.text_of(location, "type") in (None, "OTHER", "UNKNOWN")
        renamed.setdefault("parking_type", _NULL if says_nothing else said)
    _rename_items(renamed, "evses", rename_evse)
    return renamed


def rename_evse(evse: Fields) -> Fields:
    """Some or all fields of an EVSE, with its connectors."""
    renamed = dict(evse)
    _rename_items(renamed, "connectors", rename_connector)
    return renamed


def rename_connector(connector: Fields) -> Fields:
    """Some or all fields of a Connector."""
    renamed = dict(connector)
    for old, new in (("voltage", "max_voltage"), ("amperage", "max_amperage")):
        if old in renamed:
            renamed.setdefault(new, renamed.pop(old))
    said = renamed.pop("tariff_id", None)
    if said is not None:
        label = documents.value_of(connector, "tariff_id")
        ids = [] if label is None else [label]
        renamed.setdefault("tariff_ids", msgspec.Raw(documents.encode(ids)))
    return renamed


def rename_tariff(tariff: Fields, held: Fields) -> Fields:
    """Some fields of a Tariff for the one that is held: prices of 2.1.1 are without tax."""
    taxed = documents.text_of(held, "tax_included")
    if "elements" not in tariff or taxed == TaxIncluded.NOT_APPLICABLE:
        return tariff
    renamed = dict(tariff)
    documents.set_value(renamed, "tax_included", TaxIncluded.NO.value)
    return renamed


def _rename_items(fields: Fields, name: str, rename: Callable[[Fields], Fields]) -> None:
    items = documents.list_items(fields, name)
    if items:
        renamed = [rename(documents.open_stored(item)) for item in items]
        fields[name] = msgspec.Raw(documents.encode(renamed))
