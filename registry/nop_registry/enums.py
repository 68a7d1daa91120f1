"""Controlled vocabulary with OCPI's own member names (2.3.0 superset, `ocpi.md` §9.1).

OCPI's open enums (ConnectorType, Capability, …) stay plain strings in records: an unknown member
is kept, shown as given and reported, never refused (RE-9).
"""

from __future__ import annotations

from enum import StrEnum


class Status(StrEnum):
    """EVSE status (OCPI `Status`, closed). UNKNOWN also stands for offline and for "no data"."""

    AVAILABLE = "AVAILABLE"
    BLOCKED = "BLOCKED"
    CHARGING = "CHARGING"
    INOPERATIVE = "INOPERATIVE"
    OUTOFORDER = "OUTOFORDER"
    PLANNED = "PLANNED"
    REMOVED = "REMOVED"
    RESERVED = "RESERVED"
    UNKNOWN = "UNKNOWN"


class Availability(StrEnum):
    """What a driver sees: nine OCPI states folded into five (`regulators_and_public.md` §4)."""

    AVAILABLE = "AVAILABLE"
    BUSY = "BUSY"
    OUT = "OUT"
    UNKNOWN = "UNKNOWN"
    PLANNED = "PLANNED"


AVAILABILITY_OF: dict[Status, Availability | None] = {
    Status.AVAILABLE: Availability.AVAILABLE,
    Status.CHARGING: Availability.BUSY,
    Status.RESERVED: Availability.BUSY,
    Status.BLOCKED: Availability.BUSY,
    Status.INOPERATIVE: Availability.OUT,
    Status.OUTOFORDER: Availability.OUT,
    Status.UNKNOWN: Availability.UNKNOWN,
    Status.PLANNED: Availability.PLANNED,
    Status.REMOVED: None,  # a tombstone: counted nowhere
}


class PowerType(StrEnum):
    """How current arrives (OCPI `PowerType`, closed)."""

    AC_1_PHASE = "AC_1_PHASE"
    AC_2_PHASE = "AC_2_PHASE"
    AC_2_PHASE_SPLIT = "AC_2_PHASE_SPLIT"
    AC_3_PHASE = "AC_3_PHASE"
    DC = "DC"


class ConnectorFormat(StrEnum):
    """Socket or attached cable (OCPI `ConnectorFormat`, closed)."""

    SOCKET = "SOCKET"
    CABLE = "CABLE"


class TaxIncluded(StrEnum):
    """Whether a tariff's prices contain tax (OCPI 2.3.0 `TaxIncluded`)."""

    YES = "YES"
    NO = "NO"
    NOT_APPLICABLE = "N/A"


class Severity(StrEnum):
    """How much a finding matters. ERROR: the item (or field) was not taken."""

    ERROR = "ERROR"
    WARNING = "WARNING"
    INFO = "INFO"


class ObjectKind(StrEnum):
    """The two OCPI modules that the registry keeps."""

    LOCATION = "location"
    TARIFF = "tariff"


KNOWN_CONNECTOR_TYPES: frozenset[str] = frozenset(
    [
        "CHADEMO",
        "CHAOJI",
        "DOMESTIC_A",
        "DOMESTIC_B",
        "DOMESTIC_C",
        "DOMESTIC_D",
        "DOMESTIC_E",
        "DOMESTIC_F",
        "DOMESTIC_G",
        "DOMESTIC_H",
        "DOMESTIC_I",
        "DOMESTIC_J",
        "DOMESTIC_K",
        "DOMESTIC_L",
        "DOMESTIC_M",
        "DOMESTIC_N",
        "DOMESTIC_O",
        "GBT_AC",
        "GBT_DC",
        "IEC_60309_2_single_16",
        "IEC_60309_2_three_16",
        "IEC_60309_2_three_32",
        "IEC_60309_2_three_64",
        "IEC_62196_T1",
        "IEC_62196_T1_COMBO",
        "IEC_62196_T2",
        "IEC_62196_T2_COMBO",
        "IEC_62196_T3A",
        "IEC_62196_T3C",
        "MCS",
        "NEMA_5_20",
        "NEMA_6_30",
        "NEMA_6_50",
        "NEMA_10_30",
        "NEMA_10_50",
        "NEMA_14_30",
        "NEMA_14_50",
        "PANTOGRAPH_BOTTOM_UP",
        "PANTOGRAPH_TOP_DOWN",
        "SAE_J3400",
        "TESLA_R",
        "TESLA_S",
    ]
)
