"""Request and response bodies of the identity data plane."""

from datetime import datetime
from typing import Any, Required, TypedDict, cast

from rest_framework import serializers

from identity import tokens
from identity.models import CommunicationUser
from identity.tokens import AccessToken
from wire.fields import InputField, WireSerializer


class Scopes(InputField):
    default_error_messages = {"invalid": "it must be a list of known scopes."}

    def __init__(self, *, allow_empty: bool = False, **options: Any) -> None:
        super().__init__(**options)
        self.allow_empty = allow_empty

    def to_internal_value(self, data: Any) -> list[str]:
        if not isinstance(data, list) or not (data or self.allow_empty):
            self.fail("invalid")
        for scope in data:
            if scope not in tokens.SCOPES:
                self.fail("invalid")
        return list(dict.fromkeys(data))


class Minutes(InputField):
    """The lifetime of a token, 60 to 1440 minutes."""

    default_error_messages = {
        "invalid": f"it must be from {tokens.MINUTES_MINIMUM} to {tokens.MINUTES_MAXIMUM}."
    }

    def to_internal_value(self, data: Any) -> int:
        if isinstance(data, bool) or not isinstance(data, int):
            self.fail("invalid")
        if not tokens.MINUTES_MINIMUM <= data <= tokens.MINUTES_MAXIMUM:
            self.fail("invalid")
        return data


class TokenOptions(TypedDict, total=False):
    """Arguments of `services.issue_access_token`."""

    scopes: Required[list[str]]
    expires_in_minutes: int


class CreateIdentityRequest(WireSerializer):
    """`POST /identities`; without scopes no token is issued."""

    createTokenWithScopes = Scopes(source="scopes", allow_empty=True, required=False)
    expiresInMinutes = Minutes(source="expires_in_minutes", required=False)

    @classmethod
    def read_options(cls, body: Any) -> TokenOptions | None:
        """The token to issue with the identity, or None. Raises ChatError 400."""
        given = cls.read(body)
        return cast(TokenOptions, given) if given.get("scopes") else None


class IssueTokenRequest(WireSerializer):
    """`POST /identities/{id}/:issueAccessToken`."""

    scopes = Scopes()
    expiresInMinutes = Minutes(source="expires_in_minutes", required=False)

    @classmethod
    def read_options(cls, body: Any) -> TokenOptions:
        """The token to issue. Raises ChatError 400."""
        return cast(TokenOptions, cls.read(body))


class TeamsExchangeRequest(WireSerializer):
    """`POST /teamsUser/:exchangeAccessToken`; an empty token is allowed here and refused later."""

    token = serializers.CharField(allow_blank=True)
    appId = serializers.CharField()
    userId = serializers.CharField()


def access_token(token: AccessToken) -> dict[str, Any]:
    """`{token, expiresOn}`."""
    return {"token": token.token, "expiresOn": _moment(token.expires_on)}


def identity(user: CommunicationUser, token: AccessToken | None = None) -> dict[str, Any]:
    """`{identity: {id}, accessToken?}`."""
    body: dict[str, Any] = {"identity": {"id": user.raw_id}}
    if token is not None:
        body["accessToken"] = access_token(token)
    return body


def _moment(moment: datetime) -> str:
    # Seven digits of fraction and an offset, as the real service writes it.
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond:06}0+00:00"
