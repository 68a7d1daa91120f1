from __future__ import annotations

import csv
import io
import re

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator
from upload_description import Description
from upload_sending import HEADER, STATIONS, Client, MakeHeader, Work, row, send

from nop_ingest.upload_api import documents
from nop_registry.database import Connection


def test_an_annotated_copy_is_never_held_whole(
    client: Client, make_header: MakeHeader, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, asked = bytes(range(256)) * (3 << 12), []

    class Watched(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            asked.append(size)
            return super().read(size)

    copies: list[Watched] = []

    def watched_copy(*words: object) -> tuple[Watched, str]:
        copies.append(Watched(whole))
        return copies[0], "csv"

    monkeypatch.setattr(documents, "annotated_copy", watched_copy)
    key = make_header("files")
    here = f"/uploads/{send(client, key, STATIONS)['id']}"
    answer = client.get(f"{here}/annotated-copy", headers=key)

    assert answer.content == whole and answer.headers["content-length"] == str(3 << 20)
    assert all(size is not None and 0 < size <= 1 << 20 for size in asked)
    assert copies[0].closed


def test_what_was_found_is_told_page_by_page_and_as_csv_without_formulas(
    client: Client, make_header: MakeHeader, work: Work
) -> None:
    key = make_header("files")
    here = f"/uploads/{send(client, key, HEADER + row(1) + row(2, '=HYPERLINK(1)'))['id']}"
    work()
    first = client.get(f"{here}/findings?limit=1", headers=key).json()
    every = client.get(f"{here}/findings", headers=key).json()["findings"]
    after = client.get(f"{here}/findings?after={first['next_after']}", headers=key).json()
    table = client.get(f"{here}/findings.csv", headers=key)
    rows = list(csv.DictReader(io.StringIO(table.text.lstrip("\ufeff"), newline="")))

    assert first["findings"] == every[:1] and after["findings"] == every[1:]
    assert len(rows) == len(every) and "attachment" in table.headers["content-disposition"]
    odd = next(r for r in rows if r["code"] == "connector-standard-unknown")
    assert odd["value"] == "'=HYPERLINK(1)" and odd["what_to_do"]


def test_a_withdrawn_upload_is_neither_checked_nor_taken(
    client: Client, make_header: MakeHeader, work: Work
) -> None:
    key = make_header("files")
    here = f"/uploads/{send(client, key, STATIONS)['id']}"

    assert client.delete(here, headers=key).status_code == 204
    work()
    assert client.get(here, headers=key).json()["state"] == "withdrawn"
    assert client.post(f"{here}/commit", headers=key).status_code == 409


def test_versions_are_listed_compared_and_restored(
    client: Client, connection: Connection, make_header: MakeHeader, work: Work
) -> None:
    key = make_header("files")
    for text in (row(1) + row(2), row(1, "CHADEMO") + row(2) + row(3)):
        send(client, key, HEADER + text, "&commit=true")
        work()
    diff = client.get("/sources/files/versions/diff?from=1&to=2", headers=key).json()["changes"]
    restored = client.post("/sources/files/versions/1/restore", headers=key)
    work()
    listed = client.get("/sources/files/versions", headers=key).json()["versions"]
    none = client.get("/sources/files/versions/diff?from=1&to=3", headers=key).json()["changes"]

    assert sorted((c["key"], c["change"]) for c in diff) == [
        ("IN*ABC*L1", "changed"), ("IN*ABC*L3", "new"),
    ]  # fmt: skip
    changed = next(c for c in diff if c["change"] == "changed")
    assert changed["fields"][0] == {
        "path": "evses[E1].connectors[1].standard", "before": "IEC_62196_T2", "after": "CHADEMO",
    }  # fmt: skip
    assert restored.status_code == 202 and none == []
    assert [(v["number"], v["kind"], v["restores"], v["actor"]) for v in listed] == [
        (3, "rollback", 1, "Asha"), (2, "commit", None, "Asha"), (1, "commit", None, "Asha"),
    ]  # fmt: skip
    assert client.post("/sources/files/versions/9/restore", headers=key).status_code == 404
    only_reads = make_header("files", scopes=("read",))
    assert client.post("/sources/files/versions/1/restore", headers=only_reads).status_code == 403


def test_the_api_is_described_for_programs(client: Client) -> None:
    """Every other test here holds its answers against it too."""
    described = Description(client)
    told = described.document
    OpenAPIV31SpecValidator(told).validate()
    served = {
        (re.sub(r"\{(\w+):\w+\}", r"{\1}", route.path), method.lower())
        for route in client.app.routes
        for method in getattr(route, "methods", ())
        if method != "OPTIONS" and route.path != "/openapi.json"
    }
    assert {(path, method) for path, known in told["paths"].items() for method in known} == served
    for operation in (one for known in told["paths"].values() for one in known.values()):
        assert operation["summary"] and operation["operationId"]
        assert all(p["description"] and "example" in p for p in operation.get("parameters", ()))
        for response in operation["responses"].values():
            for content in response.get("content", {}).values():
                if "example" in content:
                    described.validate(content["schema"], content["example"])
                else:
                    assert content["schema"]["type"] in ("string", "object")  # a file


@pytest.mark.parametrize("kind", ["csv", "xlsx", "geojson", "json"])
def test_the_templates_need_no_key_and_are_downloads(client: Client, kind: str) -> None:
    answer = client.get(f"/uploads/template.{kind}")

    assert answer.status_code == 200 and answer.content
    assert "attachment" in answer.headers["content-disposition"]
    assert client.get("/uploads/schema.json").json() and client.get("/uploads/fields.md").text
