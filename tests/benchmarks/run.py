"""`make bench`: every figure that the project promises, as a ratio to a baseline of the same run.

    python tests/benchmarks/run.py [--nation DIRECTORY]

Needs ../shared/tools/gen_nation.py for the synthetic nation (300,000 locations, 1,000,000 EVSEs).
Takes about ten minutes and 6 GB of disk in a temporary directory.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import graphql_bench
import ingest_bench
import push_bench
import sender_bench
import status_bench
import tiles_bench

from nop.cluster import Cluster
from nop_registry.database import connect, migrate
from nop_registry.store.tiles import rebuild

GENERATOR = Path(__file__).parents[3] / "shared/tools/gen_nation.py"


def main() -> None:
    """Generate, load, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nation", type=Path, help="keep the generated nation here")
    arguments = parser.parse_args()
    if not GENERATOR.exists():
        sys.exit("the synthetic nation needs ../shared/tools/gen_nation.py beside the checkout")
    with tempfile.TemporaryDirectory(prefix="nop-bench-") as scratch:
        os.chmod(scratch, 0o755)  # noqa: S103 - as root, the server's account passes through
        nation = arguments.nation or Path(scratch)
        before = generate(nation / "before")
        after = generate(nation / "after", "--mutate", "0.02")
        cluster = Cluster(Path(scratch) / "cluster")
        cluster.start()
        try:
            measure(cluster.url("postgres"), before, after)
        finally:
            cluster.stop()


def measure(url: str, before: Path, after: Path) -> None:
    """All benchmarks on one registry, in the order in which a nation lives."""
    migrate(url)
    show("first load of the nation", lambda: ingest_bench.load(url, before))
    show("full pull of 100,000 locations, 2 % changed", lambda: ingest_bench.full_pull(url, after))
    show("map cells of the nation rebuilt", lambda: rebuild_cells(url))
    show("status batches", lambda: status_bench.run(url))
    show("status PATCHes over HTTP", lambda: push_bench.run(url))
    show("tiles", lambda: tiles_bench.run(url))
    show("GraphQL viewport of 100 locations", lambda: graphql_bench.run(url))
    show("OCPI Sender, pages of 500 locations", lambda: sender_bench.run(url))


def rebuild_cells(url: str) -> dict[str, Any]:
    """The aggregate for low zooms, from nothing."""
    started = time.perf_counter()
    with connect(url) as connection:
        rebuild(connection)
    return {"seconds": round(time.perf_counter() - started, 1)}


def generate(directory: Path, *options: str) -> Path:
    """The synthetic nation, once."""
    if not (directory / "loc-0029.ndjson").exists():
        subprocess.run([sys.executable, GENERATOR, directory, *options], check=True)
    return directory


def show(title: str, measured: Callable[[], dict[str, Any]]) -> None:
    """Print one benchmark's figures."""
    print(f"\n== {title}", flush=True)
    print(json.dumps(measured(), indent=2, default=str, ensure_ascii=False), flush=True)


if __name__ == "__main__":
    main()
