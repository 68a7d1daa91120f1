"""Who may ask, under which spelling of a URL, and how answers are packed."""

from __future__ import annotations

from typing import Any

from nop_ingest.normalise.parties import country_code_of, party_id_of
from nop_ingest.ocpi.errors import AuthFailed, LimitExceeded, PeerError
from nop_ingest.ocpi.list_urls import other_slash
from nop_ingest.ocpi.probe.reading import data_of
from nop_ingest.ocpi.probe.scene import Scene

_WORTH_COMPRESSING = 2_000  # bytes


def read_credentials(scene: Scene) -> None:
    """CR-15: GET credentials says who the operator is. Its token is not looked at."""
    url = scene.endpoints.get("credentials")
    if url is None:
        scene.book.skipped("credentials", "the module is not offered: tokens go from hand to hand")
        return
    said = scene.asker.ask(url)
    if said.error is not None or not said.items:
        reason = said.error or "the answer is empty"
        scene.book.warn("credentials", f"GET credentials: {reason}",
                        "answer it with the credentials object for our token")  # fmt: skip
        return
    document = data_of(said)
    if isinstance(document, list):
        scene.book.warn("credentials", "the object came in a list", "send the object itself")
        document = document[0] if document else None
    if not isinstance(document, dict):
        scene.book.warn("credentials", "the answer is no object", "send a credentials object")
        return
    roles = [document] if document.get("party_id") else document.get("roles") or []
    for role in roles if isinstance(roles, list) else [roles]:
        _note_party(scene, role)
    if not scene.parties:
        scene.book.warn("credentials", "no role with country_code and party_id is named",
                        "name every party whose objects are sent, with role CPO")  # fmt: skip
    else:
        names = ", ".join("*".join(party) for party in sorted(scene.parties)[:5])
        more = f" and {len(scene.parties) - 5:,} more" if len(scene.parties) > 5 else ""
        scene.book.passed("credentials", f"{names}{more}")


def _note_party(scene: Scene, role: Any) -> None:
    if isinstance(role, dict):
        country, party = (
            country_code_of(role.get("country_code")),
            party_id_of(role.get("party_id")),
        )
        if country and party:
            scene.parties.add((country, party))


def try_unknown_token(scene: Scene) -> None:
    """TR-7: HTTP 401 and OCPI's envelope; anything else hides why nothing is there (P2, P3)."""
    if not scene.asker.has_token:
        scene.book.skipped("unknown-token", "the feed is open: there is no token")
        return
    said = scene.asker.ask(scene.endpoints["locations"], {"limit": 1}, spelling="unknown")
    status = said.answer.status if said.answer else None
    mend = "answer a missing or unknown token with HTTP 401 and status_code 2001"
    if said.error is None and said.items:
        scene.book.fail("unknown-token", "locations are given for a wrong token too", mend)
    elif said.error is None or isinstance(said.error, PeerError):
        scene.book.fail(
            "unknown-token", f"a wrong token gets HTTP {status}, which looks like an empty list",
            mend,
        )  # fmt: skip
    elif not isinstance(said.error, AuthFailed):
        scene.book.warn("unknown-token", f"a wrong token gets: {said.error}", mend)
    elif status != 401:
        scene.book.warn("unknown-token", f"a wrong token gets HTTP {status}", mend)
    else:
        scene.book.passed("unknown-token", "HTTP 401")


def try_slashes(scene: Scene) -> None:
    """VE-7: the list with and without a slash at its end, as it is listed first."""
    url = scene.endpoints["locations"]
    mend = "answer the URL with and without a slash at its end, without a redirect"
    for target, words in ((url, "as listed"), (other_slash(url), "the other way")):
        said = scene.asker.ask(target, {"limit": 1})
        where = said.answer.url.split("?")[0] if said.answer else target
        end = "with" if target.endswith("/") else "without"
        if said.error is not None:
            scene.book.warn("trailing-slash", f"{words}, {end} a slash: {said.error}", mend)
        elif where.split("?")[0] != target.split("?")[0]:
            scene.book.warn("trailing-slash", f"{words}, {end} a slash, there is a redirect", mend)
    scene.book.passed("trailing-slash", "both work")


def try_compression(scene: Scene) -> None:
    """A page of locations is a fifth of its size when compressed; nothing else may be packed."""
    url, parameters = scene.endpoints["locations"], {"limit": 10}
    packed = scene.asker.ask(url, parameters)
    plain = scene.asker.ask(url, parameters, gzip=False)
    if packed.error is None and packed.answer and len(packed.answer.body) > _WORTH_COMPRESSING:
        if packed.answer.headers.get("content-encoding", "identity") == "identity":
            scene.book.warn("gzip", "a page is not compressed though Accept-Encoding asks for it",
                            "compress answers with gzip: pages shrink to a fifth")  # fmt: skip
        times = len(packed.answer.body) / packed.answer.wire_bytes
        scene.book.passed("gzip", f"a page is {times:.1f} times smaller")
    elif packed.error is None:
        scene.book.passed("gzip", "the answer is too small to tell")
    unasked = plain.answer.headers.get("content-encoding") if plain.answer else None
    if isinstance(plain.error, LimitExceeded) or (unasked and unasked != "identity"):
        scene.book.fail("gzip", "answers are compressed though nobody asked",
                        "compress only when Accept-Encoding names gzip")  # fmt: skip
