"""A disk that is full under the photographs: 503, nothing left behind, and all well once there is room."""

from __future__ import annotations

import resource
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.asking import Desk
from tests.faults.house import House, loaded
from tests.faults.served import is_unavailable
from tests.photographs import photograph

TINY = 'mount -t tmpfs -o size=1m,mode=0777 tmpfs "$0" && exec "$@"'


@contextmanager
def no_file_beyond(size: int) -> Iterator[None]:
    """Have every write beyond `size` bytes of a file fail, in this process."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


async def test_a_photograph_that_the_disk_does_not_take_is_refused_and_leaves_nothing(desk: Desk) -> None:
    sent = {"photo": ("a.jpg", photograph(), "image/jpeg")}
    folder = desk.app.state.photographs.folder
    with no_file_beyond(20_000):
        is_unavailable(await desk.http.post("/photos", files=sent))
    assert files(folder) == []
    assert (await desk.dump())["photo_upload"][0] == 0
    assert (await desk.http.post("/photos", files=sent)).status_code == 201
    assert len(files(folder)) == 2


def _own_mounts() -> list[str] | None:
    """A command before which a process has mounts of its own; None where the machine gives nobody any."""
    for options in (["-m"], ["-rm"]):
        tried = ["unshare", *options, "sh", "-c", TINY, "/mnt", "true"]
        if shutil.which("unshare") and subprocess.run(tried, capture_output=True, check=False).returncode == 0:
            return ["unshare", *options, "sh", "-c", TINY]
    return None


async def test_a_server_whose_disk_is_full_refuses_photographs_and_goes_on(house: House) -> None:
    before = _own_mounts()
    if before is None:
        pytest.skip("no process gets mounts of its own here; the test above does without")
    database = await house.new_database()
    folder = house.folder / "photos"
    folder.mkdir(exist_ok=True)
    async with (
        house.running("serve", house.cluster.url(database), [*before, str(folder)], **loaded({})) as server,
        httpx.AsyncClient(base_url=server.site, timeout=30) as http,
    ):
        sent, kept = {"photo": ("a.jpg", photograph(), "image/jpeg")}, 0
        while (answer := await http.post("/photos", files=sent)).status_code == 201:
            kept += 1
        is_unavailable(answer)
        assert 0 < kept < 10
        inside = Path(f"/proc/{server.number}/root{folder}")
        assert len(files(inside)) == 2 * kept
        (row,) = await house.execute("SELECT count(*) AS n FROM photo_upload", database)
        assert row["n"] == kept
        assert (await http.get("/health/ready")).status_code == 200
        for path in files(inside):
            path.unlink()
        assert (await http.post("/photos", files=sent)).status_code == 201
