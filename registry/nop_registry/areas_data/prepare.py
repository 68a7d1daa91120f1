"""Rebuild the built-in outlines from Natural Earth as Debian and npm ship it (README.md).

    python prepare.py world_map.gpkg countries-50m.json MAPSHAPER

Run by hand when the outlines are to be renewed; the platform only reads the result.
"""

from __future__ import annotations

import gzip
import json
import re
import sqlite3
import subprocess
import sys
import tempfile
import unicodedata
from collections.abc import Sequence
from pathlib import Path

import pycountry

_HERE = Path(__file__).parent
_WITHOUT_NUMBER = {"Kosovo": "XK"}  # user-assigned code in general use; others have none


def main(geopackage: str, countries: str, mapshaper: str) -> None:
    """Name, dissolve, reduce and pack."""
    _pack(
        "states",
        _state_codes(geopackage),
        mapshaper,
        ["-i", geopackage, "layers=states_provinces"],
        ["-join", "{codes}", "keys=fid,fid", "fields=country,code,label"],
        ["-filter", "code != null"],
        ["-dissolve", "country,code", "copy-fields=label", "-rename-fields", "name=label"],
        ["-simplify", "weighted", "75%", "keep-shapes"],
    )
    _pack(
        "countries",
        _country_codes(countries),
        mapshaper,
        ["-i", countries, "-target", "countries"],
        ["-join", "{codes}", "keys=name,english", "fields=country,code,label"],
        ["-filter", "code != null", "-dissolve", "country,code", "copy-fields=label"],
        ["-rename-fields", "name=label"],
    )


def _pack(
    layer: str, codes: list[dict[str, object]], mapshaper: str, *steps: Sequence[str]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        table = Path(folder, "codes.json")
        table.write_text(json.dumps(codes), "utf-8")
        out = Path(folder, "out.topojson")
        words = [str(table) if word == "{codes}" else word for step in steps for word in step]
        end = ["-rename-layers", layer, "-o", str(out), "format=topojson", "quantization=250000"]
        subprocess.run([mapshaper, *words, *end], check=True)  # noqa: S603 - run by a person
        packed = gzip.compress(out.read_bytes(), 9, mtime=0)
    _HERE.joinpath(f"{layer}.topojson.gz").write_bytes(packed)
    print(f"{layer}: {len(packed):,} bytes")


def _country_codes(countries: str) -> list[dict[str, object]]:
    """Of every country with an ISO code: its name on the map, the code, the name to show."""
    found: list[dict[str, object]] = []
    topology = json.loads(Path(countries).read_text("utf-8"))
    for geometry in topology["objects"]["countries"]["geometries"]:
        english = geometry["properties"]["name"]
        country = pycountry.countries.get(numeric=geometry.get("id", ""))
        code = country.alpha_2 if country else _WITHOUT_NUMBER.get(english)
        if code:
            label = getattr(country, "common_name", country.name) if country else english
            found.append({"english": english, "country": code, "code": code, "label": label})
    return found


def _state_codes(geopackage: str) -> list[dict[str, object]]:
    """Of every state: its ISO 3166-2 code where the name is known, else one made from the name."""
    with sqlite3.connect(f"file:{geopackage}?mode=ro", uri=True) as database:
        rows = database.execute(
            "SELECT fid, iso_a2, name, woe_name, gn_name FROM states_provinces "
            "WHERE length(iso_a2) = 2 AND iso_a2 <> '-1' ORDER BY fid"
        ).fetchall()
    names = json.loads((_HERE / "names.json").read_text())
    known: dict[tuple[str, str], tuple[str, str]] = {}
    for part in pycountry.subdivisions:
        known.setdefault((part.country_code, _fold(part.name)), (part.code, part.name))
    for country, entries in names.items():
        for code, spellings in entries.items():
            for spelling in spellings:
                known[country, _fold(spelling)] = (code, spellings[0])
    found: list[dict[str, object]] = []
    for fid, country, *spellings in rows:
        tries = [known.get((country, _fold(s))) for s in spellings if s]
        name = next((s for s in spellings if s), f"Unnamed {fid}")
        code, label = next((t for t in tries if t), (f"{country}-{_fold(name)}", name))
        found.append({"fid": fid, "country": country, "code": code, "label": label})
    return found


def _fold(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name.replace("&", "and")).casefold()
    return re.sub(r"[\W_]", "", "".join(c for c in plain if not unicodedata.combining(c)))


if __name__ == "__main__":
    main(*sys.argv[1:4])
