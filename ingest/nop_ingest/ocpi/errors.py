"""What can go wrong between us and an operator's server (TR-14). Nothing here names a token.

The texts reach people who may type any URL. They never say which address a name has, or whether a
port was open, so that the platform cannot be used to look around in a network (threat T1).
"""

from __future__ import annotations

from collections.abc import Sequence

from nop_registry.errors import NopError


class OcpiError(NopError):
    """Base of all failures of a peer."""

    retriable = False
    """The same request may succeed in a moment."""


class EgressDenied(OcpiError):
    """The platform refuses to call this URL, or to follow where the peer leads."""


class LimitExceeded(OcpiError):
    """The answer was too large, too slow or packed in a way that is not accepted."""


class Cancelled(OcpiError):
    """The caller closed the crawl while a request was under way."""


class PeerUnreachable(OcpiError):
    """No answer: name, network, TLS or time-out."""

    retriable = True


class PeerFailing(OcpiError):
    """The peer answered with its own failure: HTTP 5xx, or a body cut short."""

    retriable = True


class PeerBusy(OcpiError):
    """HTTP 429 or 503."""

    retriable = True

    def __init__(self, text: str, retry_after_s: float | None) -> None:
        super().__init__(text)
        self.retry_after_s = retry_after_s
        """What the peer asked for; None if it did not say."""


class NotOcpi(OcpiError):
    """HTTP 2xx, but the body is no OCPI envelope. Not being JSON at all may be a passing fault."""

    def __init__(self, text: str, *, retriable: bool) -> None:
        super().__init__(text)
        self.retriable = retriable


class AuthFailed(OcpiError):
    """The peer refuses our token (HTTP 401 or 403)."""


class EndpointMissing(OcpiError):
    """HTTP 404: there is nothing under this URL."""


class PeerError(OcpiError):
    """An OCPI status outside 1000-1999, or an HTTP 4xx that is not told apart."""

    def __init__(self, text: str, *, status_code: int | None, http_status: int) -> None:
        super().__init__(text)
        self.status_code = status_code
        """The OCPI status; None when the body was no envelope."""
        self.http_status = http_status

    def hinting(self, hint: str) -> PeerError:
        """The same error with one more sentence."""
        text = f"{self} {hint}"
        return PeerError(text, status_code=self.status_code, http_status=self.http_status)

    @property
    def rejects_request(self) -> bool:
        """The peer blames what we asked: another spelling of the request may pass."""
        if self.status_code is not None:
            return 2000 <= self.status_code < 3000
        return self.http_status in (400, 422)


class NoSupportedVersion(OcpiError):
    """The peer offers no OCPI version that is read here."""

    def __init__(self, offered: Sequence[str], wanted: Sequence[str]) -> None:
        names = ", ".join(offered) if offered else "none at all"
        super().__init__(
            f"The peer offers no OCPI version that can be read here ({' or '.join(wanted)}). "
            f"Offered: {names}. Ask the operator for the right versions URL."
        )
        self.offered = list(offered)


class ModuleMissing(OcpiError):
    """The peer's version details do not offer the module that is wanted."""
