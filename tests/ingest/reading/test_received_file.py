"""What comes in: packed, in any coding, with any delimiter, as JSON of any shape."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from pathlib import Path

import pytest

from nop_ingest.reading import archive, json_items
from nop_ingest.reading.received_file import ReceivedFile
from nop_registry.errors import InvalidInput

TEXT = "location_id;name\r\n1;Märket – Café\r\n2;Þing\r\n"
ROWS = [(1, ["1", "Märket – Café"]), (2, ["2", "Þing"])]


def received(tmp_path: Path, content: bytes, name: str = "stations.csv") -> ReceivedFile:
    path = tmp_path / "received"
    path.write_bytes(content)
    return ReceivedFile(path, name)


def zipped(**files: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in files.items():
            packed.writestr(name, content)
    return out.getvalue()


def rows_of(file: ReceivedFile) -> list[tuple[int, list[str]]]:
    assert file.table is not None
    return list(file.table.rows)


@pytest.mark.parametrize(
    "content",
    [
        TEXT.encode(),
        TEXT.encode("utf-8-sig"),
        TEXT.encode("utf-16"),
        TEXT.encode("utf-16-le"),
        TEXT.encode("utf-16-be"),
        TEXT.encode("utf-32"),
        gzip.compress(TEXT.encode("utf-16")),
        zipped(**{"export/stations.csv": TEXT.encode(), "__MACOSX/._stations.csv": b"x"}),
    ],
    ids=["utf-8", "bom", "utf-16", "le", "be", "utf-32", "gzip", "zip"],
)
def test_unicode_is_read_in_any_coding_and_packing(content: bytes, tmp_path: Path) -> None:
    file = received(tmp_path, content)

    assert rows_of(file) == ROWS
    assert file.table is not None and file.table.notices == ()


@pytest.mark.parametrize(
    ("coding", "text", "title"),
    [
        ("cp1252", "Märket – Café", "Windows-1252"),
        ("cp850", "Märket Café Süd", "MS-DOS 850"),
        ("mac_roman", "Café Fête Forêt", "Macintosh Roman"),
    ],
)
def test_8_bit_codings_are_told_apart_by_the_words_they_make(
    coding: str, text: str, title: str, tmp_path: Path
) -> None:
    file = received(tmp_path, f"id;name\n1;{text}\n".encode(coding))

    assert rows_of(file) == [(1, ["1", text])]
    assert file.table is not None
    assert [n.code for n in file.table.notices] == ["file-not-utf8"]
    assert title in file.table.notices[0].message


def test_a_file_joined_of_two_codings_is_read_in_both(tmp_path: Path) -> None:
    lines = ["id;name\n", "1;Märket\n", "2;Café\n", "3;Süd\n"]
    content = b"".join(t.encode("cp1252" if n == 2 else "utf8") for n, t in enumerate(lines))
    file = received(tmp_path, content)

    assert [cells[1] for _, cells in rows_of(file)] == ["Märket", "Café", "Süd"]
    assert file.table is not None
    assert [n.code for n in file.table.notices] == ["file-encodings-mixed"]


def test_a_header_is_found_below_a_preamble_whatever_the_delimiter(tmp_path: Path) -> None:
    text = "Register, as of 1 January\n\nNote: a|b|c|d|e\nplace;lat\nA, B;1\n"
    file = received(tmp_path, text.encode(), "liste.txt")

    table = file.find_table(lambda cells: "lat" in cells)

    assert table is not None and table.delimiter == ";" and len(table.preamble) == 3
    assert list(table.rows) == [(1, ["A, B", "1"])]
    assert file.find_table(lambda cells: "lon" in cells) is None


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (gzip.compress(b"a;b\n1;2\n" * 100)[:-9], "damaged or cut off"),
        (gzip.compress(gzip.compress(b"a;b")), "packed twice"),
        (gzip.compress(zipped(a=b"a;b")), "packed twice"),
        (zipped(a=b"a;b", b=b"c;d"), "holds 2 files"),
        (zipped(), "is empty"),
        (zipped(**{"../../etc/passwd": b"x"}), "forbidden name"),
        (zipped(**{"content.xml": b"<x/>"}), "OpenDocument"),
        (b"\xd0\xcf\x11\xe0" + b"\0" * 600, r"save it as \.xlsx"),
        (gzip.compress(b"%PDF-1.7"), "a PDF"),
        (b"x" * 257 + b"ustar\x0000" + b"\0" * 300, "a tar archive"),
        (b"", "empty"),
    ],
    ids=[
        "gzip cut", "gzip in gzip", "zip in gzip", "two files", "none", "path", "OpenDocument",
        "xls", "PDF in gzip", "tar", "empty",
    ],
)  # fmt: skip
def test_what_cannot_be_unpacked_or_read_says_what_to_do(
    content: bytes, reason: str, tmp_path: Path
) -> None:
    with pytest.raises(InvalidInput, match=reason):
        rows_of(received(tmp_path, content))


def test_a_gzip_bomb_is_refused_before_it_fills_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive, "_RATIO_MATTERS_BYTES", 1 << 20)
    file = received(tmp_path, gzip.compress(b"\0" * (4 << 20)))

    with pytest.raises(InvalidInput, match="over 100 times its size"):
        rows_of(file)


@pytest.mark.parametrize("window", [1, 3, 1 << 20])
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('[{"a": 1}, "x", 2.50 ]', [("", 1, '{"a": 1}'), ("", 2, '"x"'), ("", 3, "2.50")]),
        ('{"a": 1}\n\n{"a": [2]}\n', [("", 1, '{"a": 1}'), ("", 2, '{"a": [2]}')]),
        (
            '{"ok": 12, "data": [{"b": "]}\\""}, {}], "end": null}',
            [("ok", 1, "12"), ("data", 1, '{"b": "]}\\""}'), ("data", 2, "{}"), ("end", 3, "null")],
        ),
        ("\ufeff [ ]", []),
        ("{}", []),
    ],
)
def test_json_of_any_shape_comes_value_by_value(
    text: str, expected: list[tuple[str, int, str]], window: int, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(json_items, "_CHUNK_CHARACTERS", window)
    file = received(tmp_path, text.encode(), "data.json")

    assert file.is_json
    assert [(i.list_name, i.number, i.text) for i in file.json_items()] == expected


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('[{"a": 1},\n\n{"a": ]', "line 3: Expecting value"),
        ('{"a": 1}\n{"a": 2}\n{"a":', "line 3: .*cut off"),
        ('[{"a": 1, {"a": 2}, {"a": 3}]', "line 1: "),
        ('[{"a": 1},\n{"a": 2', "line 2: .*cut off"),
        ('{"data": [1, 2]', "cut off"),
        ('{"data": [1 2]}', "a comma is missing"),
        ("[1] [2]", "something follows"),
        ("[" * 200_000, "nested too deeply"),
        ("{data: 1}", "name in quotation marks"),
    ],
)
def test_broken_json_is_refused_with_its_line(text: str, reason: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=reason):
        list(received(tmp_path, text.encode(), "data.json").json_items())


BROKEN_PIECES = (
    '{"a": }', '{"a": 1 "b": 2}', '{"a": tru}', "{'a': [1, 2}", '{"a": 1,}', '{"a": [1, {"b": 2}',
    '{"a": "x\ty" "z"',
)  # fmt: skip
"""The last two are not closed: only a line tells where they end."""


@pytest.mark.parametrize("window", [1, 7, 1 << 20])
@pytest.mark.parametrize("broken", BROKEN_PIECES)
def test_a_line_that_is_no_json_costs_only_itself(
    broken: str, window: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(json_items, "_CHUNK_CHARACTERS", window)
    for lines in (['{"n": 1}', broken, '{"n": 3}', '{"n": 4}'], [broken, '{"n": 2}', '{"n": 3}']):
        file = received(tmp_path, "\n".join(lines).encode(), "data.ndjson")
        good = [(item.number, item.text) for item in file.json_items()]
        expected = [(n, text) for n, text in enumerate(lines, 1) if text != broken]
        assert good == expected
        (told,) = file.broken_items.values()
        assert (told.number, told.line, told.text) == (lines.index(broken) + 1,) * 2 + (broken,)


@pytest.mark.parametrize("window", [1, 7, 1 << 20])
@pytest.mark.parametrize("broken", BROKEN_PIECES[:5])
def test_an_element_that_is_no_json_costs_only_itself(
    broken: str, window: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(json_items, "_CHUNK_CHARACTERS", window)
    good = '{"n": "]},{"}'
    for pattern in ("[{0},\n{1},\n{0}\n]", '{{"x": [1], "data": [{0},\n{1},{0}], "y": []}}'):
        file = received(tmp_path, pattern.format(good, broken).encode(), "data.json")
        assert [item.text for item in file.json_items() if item.text != "1"] == [good, good]
        (told,) = file.broken_items.values()
        assert (told.line, told.text) == (2, broken)


def test_a_value_too_large_to_hold_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(json_items, "_CHUNK_CHARACTERS", 100)
    monkeypatch.setattr(json_items, "MAX_ITEM_CHARACTERS", 1 << 20)
    file = received(tmp_path, b'["' + b"x" * (3 << 20) + b'"]', "data.json")

    with pytest.raises(InvalidInput, match="more than 1 MiB"):
        list(file.json_items())


def test_half_a_character_costs_only_itself(tmp_path: Path) -> None:
    text = r'["a\ud800b", "\ud83d\ude00", "\\ud800", "\u00e9\udc00"]'
    items = received(tmp_path, text.encode(), "data.json").json_items()

    assert [json.loads(item.text) for item in items] == ["a\ufffdb", "😀", "\\ud800", "é\ufffd"]


def test_raw_json_is_on_one_line_and_keeps_its_numbers(tmp_path: Path) -> None:
    text = '[{\n  "lat": "28.60",\n  "price": 0.10,\n "x": NaN, "y": 1e2}\n]'
    (item,) = received(tmp_path, text.encode(), "data.json").json_items()

    raw = bytes(item.raw())

    assert b"\n" not in raw and b"0.10" in raw and b"28.60" in raw and b"1e2" in raw
