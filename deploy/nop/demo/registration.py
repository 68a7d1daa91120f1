"""Tell the registry of the simulated operators, as a person would with `nop source add`."""

from __future__ import annotations

from collections.abc import Iterable

from nop.demo.operators import Operator
from nop.demo.server import versions_url
from nop_registry.database import Connection
from nop_registry.errors import InvalidInput
from nop_registry.store import sources

PULL_EVERY_S = 5  # a person who watches the map sees colours change within seconds
FULL_EVERY_S = 300
STATUS_TTL_S = 300  # when the demo is stopped, its statuses become unknown soon


def register_sources(
    connection: Connection, operators: Iterable[Operator], *, base_url: str, key: bytes
) -> None:
    """Add one simulated source per operator; those that exist already stay as they are.

    Raises InvalidInput when they were added with another address.
    """
    for operator in operators:
        try:
            sources.add_source(
                connection,
                name=operator.source_name,
                kind="ocpi",
                country_code="IN",
                versions_url=versions_url(base_url, operator.party_id),
                token=operator.token,
                key=key,
                allow_loopback=True,
                simulated=True,
                pull_every_s=PULL_EVERY_S,
                full_every_s=FULL_EVERY_S,
                status_ttl_s=STATUS_TTL_S,
            )
        except InvalidInput as error:
            known = sources.get_source(connection, operator.source_name)
            raise InvalidInput(
                f"{operator.source_name} is registered at {known.versions_url}: start the demo on"
                " that port (NOP_DEMO_PORT)"
            ) from error
