"""Operators who are signed in to the portal, and a worker that does what they ask for."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from types import TracebackType

from litestar import Litestar
from litestar.testing import TestClient

from nop import connect_jobs, upload_jobs
from nop_registry import settings as settings_module
from nop_registry.access import Role
from nop_registry.database import Connection, connect
from nop_registry.sealing import load_key
from nop_registry.store import quality
from nop_registry.store.accounts import add_account
from nop_registry.store.sessions import open_session
from nop_registry.store.source_parties import bind_source
from nop_registry.store.sources import Source, add_source

COOKIE = "nop_session"
HEADER = (
    "country_code,party_id,location_id,location_name,address,city,country,lat,lon,operator_name,"
    "twentyfourseven,time_zone,evse_uid,evse_id,connector_id,standard,power_type,"
    "max_electric_power_w\r\n"
)


def row(n: int, *, lat: str = "28.613939", standard: str = "IEC_62196_T2_COMBO") -> str:
    """A row of our own table: one station with one plug."""
    return (
        f"IN,ABC,L{n},Market {n},{n} Station Road,New Delhi,IND,{lat},77.20902{n},ABC Charging,"
        f"true,Asia/Kolkata,L{n}-1,IN*ABC*E{n}*1,1,{standard},DC,60000\r\n"
    )


def sign_in(
    connection: Connection,
    role: Role = Role.OPERATOR_ADMIN,
    parties: Iterable[str] = ("IN*ABC",),
    name: str = "Asha Rao",
) -> str:
    """A new person's session: the value of its cookie."""
    login = f"{name.lower().replace(' ', '.')}@example.in"
    account = add_account(connection, login=login, name=name, role=role, parties=parties)
    session = open_session(
        connection, account.id, stage="full", strong=True, address=None, agent="test"
    )
    connection.commit()
    return session


def add_file_source(
    connection: Connection, name: str = "abc-files", parties: Iterable[str] = ("IN*ABC",)
) -> Source:
    """A source for files of these parties."""
    source = add_source(connection, name=name, kind="upload", country_code="IN")
    bind_source(connection, source.id, parties)
    connection.commit()
    return source


def form_token(client: TestClient[Litestar], path: str = "/portal") -> str:
    """What a form of that page sends along."""
    return client.get(path).text.partition('name="csrf" value="')[2].partition('"')[0]


class Worker:
    """Does what the portal asks of the worker: when told to, or meanwhile in a `with` block."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._settings = settings_module.load()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Worker:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopping.wait(0.05):
            self.work()

    def work(self) -> None:
        """Do what is waiting now, in the thread that calls."""
        with connect(self._url, autocommit=True) as connection:
            self._work(connection)

    def _work(self, connection: Connection) -> None:
        waiting = connection.execute(
            """SELECT DISTINCT source_id FROM upload
               WHERE state IN ('received', 'checking', 'committing')"""
        ).fetchall()
        for (source_id,) in waiting:
            upload_jobs.work_off_source(self._url, self._settings, source_id)
            quality.measure(connection, source_id)
        runs = connection.execute("SELECT id FROM connect_run WHERE state = 'waiting'").fetchall()
        for (run_id,) in runs:
            with connect(self._url) as own:
                connect_jobs.do(own, self._settings, load_key(self._settings), run_id)
