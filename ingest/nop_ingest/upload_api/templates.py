"""Our own templates, the field guide and the JSON Schema, for everybody."""

from __future__ import annotations

import msgspec
from litestar import Response, get
from litestar.handlers import HTTPRouteHandler

from nop_ingest.template.files import TEMPLATES, Template
from nop_ingest.template.guide import guide_html, guide_markdown
from nop_ingest.template.json_schema import json_schema
from nop_registry.access import Action

_SAFE = {"X-Content-Type-Options": "nosniff", "Cache-Control": "public, max-age=3600"}


def _serve(kind: str, template: Template) -> HTTPRouteHandler:
    @get(f"/uploads/template.{kind}", sync_to_thread=False, action=Action.READ_PUBLIC)
    def get_template() -> Response[bytes]:
        """A template with two example stations."""
        name = f'attachment; filename="{template.filename}"'
        return Response(
            template.build(),
            media_type=template.media_type,
            headers=_SAFE | {"Content-Disposition": name},
        )

    return get_template


@get("/uploads/fields.md", sync_to_thread=False, action=Action.READ_PUBLIC)
def get_guide() -> Response[str]:
    """Every field: what it means, how it is written, whether it must be there."""
    return Response(guide_markdown(), media_type="text/markdown; charset=utf-8", headers=_SAFE)


@get("/uploads/fields.html", sync_to_thread=False, action=Action.READ_PUBLIC)
def get_guide_page() -> Response[str]:
    """The same as a page."""
    return Response(guide_html(), media_type="text/html; charset=utf-8", headers=_SAFE)


@get("/uploads/schema.json", sync_to_thread=False, action=Action.READ_PUBLIC)
def get_schema() -> Response[bytes]:
    """JSON Schema of our own JSON format."""
    return Response(
        msgspec.json.encode(json_schema()), media_type="application/schema+json", headers=_SAFE
    )


ROUTES = [
    *(_serve(kind, template) for kind, template in TEMPLATES.items()),
    get_guide,
    get_guide_page,
    get_schema,
]
