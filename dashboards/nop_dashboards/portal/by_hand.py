"""What a person types is a file too: one object in our own JSON, checked and taken like any other.

So it has the same findings, a version, and a way back.
"""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec

from nop_dashboards.portal.doorkeeper import in_database
from nop_dashboards.portal.view import AnyRequest
from nop_registry.access import Principal
from nop_registry.database import Connection
from nop_registry.records import LocationRecord, TariffRecord
from nop_registry.store import audit, sources, upload_files
from nop_registry.store.upload_files import FINISHED, Upload

MARK = "nop-1"
_WAIT_S = 6.0
_ASK_EVERY_S = 0.15
_encode = msgspec.json.Encoder(decimal_format="number").encode


async def take(
    request: AnyRequest, principal: Principal, source: str, record: LocationRecord | TariffRecord
) -> Upload:
    """Send the record as a part of the source's inventory and wait some seconds for its end."""
    kind = "locations" if isinstance(record, LocationRecord) else "tariffs"
    file = _encode({"format": MARK, kind: [record]})

    def send(connection: Connection) -> int:
        found = sources.get_source(connection, source)
        upload_id = upload_files.create_upload(
            connection, source_id=found.id, filename=f"{record.id}.json", whole=False,
            actor=principal, kind="edit", announced_size=len(file),
        )  # fmt: skip
        upload_files.append_chunk(connection, upload_id, 0, file)
        upload_files.finish_receiving(connection, upload_id, commit=True)
        audit.record(
            connection, principal, "edit", f"upload {upload_id}", source=source, object=record.id
        )
        return upload_id

    upload_id = await in_database(request, send)
    upload = await _read(request, upload_id)
    for _ in range(int(_WAIT_S / _ASK_EVERY_S)):
        if upload.state in FINISHED:
            break
        await asyncio.sleep(_ASK_EVERY_S)
        upload = await _read(request, upload_id)
    return upload


def is_taken(upload: Upload) -> bool:
    """It is in the registry."""
    return upload.state == "committed" and not (upload.report or {}).get("rejected")


def findings_of(upload: Upload) -> list[dict[str, Any]]:
    """What was found in it: errors first, mere notes left out."""
    found = (upload.report or {}).get("findings", [])
    return [one for one in found if one["severity"] != "INFO"]


async def _read(request: AnyRequest, upload_id: int) -> Upload:
    found = await in_database(request, lambda c: upload_files.find_upload(c, upload_id))
    assert found is not None  # noqa: S101 - made above; uploads are never deleted
    return found
