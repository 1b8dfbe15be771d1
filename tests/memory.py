"""Where the tests' databases lie: in memory where there is plenty, for a copy is made of five hundred files.

On a disk, even without waiting for it, each copy takes the kernel five to twenty times as long; and over a thousand are
made. Nothing of what is tested knows where the server keeps its files.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

MEMORY = Path("/dev/shm")  # noqa: S108 - a folder of our own in it, and only where it is ours
LEAST_BYTES = 6_000_000_000
"""What must be free of the file system in memory, and of memory: tests have some dozens of databases at a time."""


@contextmanager
def roomy_folder(usual: Path) -> Iterator[Path]:
    """A folder in memory that belongs to `usual` alone, removed by its last user; or `usual` itself."""
    usual.mkdir(parents=True, exist_ok=True)
    # Held together while they use it; who leaves and gets it alone was the last.
    with (usual / "memory.in-use").open("w") as in_use:
        fcntl.flock(in_use, fcntl.LOCK_SH)
        folder = _ours(usual)
        if folder is None:
            yield usual
            return
        try:
            yield folder
        finally:
            try:
                fcntl.flock(in_use, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                pass
            else:
                shutil.rmtree(folder)


def _ours(usual: Path) -> Path | None:
    """Our folder in memory, made where it is missing and there is room; processes of one run find the same."""
    folder = MEMORY / f"phuongso-{hashlib.sha256(os.fsencode(usual.resolve())).hexdigest()[:10]}"
    try:
        if not folder.exists() and not _is_roomy():
            return None
        folder.mkdir(mode=0o755, exist_ok=True)
        found = folder.lstat()
    except OSError:
        return None
    return folder if found.st_uid == os.geteuid() and not folder.is_symlink() else None


def _is_roomy() -> bool:
    if not MEMORY.is_dir():
        return False
    fields = dict(line.split(":") for line in Path("/proc/meminfo").read_text().splitlines())
    available = int(fields["MemAvailable"].split()[0]) * 1024
    return min(available, shutil.disk_usage(MEMORY).free) >= LEAST_BYTES
