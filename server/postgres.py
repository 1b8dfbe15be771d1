"""PostgreSQL's own programs: finding them, and running them as a user whom PostgreSQL accepts."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess  # nosec B404
import sys
from dataclasses import dataclass
from pathlib import Path

_UNPRIVILEGED = ("postgres", "nobody")
_BECOME = """
import os, sys
os.setgroups([])
os.setgid(int(sys.argv[2]))
os.setuid(int(sys.argv[1]))
os.execv(sys.argv[3], sys.argv[3:])
"""


class ClusterError(Exception):
    """The private database cannot be used; the message says why and what to do."""


class PostgresMissingError(ClusterError):
    """PostgreSQL or PostGIS is not installed."""


class ClusterUnreachableError(ClusterError):
    """The folder cannot be used by the user who must."""


class ProgramFailedError(ClusterError):
    """One of PostgreSQL's programs failed; the message carries what it said."""


@dataclass(frozen=True, slots=True)
class Programs:
    """The programs in one folder, run as `owner`, or as ourselves when that is None."""

    folder: Path
    owner: pwd.struct_passwd | None

    def run(self, program: str, *arguments: str, text: str = "") -> None:
        """Run `program` with `text` as its input. Raises `ProgramFailedError`."""
        done = self._run(program, arguments, text)
        if done.returncode != 0:
            raise ProgramFailedError(f"{program} failed. {done.stderr.strip()}")

    def succeeds(self, program: str, *arguments: str) -> bool:
        return self._run(program, arguments, "").returncode == 0

    def _run(self, program: str, arguments: tuple[str, ...], text: str) -> subprocess.CompletedProcess[str]:
        # In a session of its own: Ctrl-C is for us to handle, not for a half-done start or stop.
        return subprocess.run(  # noqa: S603  # nosec B603
            [*_as(self.owner), self.folder / program, *arguments],
            input=text,
            capture_output=True,
            text=True,
            check=False,
            cwd="/",
            env={"PATH": os.defpath, "LC_ALL": "C.UTF-8"},
            start_new_session=True,
        )


def find_binaries(major: str | None = None) -> Path:
    """The programs of an installed PostgreSQL that has PostGIS: of version `major`, else the newest.

    Raises `PostgresMissingError` when there is none.
    """
    by_version = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parent.name))
    on_path = [Path(program).resolve().parent for program in (shutil.which("initdb"),) if program]
    for folder in [*reversed(by_version), *on_path]:
        whole = (folder / "initdb").exists() and (folder / "pg_config").exists()
        if whole and _has_postgis(folder) and major in (None, _major(folder)):
            return folder
    wanted = "PostgreSQL with PostGIS" if major is None else f"PostgreSQL {major} with PostGIS, which made the data,"
    raise PostgresMissingError(f"{wanted} is missing. On Debian 12: apt-get install postgresql postgresql-15-postgis-3")


def _ask(*command: str | Path) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()  # noqa: S603  # nosec B603


def _has_postgis(binaries: Path) -> bool:
    return (Path(_ask(binaries / "pg_config", "--sharedir")) / "extension" / "postgis.control").exists()


def _major(binaries: Path) -> str:
    """`PostgreSQL 15.18 (Debian …)` is version 15."""
    return _ask(binaries / "pg_config", "--version").split()[1].partition(".")[0]


def user_with_id(uid: int) -> pwd.struct_passwd:
    try:
        return pwd.getpwuid(uid)
    except KeyError:
        raise ClusterUnreachableError(
            f"The database belongs to user {uid}, who is not known on this machine."
        ) from None


def unprivileged_user() -> pwd.struct_passwd:
    known = {user.pw_name: user for user in pwd.getpwall()}
    for name in _UNPRIVILEGED:
        if name in known:
            return known[name]
    raise ClusterUnreachableError("PostgreSQL does not run as root, and there is no user `postgres` to run it as.")


def may_enter(folder: Path, user: pwd.struct_passwd) -> bool:
    """Whether `user` gets through to `folder`: asked of the kernel, which knows of access lists as well."""
    question = ["/usr/bin/test", "-x", str(folder)]
    return subprocess.run([*_as(user), *question], check=False, cwd="/").returncode == 0  # noqa: S603  # nosec B603


def _as(user: pwd.struct_passwd | None) -> list[str]:
    """What to put before a command to have it run as `user`.

    A program, not `subprocess`'s own way: for that Python copies this process by fork(), and the copy may wait for ever
    for a lock that some thread of a library, such as GDAL's, held at that moment.
    """
    return [] if user is None else [sys.executable, "-I", "-S", "-c", _BECOME, str(user.pw_uid), str(user.pw_gid)]


def memory_settings() -> str:
    """A quarter of this machine's memory for PostgreSQL's own cache, as its manual has it, and half to count on in all.

    Its default is 128 MB: the indexes of a city alone are larger.
    """
    whole = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20
    return f"-c shared_buffers={min(max(whole // 4, 128), 8192)}MB -c effective_cache_size={max(whole // 2, 256)}MB"
