"""The `phuongso` command against real PostGIS: what serves, and what listens to signals, as a process of its own."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import httpx
import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result
from sqlalchemy.ext.asyncio import AsyncConnection

from geo import accounts, demo, tables
from geo.accounts import Account
from geo.tables import AccountRole
from server.cli import main
from server.console import console, in_transaction
from server.settings import Settings
from tests.ward import authenticate

Read = TypeVar("Read")
ROOT = Path(__file__).parent.parent.parent
KEY = "a key for tests, long enough to be one"


Environment = dict[str, str]


@pytest.fixture
def quiet(tmp_path: Path) -> Environment:
    """An environment without anybody's settings; `var/` in a folder of the test's own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PHUONGSO_", "DATABASE_"))}
    return kept | {"PHUONGSO_VAR": str(tmp_path / "var"), "PHUONGSO_PORT": "0"}


@pytest.fixture
def settings(quiet: Environment, database_url: str) -> Environment:
    return quiet | {"DATABASE_URL": database_url, "PHUONGSO_SECRET_KEY": KEY}


@pytest.fixture
def demo_settings(quiet: Environment, demo_url: str) -> Environment:
    return quiet | {"DATABASE_URL": demo_url, "PHUONGSO_SECRET_KEY": KEY}


@pytest.fixture(autouse=True)
def signals_as_before() -> Iterator[None]:
    """The command listens to signals; these tests' process goes on after it."""
    kept = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)}
    yield
    for number, handler in kept.items():
        signal.signal(number, handler)


def phuongso(environment: Environment, *arguments: str, typed: str = "") -> Result:
    """Run the command in this process."""
    with pytest.MonkeyPatch.context() as patch:
        for name in set(os.environ) - set(environment):
            patch.delenv(name)
        for name, value in environment.items():
            patch.setenv(name, value)
        patch.setattr(console, "_width", 200)
        done = CliRunner().invoke(main, arguments, input=typed)
    # What is neither an answer nor a sentence would have been a traceback.
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done


class Served:
    """A running `phuongso`: what it has said so far, and where it serves."""

    def __init__(self, environment: Environment, command: str) -> None:
        self.lines: list[str] = []
        self.process = subprocess.Popen(
            [sys.executable, "-m", "server", command],
            env=environment,
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        self.lines.extend(iter(self.process.stdout.readline, ""))
        self.process.stdout.close()

    @property
    def said(self) -> str:
        return "".join(self.lines)

    def wait_for(self, words: str) -> str:
        """The rest of the line after `words`, once it is said."""
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline and self.process.poll() is None:
            for line in list(self.lines):
                if words in line:
                    return line.partition(words)[2].strip()
            time.sleep(0.02)
        pytest.fail(f"it never said {words!r}, but:\n{self.said}")

    def end(self, how: signal.Signals) -> int:
        self.process.send_signal(how)
        status = self.process.wait(60)
        self._reader.join()
        return status


@contextmanager
def served(environment: Environment, command: str) -> Iterator[Served]:
    process = Served(environment, command)
    try:
        yield process
    finally:
        process.end(signal.SIGKILL)


def read(url: str, work: Callable[[AsyncConnection], Awaitable[Read]]) -> Read:
    return in_transaction(Settings(database_url=url), work)


def account(url: str, username: str) -> Account | None:
    return read(url, lambda connection: accounts.find(connection, username))


def opens(url: str, username: str, password: str) -> bool:
    return read(url, lambda connection: authenticate(connection, username, password)) is not None


def test_every_command_says_what_it_does(quiet: Environment) -> None:
    listed = phuongso(quiet, "--help").stdout
    for command in ("account", "demo", "import", "migrate", "run", "serve", "settings"):
        assert f"\n  {command} " in listed
        assert phuongso(quiet, command, "--help").exit_code == 0


def test_a_wrong_setting_is_one_sentence_not_a_traceback(quiet: Environment) -> None:
    done = phuongso(quiet | {"PHUONGSO_PORT": "eighty"}, "serve")
    assert done.exit_code == 1
    assert done.stderr.startswith("Error: PHUONGSO_PORT:")


@pytest.mark.parametrize("command", [["migrate"], ["serve"], ["account", "list"], ["demo"]])
def test_a_database_out_of_reach_is_one_sentence(quiet: Environment, command: list[str]) -> None:
    done = phuongso(quiet | {"DATABASE_URL": "postgresql://nobody:hunter2@127.0.0.1:1/none"}, *command)
    assert done.exit_code == 1
    assert "DATABASE_URL" in done.stderr
    assert "hunter2" not in done.stderr


@pytest.mark.parametrize("command", [["serve"], ["account", "list"], ["demo"]])
def test_an_empty_database_asks_for_its_migrations(quiet: Environment, empty_url: str, command: list[str]) -> None:
    done = phuongso(quiet | {"DATABASE_URL": empty_url, "PHUONGSO_SECRET_KEY": KEY}, *command)
    assert done.exit_code == 1
    assert "phuongso migrate" in done.stderr


def test_it_migrates_and_back(quiet: Environment, empty_url: str) -> None:
    environment = quiet | {"DATABASE_URL": empty_url}
    assert phuongso(environment, "migrate").exit_code == 0
    assert phuongso(environment, "account", "list").exit_code == 0
    assert phuongso(environment, "migrate", "--back-to", "base", typed="n\n").exit_code == 1
    assert phuongso(environment, "account", "list").exit_code == 0
    assert phuongso(environment, "migrate", "--back-to", "base", "--yes").exit_code == 0
    assert phuongso(environment, "account", "list").exit_code == 1


def test_a_revision_that_does_not_exist_is_one_sentence(settings: Environment) -> None:
    done = phuongso(settings, "migrate", "--to", "nowhere")
    assert done.exit_code == 1
    assert "nowhere" in done.stderr


def test_the_sql_needs_no_database(quiet: Environment) -> None:
    environment = quiet | {"DATABASE_URL": "postgresql://127.0.0.1:1/none"}
    command = [sys.executable, "-m", "server", "migrate", "--sql"]
    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=True)
    assert "CREATE TABLE ward" in done.stdout
    assert done.stdout.startswith("BEGIN;")


def test_the_demo_is_loaded_once(settings: Environment, database_url: str) -> None:
    first = phuongso(settings, "demo")
    assert first.exit_code == 0, first.stderr
    assert "Loaded the demo ward" in first.stdout
    before = account(database_url, "staff")
    assert before is not None
    assert before.demo
    again = phuongso(settings, "demo")
    assert "Already there" in again.stdout
    assert account(database_url, "staff") == before


@pytest.fixture
def small_city(monkeypatch: pytest.MonkeyPatch) -> demo.Scale:
    """A city of three wards in the place of the real one."""
    small = replace(demo.CITY, wards=3, neighbourhoods=20, incidents=700, home_incidents=300)
    monkeypatch.setitem(demo.SCALES, "city", small)
    return small


def test_a_city_is_loaded_once_and_says_that_it_is_made_up(settings: Environment, small_city: demo.Scale) -> None:
    first = phuongso(settings, "demo", "--scale", "city")
    assert first.exit_code == 0, first.stderr
    assert "Loaded the demo city: 3 wards, 20 neighbourhoods, 700 incidents" in first.stdout
    assert "made up" in first.stdout
    assert "Ghi phường" in first.stdout
    again = phuongso(settings, "demo", "--scale", "city")
    assert "Already there: the demo city" in again.stdout
    assert "Already there" in phuongso(settings, "demo").stdout  # ward 20314 is one of them


def test_a_city_is_refused_beside_anything_else(demo_settings: Environment, small_city: demo.Scale) -> None:
    done = phuongso(demo_settings, "demo", "--scale", "city")
    assert done.exit_code == 1
    assert "riêng, còn trống. / This database holds something else already." in done.stderr
    assert phuongso(demo_settings, "demo", "--scale", "village").exit_code == 2


def test_a_served_city_lists_the_accounts_of_the_demo_ward_only(settings: Environment, small_city: demo.Scale) -> None:
    assert phuongso(settings, "demo", "--scale", "city").exit_code == 0
    with served(settings, "run") as process:
        rest = process.wait_for("Demo accounts")
        process.wait_for("of other wards (staff-90001")
    assert "phuongso-demo" in rest
    assert "crew-8" in process.said
    assert "crew-90001-1" not in process.said


def test_people_are_invited_and_let_in_again_by_links(demo_settings: Environment, demo_url: str) -> None:
    person = ("--role", "staff", "--ward", "20314", "--name", "Lê Thị Mới", "--email", "moi@vidu.vn")
    created = phuongso(demo_settings, "account", "create", "moi", *person, "--invite")
    assert created.exit_code == 0, created.output
    assert re.search(r"^ */link/[\w-]{43}$", created.stdout, re.MULTILINE), "no address that nobody can open"
    assert "PHUONGSO_PUBLIC_URL" in created.output
    found = account(demo_url, "moi")
    assert found is not None
    assert found.email == "moi@vidu.vn"
    assert not opens(demo_url, "moi", "")
    site = demo_settings | {"PHUONGSO_PUBLIC_URL": "https://phuong.vidu.vn"}
    for command in ("invite", "reset-link"):
        printed = phuongso(site, "account", command, "moi")
        assert re.search(r"https://phuong\.vidu\.vn/link/[\w-]{43}\n", printed.stdout), printed.output
        assert re.search(r"until \d\d:\d\d \d\d/\d\d/\d{4} in Vietnam", printed.stdout)
    for whose in ("moi", "--all"):
        ended = phuongso(demo_settings, "account", "end-sessions", whose)
        assert "Ended 0 sessions" in ended.output
    open_links = sa.select(sa.func.count()).where(tables.account_link.c.used_at.is_(None))
    assert read(demo_url, lambda connection: connection.scalar(open_links)) == 0
    assert phuongso(demo_settings, "account", "end-sessions").exit_code == 2
    assert phuongso(demo_settings, "account", "end-sessions", "moi", "--all").exit_code == 2
    assert phuongso(demo_settings, "account", "reset-second-factor", "moi").exit_code == 0
    for command in ("invite", "reset-link", "reset-second-factor"):
        assert phuongso(demo_settings, "account", command, "khong-co").exit_code == 1
    assert phuongso(demo_settings, "account", "create", "hai", *person[:-1], "x", "--invite").exit_code == 1


def test_an_account_is_created_changed_listed_and_disabled(demo_settings: Environment, demo_url: str) -> None:
    person = ("--role", "crew-member", "--ward", "20314", "--name", "Lê Văn [bold]Tám[/]")
    crew = ("--crew", "Đội Hạ tầng, chiếu sáng")
    made = phuongso(
        demo_settings, "account", "create", "Tam", *person, *crew, "--password-stdin", typed="mật khẩu đầu\n"
    )
    assert made.exit_code == 0, made.stderr
    found = account(demo_url, "tam")
    assert found is not None
    assert (found.role, found.crew_name, found.demo) == (AccountRole.CREW_MEMBER, crew[1], False)

    listed = phuongso(demo_settings, "account", "list", "--ward", "20314").stdout
    assert any(
        "tam" in line and "Lê Văn [bold]Tám[/]" in line and "crew-member" in line for line in listed.splitlines()
    )

    changed = phuongso(demo_settings, "account", "password", "tam", "--password-stdin", typed="mật khẩu sau\r\n")
    assert changed.exit_code == 0, changed.stderr
    assert not opens(demo_url, "tam", "mật khẩu đầu")
    assert opens(demo_url, "tam", "mật khẩu sau")

    assert phuongso(demo_settings, "account", "disable", "tam").exit_code == 0
    found = account(demo_url, "tam")
    assert found is not None
    assert found.disabled


def test_a_refused_account_is_said_in_both_languages(demo_settings: Environment, demo_url: str) -> None:
    person = ("--role", "staff", "--ward", "99999", "--name", "Lan", "--password-stdin")
    done = phuongso(demo_settings, "account", "create", "lan", *person, typed="mật khẩu đủ dài\n")
    assert done.exit_code == 1
    assert "Không có phường này. / There is no such ward." in done.stderr
    short = phuongso(demo_settings, "account", "create", "lan", *person, typed="ngắn\n")
    assert "Mật khẩu dài từ 10" in short.stderr
    assert account(demo_url, "lan") is None


def test_it_serves_until_told_to_stop(demo_settings: Environment) -> None:
    with served(demo_settings, "serve") as process:
        site = process.wait_for("Serving on ")
        assert httpx.get(f"{site}/health/live").status_code == 200
        assert httpx.get(f"{site}/health/ready").status_code == 200
        assert process.end(signal.SIGTERM) == 0
    assert "Traceback" not in process.said


def test_a_port_in_use_is_said_before_anything_slow_begins(demo_settings: Environment) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = phuongso(demo_settings | {"PHUONGSO_PORT": str(taken.getsockname()[1])}, "serve")
    assert done.exit_code == 1
    assert "PHUONGSO_PORT" in done.stderr


def test_a_real_ward_is_not_served_without_a_key_and_the_demo_is(
    settings: Environment, demo_settings: Environment
) -> None:
    del settings["PHUONGSO_SECRET_KEY"], demo_settings["PHUONGSO_SECRET_KEY"]
    refused = phuongso(settings, "serve")
    assert refused.exit_code == 1
    assert "PHUONGSO_SECRET_KEY" in refused.stderr
    with served(demo_settings, "serve") as process:
        process.wait_for("Serving on ")
    assert (Path(demo_settings["PHUONGSO_VAR"]) / "secret-key").exists()


def test_from_nothing_to_a_served_demo_ward_and_again(quiet: Environment) -> None:
    folder = Path(tempfile.mkdtemp(prefix="phuongso-test-"))
    folder.chmod(0o755)
    environment = quiet | {"PHUONGSO_VAR": str(folder / "var")}
    try:
        with served(environment, "run") as process:
            site = process.wait_for("Digital map")
            page = httpx.get(site)
            assert page.status_code == 200
            assert 'lang="vi"' in page.text
            for username in ("admin", "staff", "crew-1", "crew-8", "team-1"):
                process.wait_for(f"  {username} ")
            assert demo.PASSWORD in process.said
            key = (folder / "var" / "secret-key").read_text()
            signed_in = httpx.post(
                f"{httpx.URL(site).join('/token')}", data={"username": "staff", "password": demo.PASSWORD}
            )
            assert signed_in.status_code == 200
            assert process.end(signal.SIGINT) == 0
        assert process.said.startswith("Phường Số")
        assert not (folder / "var" / "postgres" / "postmaster.pid").exists()

        with served(environment, "run") as process:
            started = time.monotonic()
            process.wait_for("Digital map")
            assert time.monotonic() - started < 30
            assert "Loaded the demo ward" not in process.said
            assert process.end(signal.SIGHUP) == 0
        assert not (folder / "var" / "postgres" / "postmaster.pid").exists()
        assert (folder / "var" / "secret-key").read_text() == key
    finally:
        shutil.rmtree(folder)
