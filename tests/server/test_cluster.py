"""A private cluster of these tests' own: made, found running, killed, moved out of a closed folder."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from server.cluster import Cluster, private_cluster
from server.postgres import (
    ClusterUnreachableError,
    PostgresMissingError,
    ProgramFailedError,
    Programs,
    find_binaries,
    unprivileged_user,
)

ROOT = Path(__file__).parent.parent.parent
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root has to become somebody else")

# Another process that uses the cluster in the folder argv[1], says so, and waits to be told to end.
HOLDER = """
import sys
from pathlib import Path
from server.cluster import private_cluster
with private_cluster(Path(sys.argv[1]), durable=False, tell=lambda _: None):
    print("ready", flush=True)
    sys.stdin.readline()
"""


@pytest.fixture(scope="module")
def open_folder() -> Iterator[Path]:
    """A folder that every user can enter: pytest's own are closed."""
    folder = Path(tempfile.mkdtemp(prefix="phuongso-test-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def var(open_folder: Path) -> Path:
    """A folder with a cluster that was made and stopped."""
    folder = open_folder / "var"
    with private_cluster(folder, durable=False, tell=lambda _: None):
        pass
    return folder


def running(cluster: Cluster) -> bool:
    return cluster.programs.succeeds("pg_ctl", "status", "-D", str(cluster.data))


def postmaster(cluster: Cluster) -> int:
    return int((cluster.data / "postmaster.pid").read_text().splitlines()[0])


def holder(var: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, var], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def end(process: subprocess.Popen[str], how: signal.Signals | None = None) -> None:
    if how is not None:
        process.send_signal(how)
    process.communicate("end\n" if how is None else None, timeout=60)


async def answer(cluster: Cluster, question: str) -> object:
    connection = await asyncpg.connect(cluster.url())
    try:
        return await connection.fetchval(question)
    finally:
        await connection.close()


async def test_it_speaks_utf8_and_has_postgis_and_our_role_is_no_superuser(var: Path) -> None:
    with private_cluster(var, durable=False, tell=lambda _: None) as cluster:
        assert await answer(cluster, "SHOW server_encoding") == "UTF8"
        assert await answer(cluster, "SELECT lower('ĐƯỜNG')") == "đường"
        assert str(await answer(cluster, "SELECT postgis_version()")).startswith("3.")
        assert await answer(cluster, "SELECT rolsuper FROM pg_roles WHERE rolname = current_user") is False


async def test_it_listens_on_a_socket_for_its_owner_alone(var: Path) -> None:
    with private_cluster(var, durable=False, tell=lambda _: None) as cluster:
        assert await answer(cluster, "SHOW listen_addresses") == ""
        assert stat.S_IMODE(cluster.sockets.stat().st_mode) == 0o700
        assert stat.S_IMODE(cluster.data.stat().st_mode) == 0o700


async def test_it_keeps_its_data_and_stops_at_the_end(var: Path) -> None:
    with private_cluster(var, durable=False, tell=lambda _: None) as cluster:
        await answer(cluster, "CREATE TABLE kept AS SELECT 42 AS number")
    assert not running(cluster)
    with private_cluster(var, durable=False, tell=lambda _: None) as cluster:
        assert await answer(cluster, "SELECT number FROM kept") == 42


async def test_it_is_durable_unless_told_otherwise(var: Path) -> None:
    with private_cluster(var, tell=lambda _: None) as cluster:
        assert await answer(cluster, "SHOW fsync") == "on"
        assert await answer(cluster, "SHOW synchronous_commit") == "on"


async def test_the_last_user_stops_it(var: Path) -> None:
    other = holder(var)
    told: list[str] = []
    with private_cluster(var, durable=False, tell=told.append) as cluster:
        assert told == ["PostgreSQL is running already."]
    assert running(cluster)
    end(other)
    assert not running(cluster)


async def test_a_server_left_behind_by_a_killed_process_is_adopted_and_stopped(var: Path) -> None:
    end(holder(var), signal.SIGKILL)
    told: list[str] = []
    with private_cluster(var, durable=False, tell=told.append) as cluster:
        assert await answer(cluster, "SELECT 1") == 1
    assert told == ["PostgreSQL is running already.", "Stopping PostgreSQL."]
    assert not running(cluster)


async def test_what_was_acknowledged_survives_a_killed_server(var: Path) -> None:
    with private_cluster(var, tell=lambda _: None) as cluster:
        await answer(cluster, "CREATE TABLE survivor AS SELECT 7 AS number")
        os.kill(postmaster(cluster), signal.SIGKILL)
    assert (cluster.data / "postmaster.pid").exists()
    with private_cluster(var, durable=False, tell=lambda _: None) as cluster:
        assert await answer(cluster, "SELECT number FROM survivor") == 7


async def test_a_number_that_went_to_another_process_is_no_server(var: Path) -> None:
    with private_cluster(var, durable=False, tell=lambda _: None) as cluster:
        remains = (cluster.data / "postmaster.pid").read_text().splitlines(keepends=True)
    # This very process lives, and PostgreSQL alone would believe that it is the old server.
    stale = "".join([f"{os.getppid()}\n", *remains[1:]])
    (cluster.data / "postmaster.pid").write_text(stale)
    with private_cluster(var, durable=False, tell=lambda _: None) as cluster:
        assert postmaster(cluster) != os.getppid()
        assert await answer(cluster, "SELECT 1") == 1


async def test_a_database_half_made_is_made_again(open_folder: Path) -> None:
    half = open_folder / "half" / "postgres.new"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("15\n")
    with private_cluster(half.parent, durable=False, tell=lambda _: None) as cluster:
        assert await answer(cluster, "SELECT 1") == 1
    assert not half.exists()


async def test_a_path_too_long_for_a_socket_gets_a_short_one(open_folder: Path) -> None:
    var = open_folder / ("một thư mục có tên rất dài " * 4)
    with private_cluster(var, durable=False, tell=lambda _: None) as cluster:
        assert len(os.fsencode(cluster.sockets)) < 40
        assert await answer(cluster, "SELECT 1") == 1
    cluster.sockets.rmdir()


@as_root
async def test_where_root_keeps_its_folder_closed_the_database_lives_elsewhere_and_says_so(tmp_path: Path) -> None:
    var = tmp_path / "var"  # pytest's folders are closed
    told: list[str] = []
    with private_cluster(var, durable=False, tell=told.append) as cluster:
        assert await answer(cluster, "SELECT 1") == 1
    try:
        assert cluster.home.parent == Path("/var/lib")
        assert str(cluster.home) in told[0]
        assert not (var / "postgres").exists()
        with private_cluster(var, durable=False, tell=lambda _: None) as again:
            assert again.home == cluster.home
    finally:
        shutil.rmtree(cluster.home)


@as_root
def test_root_hands_it_to_somebody_else(var: Path) -> None:
    assert (var / "postgres").stat().st_uid == unprivileged_user().pw_uid != 0


@as_root
def test_somebody_elses_database_is_not_touched(var: Path) -> None:
    nobody = pwd.getpwnam("nobody")
    script = HOLDER.replace(
        "with private", "import os; os.setgroups([]); os.setgid(65534); os.setuid(%d)\nwith private"
    )
    done = subprocess.run(
        [sys.executable, "-c", script % nobody.pw_uid, var], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert ClusterUnreachableError.__name__ in done.stderr
    assert "run as the user who ran it first" in done.stderr


def test_a_folder_for_the_socket_that_others_can_enter_is_refused(var: Path) -> None:
    (var / "run").chmod(0o755)
    try:
        with pytest.raises(ClusterUnreachableError, match="run"), private_cluster(var, tell=lambda _: None):
            pytest.fail("it started")
    finally:
        (var / "run").chmod(0o700)


def test_a_server_that_does_not_start_shows_the_end_of_its_log(var: Path) -> None:
    settings = var / "postgres" / "postgresql.conf"
    whole = settings.read_text()
    settings.write_text(f"{whole}\nno_such_setting = 1\n")
    try:
        with pytest.raises(ProgramFailedError, match="no_such_setting"), private_cluster(var, tell=lambda _: None):
            pytest.fail("it started")
    finally:
        settings.write_text(whole)


def test_a_version_that_is_not_installed_is_named() -> None:
    with pytest.raises(PostgresMissingError, match=r"PostgreSQL 9 .* apt-get install"):
        find_binaries("9")


def test_an_interrupted_start_leaves_nothing_running(var: Path) -> None:
    process = subprocess.Popen([sys.executable, "-c", HOLDER, var], stdin=subprocess.PIPE, cwd=ROOT, text=True)
    deadline = time.monotonic() + 30
    while not (var / "postgres" / "postmaster.pid").exists() and time.monotonic() < deadline:
        time.sleep(0.005)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    cluster = Cluster(var, Programs(find_binaries(), unprivileged_user() if os.geteuid() == 0 else None))
    assert not running(cluster)
