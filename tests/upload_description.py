"""Holds each answer of the upload API against what /openapi.json says of it."""

from __future__ import annotations

import re
from typing import Any

from httpx import Response
from jsonschema import Draft202012Validator
from litestar import Litestar
from litestar.testing import TestClient

DESCRIPTION = "/openapi.json"


class Description:
    """The API as described; `check` is for the event hooks of a client."""

    def __init__(self, client: TestClient[Litestar]) -> None:
        self.document: dict[str, Any] = client.get(DESCRIPTION).json()

    def check(self, answer: Response) -> None:
        """Status, headers and body must be declared. Raises AssertionError."""
        request = answer.request
        if request.url.path == DESCRIPTION:
            return
        asked = f"{request.method} {request.url.path}: {answer.status_code}"
        operation = self._operation(request.method.lower(), request.url.path)
        assert str(answer.status_code) in operation["responses"], asked
        declared = operation["responses"][str(answer.status_code)]
        telling = {"location", "retry-after", "content-disposition", "idempotency-replayed"}
        telling |= {name for name in answer.headers if name.startswith("upload-")}
        told = {name.lower() for name in declared.get("headers", ())}
        assert telling & set(answer.headers) <= told, asked
        answer.read()
        if not answer.content:
            return
        media = answer.headers["content-type"].partition(";")[0]
        content = {name.partition(";")[0]: told for name, told in declared["content"].items()}
        assert media in content, f"{asked} {media}"
        if media in ("application/json", "application/problem+json"):
            self.validate(content[media]["schema"], answer.json())

    def validate(self, schema: dict[str, Any], value: object) -> None:
        """Raises ValidationError."""
        whole = schema | {"components": self.document["components"]}
        Draft202012Validator(whole).validate(value)

    def _operation(self, method: str, path: str) -> dict[str, Any]:
        # What is written out comes before what has a place for a value.
        for pattern in sorted(self.document["paths"], key=lambda known: ("{" in known, known)):
            if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", pattern), path):
                operation: dict[str, Any] = self.document["paths"][pattern][method]
                return operation
        raise AssertionError(f"{path} is not described")
