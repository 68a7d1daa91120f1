"""The template as a workbook: the table with drop-downs, and a sheet that explains it."""

from __future__ import annotations

import io
from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from nop_ingest.formats.nop.cell_words import cell_of
from nop_ingest.reading.tables import MAX_SHEET_ROWS
from nop_ingest.template.words import Explained, explain
from nop_ingest.template.writing import rows_of
from nop_registry.records import LocationRecord, TariffRecord

_TABLE, _GUIDE, _CHOICES = "Stations", "What to enter", "Choices"
_NUMBERS = (int, float)
_MADE = datetime(2026, 1, 1, tzinfo=UTC)  # the same template is the same bytes


def write_workbook(
    locations: Iterable[LocationRecord], tariffs: Iterable[TariffRecord] = ()
) -> bytes:
    """Our table filled in as XLSX. Texts stand there as texts: none is ever a formula."""
    out = io.BytesIO()
    options = {
        "in_memory": True, "strings_to_formulas": False, "strings_to_urls": False,
        "strings_to_numbers": False, "remove_timezone": True,
    }  # fmt: skip
    explained = tuple(explain())
    with xlsxwriter.Workbook(out, options) as book:
        book.set_properties({"created": _MADE.replace(tzinfo=None)})
        table, guide, choices = (book.add_worksheet(n) for n in (_TABLE, _GUIDE, _CHOICES))
        styles = {
            "required": book.add_format({"bold": True, "bg_color": "#FFE699", "border": 1}),
            "optional": book.add_format({"bold": True, "bg_color": "#DDEBF7", "border": 1}),
            "text": book.add_format({"num_format": "@"}),
            "wrapped": book.add_format({"text_wrap": True, "valign": "top"}),
        }
        _fill_table(table, explained, rows_of(locations, tariffs), styles)
        _offer(table, choices, explained)
        _fill_guide(guide, explained, styles)
        choices.hide()
    return out.getvalue()


def _fill_table(
    sheet: Worksheet,
    explained: tuple[Explained, ...],
    rows: Iterable[dict[str, Any]],
    styles: dict[str, Format],
) -> None:
    sheet.freeze_panes(1, 0)
    for at, told in enumerate(explained):
        name = told.column.name
        style = "required" if told.column.required else "optional"
        sheet.write_string(0, at, name, styles[style])
        sheet.write_comment(0, at, f"{told.meaning}\n{told.kind}: {told.example}")
        # Numbers stay numbers; a station's 007 stays 007, and no date is made of 1-2.
        text = styles["text"] if told.column.kind not in _NUMBERS else None
        sheet.set_column(at, at, max(12, len(name) + 2), text)
    for line, row in enumerate(rows, start=1):
        for at, told in enumerate(explained):
            value = row.get(told.column.name)
            if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
                sheet.write_number(line, at, float(value))
            elif text := cell_of(value):
                sheet.write_string(line, at, text, styles["text"])


def _offer(table: Worksheet, choices: Worksheet, explained: tuple[Explained, ...]) -> None:
    """Drop-downs for what is one word of a list."""
    for at, told in enumerate(explained):
        if not told.choices or told.column.kind is tuple:
            continue
        column = xlsxwriter.utility.xl_col_to_name(at)
        choices.write_column(0, at, [told.column.name, *told.choices])
        table.data_validation(
            1, at, MAX_SHEET_ROWS, at,
            {
                "validate": "list",
                "source": f"={_CHOICES}!${column}$2:${column}${len(told.choices) + 1}",
                "error_type": "stop" if told.closed else "warning",
                "error_title": told.column.name[:32],
                "error_message": "Choose one of the list, or leave the cell blank.",
            },
        )  # fmt: skip


def _fill_guide(
    sheet: Worksheet, explained: tuple[Explained, ...], styles: dict[str, Format]
) -> None:
    headings = ("column", "needed", "meaning", "what to enter", "one of", "example")
    widths = (28, 9, 60, 24, 50, 34)
    for at, (heading, width) in enumerate(zip(headings, widths, strict=True)):
        sheet.set_column(at, at, width, styles["wrapped"])
        sheet.write_string(0, at, heading, styles["optional"])
    sheet.freeze_panes(1, 0)
    for line, told in enumerate(explained, start=1):
        needed = "yes" if told.column.required else ""
        texts = (
            told.column.name, needed, told.meaning, told.kind, ", ".join(told.choices), told.example
        )  # fmt: skip
        for at, text in enumerate(texts):
            sheet.write_string(line, at, text, styles["wrapped"])
