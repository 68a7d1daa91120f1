from __future__ import annotations

from upload_sending import PIECE, STATIONS, Client, MakeHeader, Work


def test_a_file_in_pieces_goes_on_where_it_was_cut_off(
    client: Client, make_header: MakeHeader, work: Work
) -> None:
    key = make_header("files")
    begun = client.post(
        "/uploads?filename=stations.csv&commit=true",
        headers=key | PIECE | {"Upload-Complete": "?0", "Upload-Length": str(len(STATIONS))},
    )
    here = begun.headers["location"]
    part = client.patch(
        here, headers=key | PIECE | {"Upload-Offset": "0", "Upload-Complete": "?0"},
        content=STATIONS[:100],
    )  # fmt: skip
    told = client.head(here, headers=key)
    wrong = client.patch(here, headers=key | PIECE | {"Upload-Offset": "50"}, content=STATIONS[50:])
    last = client.patch(
        here, headers=key | PIECE | {"Upload-Offset": "100", "Upload-Complete": "?1"},
        content=STATIONS[100:],
    )  # fmt: skip
    work()

    assert (begun.status_code, part.status_code, last.status_code) == (201, 204, 202)
    assert (told.headers["upload-offset"], told.headers["upload-complete"]) == ("100", "?0")
    assert (wrong.status_code, wrong.json()["expected-offset"]) == (409, 100)
    assert client.get(here, headers=key).json()["state"] == "committed"


def test_pieces_beyond_what_was_announced_are_refused_and_the_rest_is_asked_for(
    client: Client, make_header: MakeHeader
) -> None:
    key = make_header("files")
    begin = {"Upload-Complete": "?0", "Upload-Length": "10"}
    here = client.post("/uploads?filename=a.csv", headers=key | PIECE | begin).headers["location"]
    short = client.patch(
        here, headers=key | PIECE | {"Upload-Offset": "0", "Upload-Complete": "?1"}, content=b"abc"
    )
    long = client.patch(here, headers=key | PIECE | {"Upload-Offset": "3"}, content=b"x" * 8)
    huge = client.post(
        "/uploads?filename=a.csv",
        headers=key | PIECE | {"Upload-Complete": "?0", "Upload-Length": str(2 << 30)},
    )

    assert (short.status_code, long.status_code, huge.status_code) == (422, 422, 422)
    assert "send the rest" in short.json()["detail"] and "1 GiB" in huge.json()["detail"]
