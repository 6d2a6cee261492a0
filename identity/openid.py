"""Bearer tokens of an OpenID Connect issuer, for services that have an identity provider."""

from functools import lru_cache
from typing import Any

import jwt
from django.conf import settings

_ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "ES256", "ES384", "EdDSA"]


@lru_cache(maxsize=1)
def _key_set(url: str) -> jwt.PyJWKClient:
    return jwt.PyJWKClient(url, timeout=5)


def claims_of(token: str) -> dict[str, Any] | None:
    """The verified claims of a token of the configured issuer, or None.

    Signature, `exp`, `iss` and `aud` are checked; without a configured issuer nothing is valid.
    """
    if not settings.CHATSITE_OIDC_ISSUER:
        return None
    try:
        key = _key_set(settings.CHATSITE_OIDC_JWKS_URL).get_signing_key_from_jwt(token)
        return jwt.decode(
            token,
            key.key,
            algorithms=_ALGORITHMS,
            issuer=settings.CHATSITE_OIDC_ISSUER,
            audience=settings.CHATSITE_OIDC_AUDIENCE,
            options={"require": ["exp", "iss", "aud"]},
        )
    except jwt.PyJWTError:
        return None


def is_valid(token: str) -> bool:
    """Whether `token` is a current one of the configured issuer."""
    return claims_of(token) is not None
