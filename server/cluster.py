"""A private PostgreSQL + PostGIS for a machine that has no database yet.

It lives in one folder (`var/`: data in `postgres/`, socket in `run/`), listens on a Unix socket that only its owner and
root can reach, and stops when the last process that uses it stops. PostgreSQL refuses to run as root, so root hands it
to an unprivileged user; where that user cannot reach the folder, the cluster lives under /var/lib instead.

Who uses the cluster is known by a shared lock on a file: the kernel lets go of it even after `kill -9`, so nothing is
left to clean up, and a server that a killed process left running is adopted by the next one.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shlex
import shutil
import signal
import stat
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from sqlalchemy import URL

from server.postgres import (
    ClusterUnreachableError,
    ProgramFailedError,
    Programs,
    find_binaries,
    may_enter,
    memory_settings,
    unprivileged_user,
    user_with_id,
)

USER = "phuongso"
DATABASE = "phuongso"
_ADMINISTRATOR = "postgres"
_PORT = 54320  # only part of the socket's name: nothing listens on TCP
_SOCKET_BYTES = 107  # a Unix socket's path is refused beyond this
_PATIENCE = 120  # seconds
_WAIT = ("-w", "-t", str(_PATIENCE))

_POSTGIS = "postgis-3"
_TEST_SPEED = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off"

# Our own role is no superuser, as it would not be on anybody's real server; only `postgis` needs one to be created.
_SETUP = r"""
SELECT format('CREATE ROLE %I LOGIN CREATEDB', :'user')
 WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'user') \gexec
SELECT format('CREATE DATABASE %I OWNER %I', :'database', :'user')
 WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'database') \gexec
\connect :database
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS postgis;
"""

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Cluster:
    """Where a private cluster lives and as whom it runs."""

    home: Path
    programs: Programs

    @property
    def data(self) -> Path:
        return self.home / "postgres"

    @property
    def log(self) -> Path:
        return self.home / "postgres.log"

    @property
    def sockets(self) -> Path:
        """The socket's folder: `run/`, or one under /tmp where that path is too long or too odd for a socket."""
        folder = self.home / "run"
        fits = len(os.fsencode(folder / f".s.PGSQL.{_PORT}")) <= _SOCKET_BYTES
        if fits and re.fullmatch(r"[\w./-]+", str(folder), re.ASCII):
            return folder
        return Path("/tmp") / f"phuongso-{_fingerprint(self.home)}"  # noqa: S108  # nosec B108

    def url(self, database: str = DATABASE, user: str = USER) -> str:
        """Where to connect, for `geo.database`."""
        query = {"host": str(self.sockets), "port": str(_PORT)}
        return URL.create("postgresql", username=user, database=database, query=query).render_as_string()

    def administrator_url(self, database: str = "postgres") -> str:
        """The same as the superuser, for what our own role may not do."""
        return self.url(database, _ADMINISTRATOR)


@contextmanager
def private_cluster(var: Path, *, durable: bool = True, tell: Tell = print) -> Iterator[Cluster]:
    """A running cluster kept under `var`: made, started or adopted; stopped afterwards unless somebody else uses it.

    `durable=False` trades safety in a power cut for speed: for tests. `tell` hears, a sentence each, of what takes time
    or lies elsewhere than expected. Raises `ClusterError`.
    """
    cluster = _locate(var.absolute(), tell)
    with _lock_file(cluster, "postgres.starting") as starting, _lock_file(cluster, "postgres.in-use") as in_use:
        try:
            with _locked(starting):
                fcntl.flock(in_use, fcntl.LOCK_SH)
                _start(cluster, durable, tell)
                _set_up(cluster)
            yield cluster
        finally:
            with _undisturbed(), _locked(starting):
                if _is_last_user(in_use) and _postmaster_runs(cluster):
                    tell("Stopping PostgreSQL.")
                    _stop(cluster)


def _stop(cluster: Cluster) -> None:
    try:
        cluster.programs.run("pg_ctl", "stop", "-D", str(cluster.data), "-m", "fast", *_WAIT)
    except ProgramFailedError:
        # Killed by somebody at this very moment: pg_ctl waits in vain for its zombie, but nothing is left to stop.
        if _postmaster_runs(cluster):
            raise


def _locate(var: Path, tell: Tell) -> Cluster:
    """Where the cluster is or will be: one that exists stays where it is, with its owner and its version."""
    var.mkdir(parents=True, exist_ok=True)
    elsewhere = Path("/var/lib") / f"phuongso-{_fingerprint(var)}"
    made = next((home for home in (var, elsewhere) if (home / "postgres").exists()), None)
    made_by = user_with_id((made / "postgres").stat().st_uid) if made else None
    if os.geteuid() != 0:
        if made_by is not None and made_by.pw_uid != os.geteuid():
            raise ClusterUnreachableError(
                f"{made}/postgres belongs to {made_by.pw_name}: run as the user who ran it first, or set PHUONGSO_VAR."
            )
        if not os.access(var, os.W_OK | os.X_OK):
            raise ClusterUnreachableError(f"{var} cannot be written: set PHUONGSO_VAR to a folder that can.")
        owner, home = None, var
    else:
        owner = made_by or unprivileged_user()
        home = made or (var if may_enter(var, owner) else elsewhere)
    if home == elsewhere:
        home.mkdir(exist_ok=True)
        tell(f"{var} is closed to the user {owner and owner.pw_name}: the database lives in {home} instead.")
    major = (home / "postgres" / "PG_VERSION").read_text().strip() if made else None
    return Cluster(home, Programs(find_binaries(major), owner))


def _fingerprint(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path.resolve())).hexdigest()[:10]


def _address(cluster: Cluster) -> tuple[str, ...]:
    return ("-h", str(cluster.sockets), "-p", str(_PORT), "-U", _ADMINISTRATOR)


def _start(cluster: Cluster, durable: bool, tell: Tell) -> None:
    """Have the server running and answering, whatever state the last one was left in."""
    if not cluster.data.exists():
        tell("Making a private PostgreSQL database (a few seconds).")
        _initialise(cluster, durable)
    _own_folder(cluster, cluster.sockets)
    if _postmaster_runs(cluster):
        tell("PostgreSQL is running already.")
    for _ in range(_PATIENCE * 10):
        # Asked each time: the server found running may have been killed a moment ago.
        if not _postmaster_runs(cluster):
            _forget_the_dead(cluster)
            tell("Starting PostgreSQL.")
            _launch(cluster, durable)
        if cluster.programs.succeeds("pg_isready", "-q", *_address(cluster)):
            return
        time.sleep(0.1)
    raise ProgramFailedError(f"PostgreSQL runs but does not answer at {cluster.sockets}; see {cluster.log}.")


def _launch(cluster: Cluster, durable: bool) -> None:
    cluster.log.touch(mode=0o600)
    _give(cluster, cluster.log)
    options = f"-k {shlex.quote(str(cluster.sockets))} -p {_PORT} -c listen_addresses='' -c jit=off"
    options += f" {memory_settings() if durable else _TEST_SPEED}"
    if not durable and (cluster.programs.folder.parent / "lib" / f"{_POSTGIS}.so").exists():
        # Else each of thousands of sessions loads it anew, for 11 ms.
        options += f" -c shared_preload_libraries={_POSTGIS}"
    try:
        where = ("-D", str(cluster.data), "-l", str(cluster.log))
        cluster.programs.run("pg_ctl", "start", *where, "-o", options, *_WAIT)
    except ProgramFailedError as error:
        end_of_log = cluster.log.read_text(errors="replace").splitlines()[-12:]
        raise ProgramFailedError("\n".join([str(error), *end_of_log])) from None


def _set_up(cluster: Cluster) -> None:
    """Have our role, our database and PostGIS in it."""
    names = ("-v", f"user={USER}", "-v", f"database={DATABASE}", "-v", "ON_ERROR_STOP=1")
    cluster.programs.run("psql", "-Xqt", *names, *_address(cluster), "postgres", text=_SETUP)


def _initialise(cluster: Cluster, durable: bool) -> None:
    """Make the data beside its place and move it there when whole: a power cut leaves no half-made database."""
    fresh = cluster.data.with_name("postgres.new")
    if fresh.exists():
        shutil.rmtree(fresh)
    _own_folder(cluster, fresh)
    how = ("-U", _ADMINISTRATOR, "-E", "UTF8", "--locale=C.UTF-8", "--auth-local=trust", "--auth-host=reject")
    cluster.programs.run("initdb", "-D", str(fresh), *how, "--no-instructions", *([] if durable else ["--no-sync"]))
    fresh.rename(cluster.data)


def _own_folder(cluster: Cluster, folder: Path) -> None:
    """Make `folder` for the cluster's owner alone. What stands there already must be so, or it is not ours to use."""
    owner = os.geteuid() if cluster.programs.owner is None else cluster.programs.owner.pw_uid
    if not folder.exists():
        folder.mkdir(mode=0o700)
        _give(cluster, folder)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != owner or found.st_mode & 0o077:
        raise ClusterUnreachableError(
            f"{folder} is not a folder of the database's owner alone: remove it and start again."
        )


def _give(cluster: Cluster, path: Path) -> None:
    if cluster.programs.owner is not None:
        os.chown(path, cluster.programs.owner.pw_uid, cluster.programs.owner.pw_gid)


def _processes(cluster: Cluster) -> set[int]:
    """The running processes of this cluster: PostgreSQL's stand in their data folder."""
    found = set()
    for process in Path("/proc").glob("[0-9]*"):
        # Gone meanwhile, or somebody else's: not ours.
        with suppress(OSError):
            if (process / "cwd").readlink() == cluster.data.resolve():
                found.add(int(process.name))
    return found


def _postmaster_runs(cluster: Cluster) -> bool:
    """Whether the process that `postmaster.pid` names is this cluster's server, not a later one with its number."""
    try:
        first_line = (cluster.data / "postmaster.pid").read_text().partition("\n")[0]
    except FileNotFoundError:
        return False
    return first_line.isdecimal() and int(first_line) in _processes(cluster)


def _forget_the_dead(cluster: Cluster) -> None:
    """Clear the marks of a killed server: PostgreSQL would take whatever has its number now, a zombie even, for it."""
    for _ in range(300):
        if not _processes(cluster):
            socket = f".s.PGSQL.{_PORT}"
            for mark in (cluster.data / "postmaster.pid", cluster.sockets / f"{socket}.lock", cluster.sockets / socket):
                mark.unlink(missing_ok=True)
            return
        time.sleep(0.1)  # its children notice that it died, and end
    raise ProgramFailedError(f"A killed PostgreSQL left processes that do not end: {sorted(_processes(cluster))}.")


@contextmanager
def _lock_file(cluster: Cluster, name: str) -> Iterator[IO[str]]:
    path = cluster.home / name
    try:
        path.touch(mode=0o600)
        file = path.open("a")
    except PermissionError:
        raise ClusterUnreachableError(
            f"{path} belongs to another user: run as that user, or set PHUONGSO_VAR."
        ) from None
    with file:
        _give(cluster, path)
        yield file


@contextmanager
def _locked(file: IO[str]) -> Iterator[None]:
    """Hold `file` against every other process: one starts or stops the cluster at a time."""
    fcntl.flock(file, fcntl.LOCK_EX)
    try:
        yield
    finally:
        fcntl.flock(file, fcntl.LOCK_UN)


def _is_last_user(in_use: IO[str]) -> bool:
    try:
        fcntl.flock(in_use, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Let no impatient second Ctrl-C interrupt a clean stop."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    kept = {number: signal.signal(number, signal.SIG_IGN) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in kept.items():
            signal.signal(number, handler)
