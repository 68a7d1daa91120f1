"""What the mock can do wrong: each fault is one that a real server has.

`check` names the check of `nop source check` that notices the fault, and `finding` the code in its
delivery report: the two are tested against each other. Faults without either show themselves in a
handshake or a push only.
"""

from __future__ import annotations

from typing import NamedTuple

ALL = ("2.1.1", "2.2.1", "2.3.0")
LATER = ALL[1:]


class Fault(NamedTuple):
    """Something that the mock does wrong when it is switched on."""

    name: str
    rules: tuple[str, ...]
    """Of the platform's OCPI rules; P numbers are deviations seen in the field."""
    says: str
    check: str | None = None
    finding: str | None = None
    number: float | None = None
    """What `name=NUMBER` sets, and its default: every nth answer, or seconds."""
    versions: tuple[str, ...] = ALL


_FAULTS = (
    # Who may ask
    Fault(
        "token-raw-only", ("TR-1", "TR-2", "P1"),
        "the token is understood only as it is, not in Base64", "token-encoding", versions=LATER,
    ),
    Fault(
        "token-base64-only", ("TR-1", "TR-2"),
        "the token is understood only in Base64", "token-encoding", versions=("2.1.1",),
    ),
    Fault(
        "auth-as-200", ("TR-7", "P2"),
        "a wrong token is answered with HTTP 200, status 3000 and an empty list", "unknown-token",
    ),
    Fault("auth-403", ("TR-7", "P3"), "a wrong token is answered with a bare HTTP 403",
          "unknown-token"),
    Fault("auth-open", ("TR-7",), "every token is accepted", "unknown-token"),
    # Versions and details
    Fault("version-dead-url", ("VE-3",), "the best version is listed first with a dead URL",
          "version-details"),
    Fault("endpoint-host", ("VE-8", "P4"), "the details name an internal host", "endpoint-urls"),
    Fault("endpoint-port", ("VE-8",), "the details name a port behind the proxy", "endpoint-urls"),
    Fault("endpoint-no-role", ("VE-4", "VE-5"), "endpoints are listed without a role",
          "endpoints", versions=LATER),
    Fault("endpoint-upper-case", ("VE-5",), "module identifiers are in upper case", "endpoints"),
    Fault("no-tariffs", ("VE-4",), "the module tariffs is not offered", "endpoints"),
    Fault("slash-redirect", ("VE-7", "TR-14"),
          "a URL without a slash at its end is redirected to the one with it", "trailing-slash"),
    Fault("slash-missing", ("VE-7",), "a URL with a slash at its end is not found",
          "trailing-slash"),
    # Envelope and headers
    Fault("null-list", ("TR-15", "P10"), "an empty list is null", "envelope"),
    Fault("code-as-text", ("TR-15",), "status_code is a string", "envelope"),
    Fault("no-timestamp", ("TR-10", "TR-15"), "the envelope has no timestamp", "envelope"),
    Fault("byte-order-mark", ("TR-15",), "answers begin with a byte order mark", "envelope"),
    Fault("plain-text", ("TR-16",), "Content-Type says text/plain", "content-type"),
    Fault("no-request-ids", ("TR-17",), "X-Request-ID and X-Correlation-ID are not sent back",
          "request-ids", versions=LATER),
    Fault("no-gzip", ("PU-10",), "answers are never compressed", "gzip"),
    Fault("gzip-unasked", ("TR-15",), "answers are compressed though nobody asked", "gzip"),
    Fault("clock-ahead", ("PU-5", "P6"), "the clock of the envelope is an hour ahead", "clock"),
    # One object
    Fault("single-as-list", ("TR-15", "PU-15"), "a single object comes as a list of one",
          "single-object"),
    Fault("no-single-object", ("PU-15",), "a single object cannot be read", "single-object"),
    Fault("absent-as-200", ("TR-13",), "what does not exist is answered with HTTP 200 and null",
          "absent-object"),
    # Pages
    Fault("link-missing", ("TR-40", "PU-9", "P4"), "there is no Link to the next page",
          "paging-link"),
    Fault("link-relative", ("TR-40", "PU-9", "P4"), "Link is relative", "paging-link"),
    Fault("link-self", ("PU-9", "P4"), "Link leads to the page itself", "paging-link"),
    Fault("link-scheme", ("VE-8", "PU-9", "P4"), "Link has another scheme than the endpoint",
          "paging-link"),
    Fault("link-host", ("VE-8", "PU-9", "P4"), "Link leads to an internal host", "paging-link"),
    Fault("link-placeholder", ("PU-9",), "Link is a template that nobody filled in",
          "paging-link"),
    Fault("link-to-empty", ("PU-9", "TR-40"), "the last page links to an empty one",
          "paging-end"),
    Fault("total-of-page", ("TR-40", "PU-9", "P4"), "X-Total-Count is the size of the page",
          "paging-total"),
    Fault("total-too-high", ("TR-40", "PU-4", "P4"), "X-Total-Count is 7 too high",
          "paging-total"),
    Fault("total-missing", ("TR-40", "PU-4"), "there is no X-Total-Count", "paging-total"),
    Fault("limit-missing", ("TR-40",), "there is no X-Limit", "paging-limit"),
    Fault("limit-ignored", ("TR-43", "P4"), "every page has 100 objects, whatever was asked",
          "paging-limit"),
    Fault("wrong-limit-500", ("TR-13", "TR-45"), "an unusable limit ends in HTTP 500",
          "wrong-limit"),
    Fault("offset-ignored", ("TR-40", "PU-9"), "every page is the first one", "paging-order"),
    Fault("pages-overlap", ("PU-9", "P20"), "each page repeats the last object of the one before",
          "paging-order"),
    Fault("objects-move", ("TR-42", "P20"),
          "objects change their place in the list while it is read", "paging-order"),
    # Dates
    Fault("date-from-ignored", ("TR-41", "PU-6", "P5"), "date_from is ignored", "date-from"),
    Fault("date-from-refused", ("PU-6", "P5"), "date_from is refused in every spelling",
          "date-from"),
    Fault("date-without-z", ("PU-6", "TR-30", "P5"), "a date_from with Z is refused",
          "date-from"),
    Fault("date-from-exclusive", ("TR-41", "P5"), "an object of exactly date_from is left out",
          "date-from-inclusive", versions=LATER),
    Fault("date-to-inclusive", ("TR-41", "P4"), "an object of exactly date_to is included",
          "date-to", versions=LATER),
    # A server under strain; lists only
    Fault("busy", ("TR-14", "PU-10", "P19"), "every nth page is HTTP 429 with Retry-After",
          "stability", number=5),
    Fault("server-error", ("TR-14",), "every nth page is HTTP 500", "stability", number=5),
    Fault("html-error", ("TR-14", "P19"), "every nth page is HTTP 502 in HTML", "stability",
          number=5),
    Fault("truncated", ("TR-14", "P19"), "every nth page breaks off in its middle", "stability",
          number=5),
    Fault("slow", ("PU-10", "P19"), "the first byte of a page takes so many seconds", "speed",
          number=2),
    # Objects
    Fault("evse-no-uid", ("PU-2", "PU-3", "P9"), "some EVSEs have no uid", "locations",
          "evse-no-uid"),
    Fault("no-coordinates", ("PU-2", "PU-3"), "some locations have no coordinates", "locations",
          "coordinates-missing"),
    Fault("unknown-status", ("RE-9", "P11"), "some EVSEs have the status WORKING", "locations",
          "unknown-status"),
    Fault("unknown-standard", ("RE-9", "P11"), "some connectors have a standard of no OCPI version",
          "locations", "connector-standard-unknown"),
    Fault("no-publish", ("DM-11",), "publish is left out", "locations", "publish-missing",
          versions=LATER),
    Fault("no-last-updated", ("TR-19", "P6"), "some objects have no last_updated", "locations",
          "last-updated-missing"),
    Fault("null-fields", ("TR-19", "P10"), "what is empty is sent as null: legal, and often met"),
    Fault("numbers-for-texts", ("DM-3", "TR-33"), "coordinates are numbers", "coordinates"),
    Fault("time-offset", ("TR-30", "P18"), "times have an offset and microseconds", "times"),
    Fault("time-ahead", ("RE-8", "P6"), "some last_updated lie in the future", "times"),
    Fault("parent-older", ("DM-12", "RE-4", "P6"), "a location is not bumped with its EVSEs",
          "last-updated"),
    Fault("lower-case-party", ("TR-32", "P12"), "country_code and party_id are in lower case",
          "id-case", versions=LATER),
    Fault("duplicate-id", ("DM-1", "PU-9"), "two different locations have one id", "ids"),
    Fault("uid-moved", ("DM-1", "P8"), "one EVSE uid stands under two locations", "ids"),
    Fault("foreign-party", ("PU-11", "P13"), "some objects are of a party not in credentials",
          "parties", versions=LATER),
    Fault("tariff-dangling", ("PU-12", "P21"), "connectors refer to tariffs that are not listed",
          "tariff-references"),
    Fault("tariff-no-vat", ("TA-4", "P21"), "prices have no vat", None, "vat-missing",
          versions=("2.2.1",)),
    Fault("tariff-restriction", ("TA-12",), "a tariff has a restriction that OCPI does not know",
          "tariffs", "unknown-restriction"),
    # Handshake
    Fault("no-call-back", ("CR-10", "CR-22", "P15"), "nobody is called back during a POST"),
    Fault("credentials-201", ("CR-11", "CR-22"), "a POST of credentials is answered with HTTP 201"),
    Fault("credentials-as-list", ("CR-22",), "credentials come as a list of one", "credentials"),
    Fault("credentials-no-roles", ("CR-1", "CR-22"), "credentials name no roles", "credentials",
          versions=LATER),
    Fault("registered-401", ("CR-14", "P15"),
          "a second POST is answered with HTTP 401 instead of 405"),
    # Pushes
    Fault("patch-no-time", ("RE-3", "P14"), "a PATCH has no last_updated"),
    Fault("push-late", ("RE-8",), "every nth push is older than what was sent before", number=5),
    Fault("push-raw-token", ("RE-13", "TR-2"), "pushes carry the raw token"),
    Fault("patch-only", ("RE-12",), "a location that the platform does not know is never PUT"),
)  # fmt: skip

FAULTS = {fault.name: fault for fault in _FAULTS}
