"""A row of a national format on its way: its cells by column, and what was remarked on them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence

import msgspec

from nop_ingest.reading.upload_format import FileNotice
from nop_ingest.report import Notice
from nop_registry.enums import Severity

_FLAGS: dict[str, bool | None] = {
    "": None,
    **dict.fromkeys(("true", "True", "TRUE", "1", "yes", "y", "oui", "vrai", "ja"), True),
    **dict.fromkeys(("false", "False", "FALSE", "0", "no", "n", "non", "faux", "nein"), False),
}
_NOTHING = frozenset({"", "none", "null", "nan", "n/a", "na", "-"})


class Row(msgspec.Struct):
    """A row that is being read."""

    number: int
    cells: dict[str, str]
    notices: list[Notice]

    def remark(
        self, code: str, column: str, message: str, severity: Severity = Severity.INFO
    ) -> None:
        """Remark on a cell."""
        value = self.cells.get(column)
        self.notices.append(Notice(code, severity, column, message, value, self.number))

    def text(self, column: str) -> str | None:
        """The cell without blanks around it; None if there is none, or nothing in it."""
        text = self.cells.get(column)
        return " ".join(text.split()) or None if text else None

    def flag(self, column: str) -> bool | None:
        """A yes or no; None if the cell does not say."""
        text = self.cells.get(column, "")
        if text in _FLAGS:
            return _FLAGS[text]
        text = text.strip().casefold()
        if text in _FLAGS:
            return _FLAGS[text]
        if text not in _NOTHING:
            self.remark(
                "cell-unusable", column, "Enter true or false. The cell was left out.",
                Severity.WARNING,
            )  # fmt: skip
        return None


class Unheld:
    """Words of a closed vocabulary that the registry has no field for, counted."""

    def __init__(self) -> None:
        self._counts: dict[str, Counter[str]] = {}

    def add(self, column: str, word: str) -> None:
        """Count a word of a column."""
        self._counts.setdefault(column, Counter())[word] += 1

    def notices(self) -> Iterator[FileNotice]:
        """One for each column that had such words."""
        for column, words in self._counts.items():
            told = ", ".join(f"{word} ({count})" for word, count in words.most_common(12))
            yield FileNotice(
                Notice(
                    "words-not-published", Severity.INFO, column,
                    f"The registry has no field for {len(words)} word(s) in {words.total()} "
                    "cell(s) of this column: they stay with the file and are not published.",
                    told[:200],
                )
            )  # fmt: skip


def is_nothing(text: str | None) -> bool:
    """Whether a cell only says that there is nothing to say."""
    return text is None or text.strip().casefold() in _NOTHING


def about_columns(
    header: Sequence[str], read: Collection[str], unheld: Collection[str]
) -> Iterator[FileNotice]:
    """Columns that leave no trace: those the registry has no field for, and unknown ones."""
    for name in header:
        if name in unheld:
            yield FileNotice(
                Notice(
                    "column-not-published", Severity.INFO, name,
                    "The registry has no field for this column: it stays with the file and is "
                    "not published.",
                )
            )  # fmt: skip
        elif name and name not in read:
            yield FileNotice(
                Notice(
                    "column-unknown", Severity.WARNING, name,
                    "This format has no such column; its cells were not read. Look for a "
                    "misspelt name.",
                )
            )  # fmt: skip
