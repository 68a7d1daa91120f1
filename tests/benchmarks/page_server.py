"""An OCPI 2.2.1 Sender that costs next to nothing: pages cut from NDJSON files, bytes as they are.

python page_server.py PORT PAGE_SIZE DIRECTORY FIRST_SHARD LAST_SHARD
"""

from __future__ import annotations

import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

PORT, PAGE = int(sys.argv[1]), int(sys.argv[2])
SHARDS = range(int(sys.argv[4]), int(sys.argv[5]) + 1)
BASE = f"http://127.0.0.1:{PORT}/ocpi"
LOCATIONS = [
    line
    for shard in SHARDS
    for line in Path(sys.argv[3], f"loc-{shard:04d}.ndjson").read_bytes().splitlines()
]
ENDPOINTS = {
    "version": "2.2.1",
    "endpoints": [{"identifier": "locations", "role": "SENDER", "url": f"{BASE}/locations"}],
}
HEAD = b'{"status_code":1000,"timestamp":"2026-03-03T00:00:00Z","data":'


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        if url.path.endswith("/versions"):
            return self.answer(json.dumps([{"version": "2.2.1", "url": f"{BASE}/2.2.1"}]).encode())
        if url.path.endswith("/2.2.1"):
            return self.answer(json.dumps(ENDPOINTS).encode())
        offset = int(parse_qs(url.query).get("offset", ["0"])[0])
        chunk = LOCATIONS[offset : offset + PAGE]
        headers = {"X-Total-Count": str(len(LOCATIONS))}
        if offset + PAGE < len(LOCATIONS):
            headers["Link"] = f'<{BASE}/locations?offset={offset + PAGE}>; rel="next"'
        self.answer(b"[" + b",".join(chunk) + b"]", headers)

    def answer(self, data: bytes, headers: dict[str, str] | None = None) -> None:
        body = HEAD + data + b"}"
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


if __name__ == "__main__":
    print(f"{BASE}/versions {len(LOCATIONS)} locations", flush=True)
    ThreadingHTTPServer(("127.0.0.1", PORT), Handler).serve_forever()
