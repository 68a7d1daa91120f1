"""Why nothing of a row is taken: raised where it is seen, caught where rows are counted."""

from __future__ import annotations

from nop_ingest.report import Rejection


class Refused(Exception):
    """Why nothing of a row is taken."""

    def __init__(self, code: str, column: str, message: str, value: str | None = None) -> None:
        super().__init__(message)
        self.code, self.column, self.message, self.value = code, column, message, value

    def rejection(self, number: int) -> Rejection:
        """It, as the publisher is told."""
        return Rejection(self.code, self.column, self.message, self.value, number)
