"""Error responses of the identity data plane: always a body with `error`."""

from django.http import HttpResponse

from identity.signatures import SCHEME
from wire.errors import ChatError, identity_error_body


def identity_error_response(error: ChatError) -> HttpResponse:
    """The error response.

    A 401 names the HMAC scheme: a Bearer challenge would start claims challenges in the SDKs.
    """
    body = identity_error_body(error)
    response = HttpResponse(body, status=error.status, content_type="application/json")
    if error.status == 401:
        response["WWW-Authenticate"] = SCHEME
    return response
