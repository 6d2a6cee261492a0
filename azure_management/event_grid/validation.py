"""The link that an operator opens to confirm a webhook endpoint by hand."""

from django.http import HttpResponse
from rest_framework.request import Request

from webhooks import services
from wire.views import WireView


class ValidateView(WireView):
    """`/eventgrid/validate?code=…`. The code is the credential."""

    authentication_classes = ()

    def get(self, request: Request) -> HttpResponse:
        """Answers in plain text, because a person opens this link in a browser."""
        code = request.query_params.get("code", "")
        is_usable = bool(code) and "\x00" not in code
        subscription = services.validate_manually(code=code) if is_usable else None
        if subscription is None:
            return _plain_text(
                "This validation link is unknown or has expired. Links are valid for ten minutes; "
                "validate the event subscription again to get a new one.",
                404,
            )
        return _plain_text(f"Webhook endpoint of '{subscription.name}' validated.", 200)


def _plain_text(text: str, status: int) -> HttpResponse:
    return HttpResponse(f"{text}\n", status=status, content_type="text/plain; charset=utf-8")
