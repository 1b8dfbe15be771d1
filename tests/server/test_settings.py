from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from server.settings import Settings, SettingsError, kept_secret_key, read_settings, settings_document

DOCUMENT = Path(__file__).parent.parent.parent / "docs" / "settings.md"


@pytest.fixture(autouse=True)
def no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv("DATABASE_URL" if name == "database_url" else f"PHUONGSO_{name.upper()}", raising=False)


def test_the_documented_table_is_that_of_the_code() -> None:
    assert DOCUMENT.read_text() == settings_document(), "run: .venv/bin/phuongso settings > docs/settings.md"


def test_every_setting_is_described() -> None:
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []


def test_nothing_needs_to_be_set() -> None:
    settings = read_settings()
    assert (settings.host, settings.port, settings.database_url) == ("127.0.0.1", 8000, None)


def test_an_empty_variable_counts_as_absent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "")
    monkeypatch.setenv("PHUONGSO_PORT", "")
    assert read_settings() == Settings()


def test_variables_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://me@db/ward")
    monkeypatch.setenv("PHUONGSO_SECRET_KEY", "k" * 32)
    monkeypatch.setenv("PHUONGSO_SECURE_COOKIES", "true")
    settings = read_settings()
    assert settings.database == "postgresql://me@db/ward"
    assert settings.key == b"k" * 32
    assert settings.secure_cookies is True


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("DATABASE_URL", "mysql://me@db/ward"),
        ("DATABASE_URL", "not an address"),
        ("PHUONGSO_SECRET_KEY", "short"),
        ("PHUONGSO_PORT", "65536"),
        ("PHUONGSO_PORT", "eighty"),
        ("PHUONGSO_DEFAULT_WARD", "2031"),
        ("PHUONGSO_POOL_SIZE", "0"),
        ("PHUONGSO_SESSION_DAYS", "0"),
        ("PHUONGSO_LOG_LEVEL", "loud"),
    ],
)
def test_a_wrong_value_is_named_but_not_repeated(monkeypatch: pytest.MonkeyPatch, variable: str, value: str) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(SettingsError, match=variable) as refused:
        read_settings()
    assert value not in str(refused.value)


def test_all_wrong_values_are_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PHUONGSO_PORT", "eighty")
    monkeypatch.setenv("PHUONGSO_MAX_COST", "0")
    with pytest.raises(SettingsError) as refused:
        read_settings()
    assert {line.partition(":")[0] for line in str(refused.value).splitlines()} == {
        "PHUONGSO_PORT",
        "PHUONGSO_MAX_COST",
    }


def test_tiles_need_an_attribution(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PHUONGSO_TILE_URL", "https://tiles.example/{z}/{x}/{y}.png")
    with pytest.raises(SettingsError, match="PHUONGSO_TILE_ATTRIBUTION"):
        read_settings()
    monkeypatch.setenv("PHUONGSO_TILE_ATTRIBUTION", "© Example")
    assert read_settings().tile_attribution == "© Example"


def test_secrets_are_not_shown() -> None:
    settings = Settings(database_url="postgresql://me:hunter2@db/ward", secret_key="k" * 32)
    assert "hunter2" not in repr(settings)
    assert "kkkk" not in repr(settings)


def test_without_a_database_or_a_key_it_says_what_to_set() -> None:
    with pytest.raises(SettingsError, match="DATABASE_URL"):
        _ = Settings().database
    with pytest.raises(SettingsError, match="PHUONGSO_SECRET_KEY"):
        _ = Settings().key


def test_a_key_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    var = tmp_path / "var"
    first = kept_secret_key(var).get_secret_value()
    assert len(first) >= 32
    assert kept_secret_key(var).get_secret_value() == first
    assert stat.S_IMODE((var / "secret-key").stat().st_mode) == 0o600
    assert [path.name for path in var.iterdir()] == ["secret-key"]


def test_processes_that_start_together_share_one_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as threads:
        keys = {key.get_secret_value() for key in threads.map(kept_secret_key, [tmp_path / "var"] * 16)}
    assert len(keys) == 1
