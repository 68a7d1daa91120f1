"""A file to another installation, in pieces: what has arrived stays, whatever happens then."""

from __future__ import annotations

import time
from collections.abc import Callable
from hashlib import file_digest
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit
from uuid import uuid4

import httpx2
import msgspec

from nop_ingest.upload_report import UploadReport
from nop_registry.errors import InvalidInput, NopError

Progress = Callable[[str, int, int | None], None]
_PIECE = 4 << 20
_TRIES = 8
_LONGEST_PAUSE_S = 30.0
_POLL_S = 0.5
_LATER = (409, 429)  # elsewhere than we thought; too often
_UNPROCESSABLE = 422
_ON_ITS_WAY = ("receiving", "received", "checking", "committing")


class Errand(NamedTuple):
    """Where a file is sent, and what is to be done with it."""

    url: str
    key: str
    source: str | None
    commit: bool
    whole: bool


class SendingFailed(NopError):
    """The platform could not be reached, or refused."""


def send(errand: Errand, file: Path, findings: Path | None, progress: Progress) -> UploadReport:
    """Send a file and wait for the outcome; every finding goes to `findings`, as CSV.

    Cut connections are made again. Raises SendingFailed or InvalidInput.
    """
    parts = urlsplit(errand.url)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise InvalidInput("say the platform's address, such as --url https://nop.example")
    with httpx2.Client(
        base_url=errand.url.rstrip("/"),
        headers={"Authorization": f"Bearer {errand.key}"},
        timeout=60.0,
    ) as client:
        sender = _Sender(client, errand, file, progress)
        here, arrived = sender.begin()
        sender.send_bytes(here, arrived)
        told = sender.wait(here)
        if findings is not None:
            findings.write_bytes(sender.ask("GET", f"{here}/findings.csv").content)
    if told["report"] is None:
        raise InvalidInput(told["error"] or f"the upload is {told['state']}")
    return msgspec.convert(told["report"], UploadReport)


class _Sender:
    def __init__(
        self, client: httpx2.Client, errand: Errand, file: Path, progress: Progress
    ) -> None:
        self._client = client
        self._errand = errand
        self._file = file
        self._size = file.stat().st_size
        self._progress = progress

    def begin(self) -> tuple[str, int]:
        """Where the file is to be sent, and how much of it has arrived there already."""
        errand = self._errand
        query = {
            "filename": self._file.name,
            "commit": str(errand.commit).lower(),
            "whole": str(errand.whole).lower(),
        } | ({"source": errand.source} if errand.source else {})
        with self._file.open("rb") as stream:
            digest = file_digest(stream, "sha256")
        digest.update(repr(query).encode())
        headers = {
            "Upload-Complete": "?0",
            "Upload-Length": str(self._size),
            "Content-Type": "application/partial-upload",
            # The same for the same file: what a command that was killed had sent is gone on with.
            "Idempotency-Key": digest.hexdigest(),
        }
        begun = self.ask("POST", "/uploads", accept=_UNPROCESSABLE, params=query, headers=headers)
        if begun.status_code == _UNPROCESSABLE:  # it arrived whole before; or what is wrong is told
            headers["Idempotency-Key"] = uuid4().hex
            begun = self.ask("POST", "/uploads", params=query, headers=headers)
        return str(begun.headers["location"]), int(begun.headers["upload-offset"])

    def send_bytes(self, here: str, offset: int) -> None:
        """All bytes, from where the platform has them."""
        with self._file.open("rb") as stream:
            while True:
                stream.seek(offset)
                data = stream.read(_PIECE)
                if not data and offset < self._size:
                    raise InvalidInput(f"{self._file} became shorter while it was sent")
                last = offset + len(data) >= self._size
                offset = self._send_piece(here, offset, data, last=last)
                self._progress("sending", offset, self._size)
                if last and offset >= self._size:
                    return

    def _send_piece(self, here: str, offset: int, data: bytes, *, last: bool) -> int:
        """The offset to go on from: of a piece that was cut off, a part may have arrived."""
        headers = {
            "Upload-Offset": str(offset),
            "Upload-Complete": "?1" if last else "?0",
            "Content-Type": "application/partial-upload",
        }
        for attempt in range(_TRIES):
            try:
                answer = self._client.patch(here, content=data, headers=headers)
            except httpx2.TransportError:
                answer = None
            if answer is not None and answer.status_code < 300:
                return offset + len(data)
            if answer is not None and answer.status_code < 500 and answer.status_code not in _LATER:
                raise _refusal(answer)
            _pause(attempt)
            there = self.ask("HEAD", here)
            arrived = int(there.headers["upload-offset"])
            if there.headers["upload-complete"] == "?1" and arrived < self._size:
                raise SendingFailed("somebody withdrew the upload while it was sent")
            if there.headers["upload-complete"] == "?1" or arrived != offset:
                return arrived
        raise SendingFailed(f"byte {offset} could not be sent: try again later")

    def wait(self, here: str) -> dict[str, Any]:
        """The upload, once it is done."""
        while True:
            told: dict[str, Any] = self.ask("GET", here).json()
            if told["state"] not in _ON_ITS_WAY:
                self._progress(told["state"], 100, 100)
                return told
            self._progress(told["doing"] or told["state"], told["progress"], 100)
            time.sleep(_POLL_S)

    def ask(
        self, method: str, path: str, *, accept: int | None = None, **more: Any
    ) -> httpx2.Response:
        """A request that may be made again. Raises SendingFailed, but not for status `accept`."""
        for attempt in range(_TRIES):
            try:
                answer = self._client.request(method, path, **more)
            except httpx2.TransportError as error:
                if attempt == _TRIES - 1:
                    raise SendingFailed(f"{self._errand.url} cannot be reached: {error}") from None
            else:
                if answer.status_code < 400 or answer.status_code == accept:
                    return answer
                if answer.status_code < 500 and answer.status_code != 429:
                    raise _refusal(answer)
            _pause(attempt)
        raise SendingFailed(f"{self._errand.url} does not answer now: try again later")


def _refusal(answer: httpx2.Response) -> SendingFailed:
    try:
        told = str(answer.json().get("detail", ""))
    except ValueError:
        told = ""
    return SendingFailed(f"the platform refuses ({answer.status_code}): {told[:500]}")


def _pause(attempt: int) -> None:
    time.sleep(min(_LONGEST_PAUSE_S, 0.5 * 2**attempt))
