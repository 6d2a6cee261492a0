from django.http import HttpResponse
from rest_framework.request import Request

from cognitive.azure_views import AzureView
from cognitive.credentials import caller_of_request
from cognitive.speech import tokens
from wire.errors import unauthorized


class IssueTokenView(AzureView):
    """`POST /sts/v1.0/issueToken`: a token for the access key (cognitive contract 6.1)."""

    http_method_names = ["post"]

    def post(self, request: Request) -> HttpResponse:
        """The token as plain text. A token in place of the key is rejected."""
        key = request.META.get("HTTP_OCP_APIM_SUBSCRIPTION_KEY", "").strip()
        if not key:
            raise unauthorized()
        token = tokens.issue(caller_of_request(request).resource_id, key)
        response = HttpResponse(token, content_type="text/plain; charset=us-ascii")
        response.headers["cache-control"] = "no-store"
        return response
