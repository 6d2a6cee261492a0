"""Bodies of the identity data plane."""

from datetime import datetime
from typing import Any

from rest_framework import serializers

from identity import tokens
from identity.models import CommunicationUser
from identity.tokens import AccessToken
from wire.errors import bad_request
from wire.fields import WireSerializer


class Scopes(serializers.Field[list[str], Any, list[str], Any]):
    """A non-empty list of known scopes."""

    default_error_messages = {"invalid": "it must be a list of known scopes."}

    def to_internal_value(self, data: Any) -> list[str]:
        if not isinstance(data, list) or not data:
            self.fail("invalid")
        for scope in data:
            if scope not in tokens.SCOPES:
                self.fail("invalid")
        return list(dict.fromkeys(data))

    def to_representation(self, value: list[str]) -> list[str]:
        return value


class Minutes(serializers.Field[int, Any, int, Any]):
    """The life of a token, 60 to 1440 minutes."""

    default_error_messages = {
        "invalid": f"it must be from {tokens.MINUTES_MINIMUM} to {tokens.MINUTES_MAXIMUM}."
    }

    def to_internal_value(self, data: Any) -> int:
        if isinstance(data, bool) or not isinstance(data, int):
            self.fail("invalid")
        if not tokens.MINUTES_MINIMUM <= data <= tokens.MINUTES_MAXIMUM:
            self.fail("invalid")
        return data

    def to_representation(self, value: int) -> int:
        return value


class CreateIdentityRequest(WireSerializer):
    """`POST /identities`."""

    createTokenWithScopes = serializers.ListField(required=False)
    expiresInMinutes = Minutes(source="expires_in_minutes", required=False)

    @classmethod
    def read(cls, body: Any) -> dict[str, Any]:
        """`scopes` (empty: no token asked for) and `expires_in_minutes`."""
        given = super().read(body)
        scopes = given.pop("createTokenWithScopes", [])
        if scopes:
            given["scopes"] = IssueTokenRequest.read({"scopes": scopes})["scopes"]
        return given


class IssueTokenRequest(WireSerializer):
    """`POST /identities/{id}/:issueAccessToken`."""

    scopes = Scopes()
    expiresInMinutes = Minutes(source="expires_in_minutes", required=False)


class TeamsExchangeRequest(WireSerializer):
    """`POST /teamsUser/:exchangeAccessToken`; the token may be empty, and is then refused."""

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


def check_version(version: str | None) -> None:
    """Any version since 2021-03-07 has the same five operations. Raises ChatError 400."""
    if not version:
        raise bad_request("The query parameter api-version is required.")
    if version[:10] < "2021-03-07" or not version[:4].isdigit():
        raise bad_request(f"The API version '{version}' is not supported.")
