"""What was said in a handshake, with every token masked, so that a person can read and keep it."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Literal

import msgspec

from nop_ingest.ocpi.tokens import spelled
from nop_registry.errors import NopError

_LONGEST_BODY = 16_000
_SHOWN_HEADERS = frozenset(
    (
        "authorization",
        "content-type",
        "accept",
        "location",
        "retry-after",
        "allow",
        "server",
        "date",
        "link",
        "user-agent",
        "x-request-id",
        "x-correlation-id",
        "www-authenticate",
    )
)
_MOST_LAID_OUT = 4 * _LONGEST_BODY
# Every repetition is bounded: a peer writes what this is searched in.
_TOKEN_FIELD = re.compile(
    r'("[^"]{0,60}token[^"]{0,60}"\s{0,20}:\s{0,20})("(?:[^"\\]|\\.)*|[^"\s,}\]]+)', re.IGNORECASE
)
# What a terminal would obey, JSON storage refuse, or an eye misread: controls but tab and line
# feed, lone surrogates, changes of the direction of writing.
_ILLEGIBLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")

Verdict = Literal["passed", "warning", "failed", "open"]


class Exchange(msgspec.Struct):
    """One request and its answer, masked."""

    method: str
    url: str
    request_headers: dict[str, str]
    request_body: str | None = None
    status: int | None = None
    answer_headers: dict[str, str] = {}
    answer_body: str | None = None


class Step(msgspec.Struct):
    """One step of a handshake: why, what was said, and what we make of it."""

    handshake: str
    """The same for all steps of one handshake."""
    direction: Literal["sent", "received"]
    at: datetime
    title: str
    rule: str
    """The numbered rule that the verdict follows."""
    verdict: Verdict = "open"
    says: list[str] = []
    """Our verdict in sentences."""
    exchanges: list[Exchange] = []

    def warn(self, text: str) -> None:
        """Something is unusual, but the handshake goes on."""
        self.says.append(text)
        self.verdict = "warning"


class Mask:
    """Replaces tokens by their names, such as «token A», in whatever was said."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}

    def add(self, name: str, token: str | None) -> None:
        """Know a token from now on, in clear and in Base64."""
        if not token:
            return
        encoded = spelled(token)["base64"].removeprefix("Token ")
        for form, note in ((encoded, ", in Base64"), (encoded.rstrip("="), ", in Base64"),
                           (token, "")):  # fmt: skip
            self._names.setdefault(form, f"«{name}{note}»")

    def text(self, text: str) -> str:
        """A text without known tokens. The longest first: one may be part of another."""
        for token in sorted(self._names, key=len, reverse=True):
            text = text.replace(token, self._names[token])
        return text

    def headers(self, headers: Mapping[str, str]) -> dict[str, str]:
        """Those worth showing. Of Authorization only the scheme and the token's name remain."""
        shown = {}
        for name, value in headers.items():
            if name.lower() == "authorization":
                scheme, _, token = value.partition(" ")
                named = self._names.get(token.strip())
                shown[name] = f"{scheme if named else scheme[:10]} {named or '«unknown token»'}"
            elif name.lower() in _SHOWN_HEADERS:
                shown[name] = self.text(value)[:500]
        return shown

    def body(self, body: bytes | None) -> str | None:
        """JSON, laid out, without the value of any field named token; other text as it is.

        Of a large one only the beginning is read, so that none costs more than milliseconds.
        """
        if not body:
            return None
        text = body.decode(errors="replace")
        length = len(text)
        try:
            if length > _MOST_LAID_OUT:
                raise ValueError("too long to be laid out")
            text = json.dumps(self._without_tokens(json.loads(text)), indent=1, ensure_ascii=False)
            length = len(text)
        except (ValueError, RecursionError):
            # Known tokens first: the cut must not leave half of one.
            text = _TOKEN_FIELD.sub(r"\1«token»", self.text(text)[:_MOST_LAID_OUT])
        more = f"\n… {length:,} characters in all" if len(text) > _LONGEST_BODY else ""
        return text[:_LONGEST_BODY] + more

    def _without_tokens(self, value: Any, key: str = "") -> Any:
        if isinstance(value, dict):
            return {self.text(k): self._without_tokens(v, k) for k, v in value.items()}
        if isinstance(value, list):
            return [self._without_tokens(item, key) for item in value]
        if "token" in key.lower() and value is not None:
            return self._names.get(str(value).strip(), "«unknown token»")
        return self.text(value) if isinstance(value, str) else value


class Transcript:
    """Collects steps; each is handed to `record` when it ends, whatever became of it."""

    def __init__(self, record: Callable[[Step], None]) -> None:
        self.mask = Mask()
        self._record = record
        self._handshake = secrets.token_hex(4)

    @contextmanager
    def step(
        self, title: str, rule: str, direction: Literal["sent", "received"] = "sent"
    ) -> Iterator[Step]:
        """A step that passes unless it raises or is told otherwise."""
        step = Step(self._handshake, direction, datetime.now(UTC), title, rule)
        try:
            yield step
            if step.verdict == "open":
                step.verdict = "passed"
        except NopError as error:
            step.verdict = "failed"
            step.says.append(self.mask.text(str(error)))
            raise
        finally:
            _make_legible(step)
            self._record(step)


def _make_legible(step: Step) -> None:
    """Without what a terminal would obey or the registry could not keep."""
    step.says = [_legible(sentence) for sentence in step.says]
    for said in step.exchanges:
        said.url = _legible(said.url)
        said.request_headers = {n: _legible(v) for n, v in said.request_headers.items()}
        said.answer_headers = {n: _legible(v) for n, v in said.answer_headers.items()}
        said.request_body = said.request_body and _legible(said.request_body)
        said.answer_body = said.answer_body and _legible(said.answer_body)


def _legible(text: str) -> str:
    return _ILLEGIBLE.sub("\ufffd", text)


_SIGNS = {"passed": "✓", "warning": "!", "failed": "✕", "open": "?"}


def as_text(step: Step) -> str:
    """A step for the eyes."""
    at = step.at.strftime("%Y-%m-%d %H:%M:%S")
    lines = [f"{_SIGNS[step.verdict]} {at}  {step.title}  [{step.rule}: {step.verdict}]"]
    lines += [f"    {sentence}" for sentence in step.says]
    asks, answers = ("→", "←") if step.direction == "sent" else ("←", "→")
    for exchange in step.exchanges:
        lines.append(f"  {asks} {exchange.method} {exchange.url}")
        lines += [f"      {name}: {value}" for name, value in exchange.request_headers.items()]
        lines += _indented(exchange.request_body)
        lines.append(f"  {answers} {f'HTTP {exchange.status}' if exchange.status else 'no answer'}")
        lines += [f"      {name}: {value}" for name, value in exchange.answer_headers.items()]
        lines += _indented(exchange.answer_body)
    return "\n".join(lines)


def _indented(body: str | None) -> list[str]:
    return [f"      {line}" for line in body.splitlines()] if body else []
