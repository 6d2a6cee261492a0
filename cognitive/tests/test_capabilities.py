"""`GET /cognitive/capabilities`, and `manage.py cognitive_check`."""

import io

import pytest
from django.core.management import call_command
from django.test import Client
from pytest_django import Settings

from cognitive import engines
from cognitive.abilities import EngineUnavailable
from cognitive.checks import check_engines
from cognitive.engines import reset_engines
from cognitive.tests.message_engines import HERE, PROVIDERS, Told, Words, told
from identity.models import Resource
from tests.cast import Person
from tests.service import call

__all__ = ["told"]

PATH = "/cognitive/capabilities"


def test_it_tells_what_there_is_and_why_the_rest_is_missing(
    alice: Person, told: type[Told]
) -> None:
    answer = alice.get(PATH)
    assert answer.status_code == 200
    body = answer.json()
    assert body["translation"]["engines"] == [
        {
            "name": "absent",
            "available": False,
            "reason": "It is not installed. Run `make cognitive`.",
        },
        {
            "name": "parrot",
            "available": True,
            "version": "1",
            "languages": ["de", "en", "es"],
            "pairs": {"en": ["es", "pt"], "es": ["en"]},
        },
        {
            "name": "backup",
            "available": True,
            "version": "1",
            "languages": ["de", "en", "es"],
            "pairs": {"de": ["en"], "en": ["de", "es", "pt"], "es": ["en"]},
        },
    ]
    assert body["speech"] == {"engines": []}
    assert body["limits"]["messageCharacters"] == 5000
    assert told.calls == []


def test_an_access_key_opens_it_as_header_and_as_signature(resource: Resource) -> None:
    client = Client()
    key = {"ocp-apim-subscription-key": resource.primary_key}
    assert client.get(PATH, headers=key).status_code == 200
    assert call(resource, "GET", PATH).status_code == 200


def test_nobody_else_may_look(resource: Resource, other_resource: Resource) -> None:
    client = Client()
    assert client.get(PATH).status_code == 401
    wrong = {"ocp-apim-subscription-key": other_resource.primary_key}
    assert client.get(PATH, headers=wrong).status_code == 401
    assert client.get(PATH, headers={"authorization": "Bearer x"}).status_code == 401
    key = other_resource.primary_key
    assert call(resource, "GET", PATH, key=key).status_code == 401


def test_an_engine_that_crashes_when_made_breaks_nothing(alice: Person, settings: Settings) -> None:
    settings.COGNITIVE_ENGINES = {**settings.COGNITIVE_ENGINES, "translation": ["crashing"]}
    reset_engines()
    (engine,) = alice.get(PATH).json()["translation"]["engines"]
    assert engine["available"] is False
    assert "luck" not in engine["reason"]


def test_what_is_missing_is_looked_for_again_and_what_is_there_is_not(
    alice: Person, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def available() -> list[bool]:
        return [one["available"] for one in alice.get(PATH).json()["translation"]["engines"]]

    assert available() == [False, True, True]
    installed = {**PROVIDERS["translation"], "absent": f"{HERE}.Parrot", "parrot": f"{HERE}.Absent"}
    settings.COGNITIVE_PROVIDERS = {**PROVIDERS, "translation": installed}
    assert available() == [False, True, True]
    monkeypatch.setattr(engines, "RECHECK_S", 0.0)
    assert available() == [True, True, True]


@pytest.mark.parametrize("problem", [EngineUnavailable("It is deaf."), ZeroDivisionError("luck")])
def test_an_engine_that_cannot_describe_itself_hides_no_other(
    alice: Person, told: type[Told], problem: Exception
) -> None:
    told.nameless["parrot"] = problem
    answer = alice.get(PATH)
    assert answer.status_code == 200
    _, parrot, backup = answer.json()["translation"]["engines"]
    assert (parrot["available"], backup["available"]) == (False, True)
    assert "luck" not in parrot["reason"]


def check() -> tuple[int, str]:
    """Exit code and output of `manage.py cognitive_check`."""
    output = io.StringIO()
    try:
        call_command("cognitive_check", stdout=output, stderr=io.StringIO())
    except SystemExit as end:
        return int(end.code or 0), output.getvalue()
    return 0, output.getvalue()


@pytest.fixture
def english_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Words, "known", {"this": "en"})


def test_the_command_is_content_with_what_is_not_installed(english_is_known: None) -> None:
    code, output = check()
    assert code == 0
    lines = {line.split()[1]: line for line in output.splitlines()}
    assert "not installed. Run `make cognitive`." in lines["absent"]
    assert "3 pairs of 3 languages: de en es" in lines["parrot"]


def test_the_command_fails_for_what_is_there_and_does_not_work(
    english_is_known: None, told: type[Told], settings: Settings
) -> None:
    told.failures["mood"] = RuntimeError("out of order")
    code, output = check()
    assert code == 1
    assert "broken: RuntimeError: out of order" in output
    told.failures.clear()
    settings.COGNITIVE_ENGINES = {**settings.COGNITIVE_ENGINES, "translation": ["crashing"]}
    reset_engines()
    assert check()[0] == 1


def test_settings_that_name_an_engine_elsewhere_must_say_where(settings: Settings) -> None:
    settings.COGNITIVE_ENGINES = {
        **settings.COGNITIVE_ENGINES,
        "translation": ["azure", "libretranslate"],
    }
    settings.CHATSITE_COGNITIVE_AZURE_TRANSLATOR_URL = "https://example.org"
    assert sorted(problem.msg for problem in check_engines()) == [
        "CHATSITE_COGNITIVE_TRANSLATION names azure,"
        " which needs CHATSITE_COGNITIVE_AZURE_TRANSLATOR_KEY.",
        "CHATSITE_COGNITIVE_TRANSLATION names libretranslate,"
        " which needs CHATSITE_COGNITIVE_LIBRETRANSLATE_URL.",
    ]
