"""The number of an electricity delivery point (`num_pdl`): whoever has it can ask for the contract.

The schema forbids to publish it. Operators have written it into remarks, and 186 stations of the
consolidation of April 2026 carry it in their ids; so it is looked for in every cell of its station.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from hashlib import blake2b

from nop_ingest.formats.irve import vocabulary as irve
from nop_ingest.reading.table_rows import Row
from nop_registry.enums import Severity

_LONGEST = 100  # of the cell: 14 digits are one number
_HIDDEN = "[num_pdl]"
_NUMBER = re.compile(r"\d[\d ]*")
_SHORTEST = 8  # a shorter number is found in anything
_IDS = (irve.STATION_ID, irve.LOCAL_STATION_ID, irve.POINT_ID, irve.LOCAL_POINT_ID)


class Secrets:
    """The delivery points of one station."""

    def __init__(self, cells: Iterable[str]) -> None:
        told = {cell[:_LONGEST].strip() for cell in cells} - {""}
        found = {part.strip() for c in told for part in (c, *_NUMBER.findall(c))}
        found |= {number.replace(" ", "") for number in found}
        usable = [n for n in found if len(n) >= _SHORTEST and n.strip("0 ")]
        self._numbers = sorted(usable, key=len, reverse=True)

    def hidden_in_id(self, text: str) -> str:
        """The id, with four hexadecimal digits instead of the number: too few to tell it."""
        found = self._found_in(text)
        if found is None:
            return text
        mark = blake2b(text.encode(), digest_size=2).hexdigest().upper()
        return text.replace(found, f"X{mark}")

    def row_without(self, number: int, cells: dict[str, str]) -> Row:
        """The row without its number, wherever it stands."""
        row = Row(number, cells, [])
        cells.pop(irve.SECRET, None)
        if self._found_in("\n".join(cells.values())) is None:
            return row
        for name, text in list(cells.items()):
            found = self._found_in(text)
            if found is None:
                continue
            if name in _IDS:
                cells[name] = self.hidden_in_id(text)
                message = "Part of it is the number of the electricity delivery point, which must "
                message += f"not be published; taken as {cells[name]}. Choose another id."
            else:
                cells[name] = text.replace(found, _HIDDEN)
                message = "The number of the electricity delivery point was taken out: write it "
                message += "into num_pdl only, which is never published."
            row.remark("delivery-point-exposed", name, message, Severity.WARNING)
        return row

    def _found_in(self, text: str) -> str | None:
        return next((number for number in self._numbers if number in text), None)
