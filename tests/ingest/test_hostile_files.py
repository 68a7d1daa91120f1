"""Files that are made to harm their reader: each ends in a sentence, nothing grows, nothing breaks.

Reliability of the doors, T25: ASVS 5.2.1 to 5.2.4 (size, type, unpacked size), 5.3.2 (paths), 1.5.1
(XML), 1.2.10 (formulas). Workbooks of that kind are in test_sandbox.py.
"""

from __future__ import annotations

import gzip
import io
import resource
import socket
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import pytest

from nop_ingest.reading.upload_format import Parsed, ParsedLocation, RefusedRow
from nop_ingest.sandbox import Limits, parsed_in_child
from nop_registry.errors import InvalidInput

LIST = Path(__file__).parents[1] / "golden" / "bee_xlsx" / "list.xlsx"
MiB = 1 << 20
GROWTH_MIB = 48  # of the parent: what a test and its file take anyway
HEADER = "country_code,party_id,location_id,lat,lon,evse_uid,connector_id,standard,location_name"
ROW = "IN,ABC,L1,28.61,77.21,E1,1,IEC_62196_T2,Road"
POINT = (
    '{"ID": 1, "AddressInfo": {"Title": "A", "Country": {"ISOCode": "IN"}, "Latitude": %s, '
    '"Longitude": 77.2}, "Connections": [{"ConnectionTypeID": 25}], "Note": %s}'
)
XML = (
    '<?xml version="1.0" encoding="UTF-8"?>%s<d2:payload '
    'xmlns:d2="http://datex2.eu/schema/3/d2Payload" '
    'xmlns:egi="http://datex2.eu/schema/3/energyInfrastructure">%s</d2:payload>'
)
SITE = '<egi:energyInfrastructureSite id="S">%s</egi:energyInfrastructureSite>'


class Hostile(NamedTuple):
    """A file, and a part of the sentence that its sender reads."""

    name: str
    filename: str
    make: Callable[[], bytes]
    refusal: str


def packed(files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


def zeros(size: int) -> bytes:
    """A gzip file of that many zeros, made without holding them."""
    press = zlib.compressobj(9, zlib.DEFLATED, 31)
    return b"".join([*(press.compress(bytes(MiB)) for _ in range(size // MiB)), press.flush()])


def laughs() -> bytes:
    names = "abcdefghij"
    entities = '<!ENTITY a "ha">' + "".join(
        f'<!ENTITY {name} "{f"&{before};" * 10}">' for before, name in pairwise(names)
    )
    return (XML % (f"<!DOCTYPE x [{entities}]>", SITE % "&j;")).encode()


def lying_archive() -> bytes:
    """Says of 40 MiB of zeros that they are 10 bytes."""
    content = packed({"a.csv": bytes(40 * MiB)})
    size = (40 * MiB).to_bytes(4, "little")
    return content.replace(size, (10).to_bytes(4, "little"))


HOSTILE = [
    # Archives.
    Hostile("gzip-bomb", "a.csv.gz", lambda: zeros(512 * MiB), "100 times its size"),
    Hostile("zip-bomb", "a.zip", lambda: packed({"a.csv": bytes(40 * MiB)}), "100 times its size"),
    Hostile("zip-in-zip", "a.zip", lambda: packed({"b.zip": packed({"a": b"x"})}), "packed twice"),
    Hostile("gzip-in-zip", "a.zip", lambda: packed({"b.gz": gzip.compress(b"x")}), "packed twice"),
    Hostile("zip-that-lies", "a.zip", lying_archive, "damaged"),
    Hostile("zip-path", "a.zip", lambda: packed({"../../etc/x.csv": b"x"}), "forbidden name"),
    Hostile("zip-absolute", "a.zip", lambda: packed({"/etc/passwd": b"x"}), "forbidden name"),
    Hostile("zip-of-two", "a.zip", lambda: packed({"a.csv": b"x", "b.csv": b"y"}), "holds 2 files"),
    Hostile("zip-bzip2", "a.zip", lambda: packed({"a": b"x"}, zipfile.ZIP_BZIP2), "unusual way"),
    Hostile("gzip-cut", "a.csv.gz", lambda: gzip.compress(b"x" * 9999)[:20], "cut off"),
    # Not what they are called.
    Hostile("pdf-as-csv", "a.csv", lambda: b"%PDF-1.7\n" + bytes(99), "a PDF"),
    Hostile("picture-as-xlsx", "a.xlsx", lambda: b"\x89PNG\r\n" + bytes(99), "a picture"),
    Hostile("program", "a.csv", lambda: b"\x7fELF\x02\x01\x01" + bytes(9999), "known formats"),
    Hostile("page", "a.xml", lambda: b"<!DOCTYPE html><html>datex2</html>", "known formats"),
    # Tables.
    Hostile("cell-of-10-mb", "a.csv", lambda: f"{HEADER}\n{ROW}{'x' * 10 * MiB}".encode(), "field"),
    Hostile("columns", "a.csv", lambda: b"a," * 500_000, "columns"),
    Hostile("quotation-mark", "a.csv", lambda: f'{HEADER}\n"{ROW}\n{ROW}'.encode(), "not closed"),
    Hostile("nothing-but-nul", "a.csv", lambda: bytes(MiB), "field larger"),
    # JSON.
    Hostile("deep-list", "a.json", lambda: b"[" * 200_000, "nested too deeply"),
    Hostile(
        "deep-object", "a.json",
        lambda: b'[{"AddressInfo": 1, "Connections": ' + b'{"a":' * 200_000, "nested too deeply",
    ),
    Hostile(
        "long-value", "a.json",
        lambda: f"[{POINT % (28.6, chr(34) + 'x' * 20 * MiB + chr(34))}]".encode(), "16 MiB",
    ),
    Hostile("json-cut", "a.json", lambda: f"[{POINT % (28, 1)},"[:-20].encode(), "at line 1"),
    # XML.
    Hostile(
        "xxe", "a.xml",
        lambda: (
            XML % ('<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]>', SITE % "&f;")
        ).encode(), "document type declaration",
    ),
    Hostile("billion-laughs", "a.xml", laughs, "document type declaration"),
    Hostile(
        "deep-xml", "a.xml", lambda: (XML % ("", "<egi:a>" * 300_000)).encode(), "in one another"
    ),
    Hostile(
        "wide-xml", "a.xml", lambda: (XML % ("", SITE % ("<a/>" * 600_000))).encode(), "elements"
    ),
    Hostile(
        "xml-of-one-text", "a.xml",
        lambda: (XML % ("", SITE % f"<a>{'x' * 20 * MiB}</a>")).encode(), "MiB of text",
    ),
    Hostile("xml-cut", "a.xml", lambda: (XML % ("", SITE))[:-30].encode(), "damaged or cut off"),
    Hostile(
        "xml-encoding", "a.xml", lambda: (XML % ("", "")).replace("UTF-8", "EBCDIC").encode(),
        "UTF-8|known formats",
    ),
]  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def nothing_is_left_behind(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    folder = tmp_path_factory.mktemp("temporary")  # of its own: others use the system's meanwhile
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tempfile, "tempdir", str(folder))
        yield
    assert list(folder.iterdir()) == []
    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
    assert children < Limits().memory_bytes // MiB


@pytest.mark.parametrize("case", HOSTILE, ids=lambda case: case.name)
def test_a_hostile_file_is_refused_in_a_sentence_and_nothing_grows(
    case: Hostile, tmp_path: Path
) -> None:
    path = tmp_path / "upload"
    path.write_bytes(case.make())
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    with (
        pytest.raises(InvalidInput, match=case.refusal) as caught,
        parsed_in_child(path, case.filename),
    ):
        pass

    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < GROWTH_MIB * 1024
    assert "root:" not in str(caught.value)
    assert "breaks the reader" not in str(caught.value)  # no accident of ours


def parsed(content: str | bytes, filename: str, tmp_path: Path) -> list[Parsed]:
    path = tmp_path / "upload"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    with parsed_in_child(path, filename) as items:
        return list(items)


def test_of_a_table_only_the_harmful_row_is_refused(tmp_path: Path) -> None:
    rows = [
        ROW,
        ROW.replace("L1", "L2").replace("Road", "Ro\x00ad"),
        ROW.replace("L1", "L3").replace("28.61", "9" * 5000),
        ROW.replace("L1", "L4").replace("Road", "=cmd|' /C calc'!A0"),
        ROW.replace("L1", "../../etc/passwd"),
    ]
    items = parsed("\n".join([HEADER, *rows]), "a.csv", tmp_path)
    refused = {i.rejection.row_no for i in items if isinstance(i, RefusedRow)}
    taken = {i.record.id: i.record.name for i in items if isinstance(i, ParsedLocation)}

    assert refused == {2, 3}
    # A formula is a text like any other; what is exported is neutralised (write_findings).
    assert taken == {"L1": "Road", "L4": "=cmd|' /C calc'!A0", "../../etc/passwd": "Road"}


def test_of_a_list_only_the_harmful_object_is_refused(tmp_path: Path) -> None:
    nines = "9" * 5000
    points = [
        POINT % (28.61, f'"{nines}"'),
        POINT % (nines, 1),
        POINT % (28.61, nines),
        POINT % ("NaN", 1),
        POINT % ("1e999", 1),
        POINT % (28.61, '"\\ud800"'),
        POINT % (28.61, '{"a": 1, "a": 2}'),
    ]
    items = parsed(f"[{','.join(points)}]", "a.json", tmp_path)

    assert [type(item) for item in items[:2]] == [ParsedLocation, RefusedRow]
    assert len(items) == len(points) and isinstance(items[-1], ParsedLocation)


def test_bytes_that_are_no_utf_8_cost_letters_and_no_file(tmp_path: Path) -> None:
    point = (POINT % (28.61, 1)).replace('"A"', '"A?B"').encode().replace(b"?", b"\xff\xfe\xc0")
    (item,) = (i for i in parsed(b"[%b]" % point, "a.json", tmp_path) if not hasattr(i, "notice"))

    assert isinstance(item, ParsedLocation)
    assert item.record.name is not None and item.record.name.startswith("A")


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        yield server


def test_nothing_that_a_file_links_to_is_fetched(listener: socket.socket, tmp_path: Path) -> None:
    url = f"http://127.0.0.1:{listener.getsockname()[1]}/x"
    doctype = f'<!DOCTYPE x SYSTEM "{url}">'
    schema = (
        SITE % f'<a xmlns:i="http://www.w3.org/2001/XMLSchema-instance" i:schemaLocation="{url}"/>'
    )
    link = (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        f'<Relationship Id="rId1" Type="externalLinkPath" Target="{url}" TargetMode="External"/>'
        "</Relationships>"
    )
    with zipfile.ZipFile(LIST) as golden:
        book = {name: golden.read(name) for name in golden.namelist()}
    book["xl/externalLinks/_rels/externalLink1.xml.rels"] = link.encode()
    sheet = book["xl/worksheets/sheet1.xml"].decode()
    book["xl/worksheets/sheet1.xml"] = sheet.replace(
        "</sheetData>",
        f'</sheetData><hyperlinks><hyperlink ref="A1" location="{url}"/></hyperlinks>',
    ).encode()

    assert parsed(packed(book), "a.xlsx", tmp_path)
    assert parsed(XML % ("", schema), "a.xml", tmp_path)
    with pytest.raises(InvalidInput, match="document type declaration"):
        parsed(XML % (doctype, SITE % ""), "a.xml", tmp_path)
    with pytest.raises(BlockingIOError):
        listener.accept()


def test_a_table_is_known_by_what_is_in_it_and_not_by_its_name(tmp_path: Path) -> None:
    for filename in ("a.xlsx", "../../a.csv\n.sh", "=1+1"):
        (item,) = parsed(f"{HEADER}\n{ROW}", filename, tmp_path)
        assert isinstance(item, ParsedLocation)
