"""Codes of languages."""

import pytest

from cognitive.languages import canonical, choose_pair, is_code
from cognitive.translation_paths import translation_paths


@pytest.mark.parametrize("code", ["es", "pt-BR", "zh-Hans", "sr-Cyrl-RS", "ast", "ES", "es-419"])
def test_codes_of_languages_are_known(code: str) -> None:
    assert is_code(code)


@pytest.mark.parametrize("code", ["", "e", "english", "es_ES", "es-", "es-E", "es;", "es\n", "12"])
def test_other_texts_are_no_codes(code: str) -> None:
    assert not is_code(code)


@pytest.mark.parametrize(
    ("given", "usual"),
    [("ES", "es"), ("pt-br", "pt-BR"), ("ZH-hans", "zh-Hans"), ("es-419", "es-419")],
)
def test_codes_have_one_spelling(given: str, usual: str) -> None:
    assert canonical(given) == usual


@pytest.mark.parametrize(
    ("source", "target", "found"),
    [
        ("en", "pt-BR", ("en", "pt-BR")),
        ("en", "pt-PT", ("en", "pt")),
        ("en-GB", "pt-br", ("en", "pt-BR")),
        ("en-US", "es-MX", ("en", "es")),
        ("es", "en", None),
        ("en", "en-GB", None),
    ],
)
def test_the_nearest_pair_is_found(source: str, target: str, found: tuple[str, str] | None) -> None:
    pairs = {("en", "pt"), ("en", "pt-BR"), ("en", "es")}
    assert choose_pair(source, target, pairs) == found


def test_a_chain_has_at_most_two_steps_and_the_best_middle() -> None:
    steps = {
        **{("en", "ca"): "en-ca", ("ca", "fr"): "ca-fr", ("en", "es"): "en-es"},
        **{("es", "fr"): "es-fr", ("fr", "oc"): "fr-oc", ("es", "en-US"): "es-en-us"},
    }
    found = translation_paths(steps, "es")
    assert found["en", "es"] == ("en-es",)
    assert found["en", "fr"] == ("en-es", "es-fr")
    assert ("en", "oc") not in found
    assert ("en", "en-US") not in found
