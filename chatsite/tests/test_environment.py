"""Values of environment variables: what is taken, and what is refused in plain words."""

from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from chatsite import environment

NAME = "CHATSITE_TEST_VALUE"


@pytest.mark.parametrize(("value", "meaning"), [("1", True), ("yes", True), ("OFF", False)])
def test_a_flag_is_said_in_several_ways(
    monkeypatch: pytest.MonkeyPatch, value: str, meaning: bool
) -> None:
    monkeypatch.setenv(NAME, value)
    assert environment.flag(NAME, default=not meaning) is meaning


def test_an_empty_variable_counts_as_not_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(NAME, "  ")
    assert environment.flag(NAME, default=True) is True
    assert environment.number(NAME, 7) == 7
    assert environment.text(NAME, "default") == "default"
    assert environment.optional_path(NAME) is None
    assert environment.given(NAME) == []


def test_a_list_is_separated_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(NAME, " one, two ,,three ")
    assert environment.names(NAME) == ("one", "two", "three")


def test_a_relative_path_starts_from_the_working_directory(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(NAME, "below")
    assert environment.path(NAME, Path("other")) == tmp_path / "below"


@pytest.mark.parametrize("value", ["0", "65536", "-1", "80.0", "1_000", "٨٠", "many", "9" * 30])
def test_a_port_is_a_whole_number_in_range(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv(NAME, value)
    with pytest.raises(
        ImproperlyConfigured, match=f"{NAME} must be a whole number from 1 to 65535"
    ):
        environment.port(NAME, 8000)


def test_a_word_must_be_one_of_those_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(NAME, "staging")
    with pytest.raises(ImproperlyConfigured, match="must be one of development, production"):
        environment.choice(NAME, ["development", "production"], "development")


@pytest.mark.parametrize("value", ["maybe", "2", "ja"])
def test_a_flag_is_nothing_else(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv(NAME, value)
    with pytest.raises(ImproperlyConfigured, match=f"{NAME} must be 1 or 0"):
        environment.flag(NAME)


@pytest.mark.parametrize(
    "value", ["localhost:6379", "http://localhost", "redis://", "redis://h:port", "redis://[::1"]
)
def test_an_address_needs_its_scheme_and_a_host_and_is_not_repeated(
    monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv(NAME, value)
    with pytest.raises(ImproperlyConfigured) as refused:
        environment.url(NAME, ["redis", "rediss"])
    assert "redis://host:port" in str(refused.value)
    assert value not in str(refused.value).replace("redis://host:port", "")
