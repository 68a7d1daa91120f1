"""Uploads by HTTP, with an API key: send a file, see what it would do, take it, undo it.

`curl -H "Authorization: Bearer $KEY" -H "Prefer: wait=30" -F file=@stations.csv "$NOP/uploads"`.
Described for programs at /openapi.json. Errors are problem+json (RFC 9457).
"""

from nop_ingest.upload_api import (
    documents,
    openapi,
    problems,
    receiving,
    resuming,
    templates,
    versions,
)

ELSEWHERE = problems.ELSEWHERE
_DESCRIBED = [
    *receiving.ROUTES, *resuming.ROUTES, *documents.ROUTES, *versions.ROUTES, *templates.ROUTES,
]  # fmt: skip
ROUTES = [*_DESCRIBED, openapi.describe(_DESCRIBED)]
