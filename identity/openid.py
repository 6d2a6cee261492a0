"""Bearer tokens of an OpenID Connect issuer, for services with an identity provider."""

import time
from functools import cache

import jwt
from django.conf import settings

_ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "ES256", "ES384", "EdDSA"]
_TIMEOUT = 5
# Seconds to wait after a request that the provider did not answer: each request occupies a thread.
_RETRY_AFTER = 30.0


class _Keys:
    """The signing keys that a provider publishes."""

    def __init__(self, url: str) -> None:
        self._client = jwt.PyJWKClient(url, timeout=_TIMEOUT)
        self._retry_at = 0.0

    def of(self, token: str) -> jwt.PyJWK | None:
        """The key that signed `token`, or None if there is none or the provider does not answer."""
        if time.monotonic() < self._retry_at:
            return None
        try:
            return self._client.get_signing_key_from_jwt(token)
        except jwt.PyJWKClientConnectionError:
            self._retry_at = time.monotonic() + _RETRY_AFTER
        except (jwt.PyJWTError, ValueError):
            # No such key, or the response is not a key set.
            pass
        return None


@cache
def _keys(url: str) -> _Keys:
    return _Keys(url)


def is_valid(token: str) -> bool:
    """Whether `token` is a valid token of the configured issuer, for the configured audience.

    Checks the signature, `exp`, `iss` and `aud`. Without a configured issuer no token is valid.
    """
    issuer = settings.CHATSITE_OIDC_ISSUER
    try:
        claimed = jwt.decode(token, options={"verify_signature": False})
        if not issuer or claimed.get("iss") != issuer:
            return False
        key = _keys(settings.CHATSITE_OIDC_JWKS_URL).of(token)
        if key is None:
            return False
        jwt.decode(
            token,
            key,
            algorithms=_ALGORITHMS,
            issuer=issuer,
            audience=settings.CHATSITE_OIDC_AUDIENCE,
            options={"require": ["exp", "iss", "aud"]},
        )
    except (jwt.PyJWTError, ValueError, TypeError, ArithmeticError, RecursionError):
        return False
    return True
