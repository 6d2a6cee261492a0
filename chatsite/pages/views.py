"""The chat page, sign-in, sign-up, and sign-out. The page itself uses only the public API."""

from functools import cache
from typing import Any

from django.conf import settings
from django.contrib.auth import login, logout
from django.contrib.auth.decorators import login_required
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.models import User
from django.contrib.auth.views import LoginView
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.urls import reverse, reverse_lazy
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_POST
from django.views.generic import FormView

from chatsite.pages import demo
from chatsite.pages.forms import SignInForm, SignUpForm
from identity.hosts import resource_of
from people import services
from people.models import LONGEST_NAME, Person
from wire.times import now_ms, to_ms

# A classic script, and a module that is loaded on demand.
_NOT_PRELOADED = {"chat/theme.js", "chat/emoji-data.js"}
_BACKEND = "django.contrib.auth.backends.ModelBackend"


def _sign_in_context() -> dict[str, Any]:
    """Context of the sign-in page."""
    return {
        "may_sign_up": settings.CHATSITE_SIGN_UP,
        "demo_people": demo.people() if settings.CHATSITE_DEMO else [],
    }


@cache
def _modules() -> list[str]:
    """The URLs of the page's modules, which the browser preloads in parallel."""
    folder = settings.BASE_DIR / "static"
    files = [*(folder / "chat").rglob("*.js"), *(folder / "vendor").glob("*.js")]
    names = sorted(file.relative_to(folder).as_posix() for file in files)
    return [static(name) for name in names if name not in _NOT_PRELOADED]


@method_decorator([login_required(login_url="chat-sign-in"), never_cache], name="dispatch")
@method_decorator(ensure_csrf_cookie, name="dispatch")
class ChatPageView(View):
    """`/chat/`"""

    def get(self, request: HttpRequest) -> HttpResponse:
        """The chat page; 403 with the reason if the account cannot use the chat."""
        assert isinstance(request.user, User)
        try:
            person = services.person_of(request.user, resource_of(request))
        except services.NotAPerson as problem:
            return render(request, "chat/not_a_person.html", {"problem": problem}, status=403)
        context = {
            "config": {
                "userId": person.user.raw_id,
                "displayName": person.display_name,
                "csrfCookie": settings.CSRF_COOKIE_NAME,
                "tokenUrl": reverse("chat-token"),
                "signInUrl": reverse("chat-sign-in"),
                "limits": {
                    "messageBytes": settings.LIMITS.message_bytes,
                    "topicLength": settings.LIMITS.topic_length,
                    "nameLength": LONGEST_NAME,
                    "readReceiptParticipants": settings.LIMITS.read_receipt_participants,
                },
                "otherWindow": demo.other_window(request) if demo.is_one(person) else None,
            },
            "modules": _modules(),
        }
        return render(request, "chat/page.html", context)


@method_decorator(never_cache, name="dispatch")
class TokenView(View):
    """`/chat/token`: access tokens for the chat page."""

    def post(self, request: HttpRequest) -> HttpResponseBase:
        """Issues a token; 401 if the session has ended, 403 if the account cannot chat."""
        if not isinstance(request.user, User):
            return JsonResponse({"error": "The session has ended."}, status=401)
        try:
            person = services.person_of(request.user, resource_of(request))
        except services.NotAPerson as problem:
            return JsonResponse({"error": str(problem)}, status=403)
        issued = services.issue_token(person)
        return JsonResponse(
            {
                "token": issued.token,
                # A duration, because clocks of browsers are often wrong.
                "expiresInMs": to_ms(issued.expires_on) - now_ms(),
                "userId": person.user.raw_id,
                "displayName": person.display_name,
            }
        )


class SignInView(LoginView):
    """`/chat/sign-in/`."""

    template_name = "registration/sign_in.html"
    authentication_form = SignInForm
    next_page = "chat-page"
    redirect_authenticated_user = True

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Adds the link to sign up and the people of the demo."""
        return super().get_context_data(**kwargs) | _sign_in_context()

    def form_invalid(self, form: AuthenticationForm) -> HttpResponse:
        """The page with the errors; 429 after too many attempts."""
        response = super().form_invalid(form)
        if isinstance(form, SignInForm) and form.wait_ms:
            response.status_code = 429
            response["Retry-After"] = str(-(-form.wait_ms // 1000))
        return response


class SignUpView(FormView):
    """`/chat/sign-up/`, if the setting `CHATSITE_SIGN_UP` allows it."""

    template_name = "registration/sign_up.html"
    form_class = SignUpForm
    success_url = reverse_lazy("chat-page")

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """404 if sign-up is disabled."""
        if not settings.CHATSITE_SIGN_UP:
            raise Http404
        return super().dispatch(request, *args, **kwargs)

    def form_valid(self, form: SignUpForm) -> HttpResponse:
        """Creates the account and its person, and signs it in."""
        account = form.save()
        name = form.cleaned_data["display_name"]
        services.create_person(account, resource_of(self.request), name)
        login(self.request, account, backend=_BACKEND)
        return super().form_valid(form)


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """`/chat/sign-out/`: ends the session, the person's tokens, and their live connections."""
    if isinstance(request.user, User):
        person = Person.objects.select_related("user").filter(account=request.user).first()
        if person:
            services.revoke_tokens(person)
    logout(request)
    return redirect("chat-sign-in")


@require_POST
def sign_in_as_demo_person(request: HttpRequest, username: str) -> HttpResponse:
    """`/chat/demo/{name}/`: signs in as someone of the demo; 404 if the demo is disabled."""
    account = demo.account(username) if settings.CHATSITE_DEMO else None
    if account is None:
        raise Http404
    login(request, account, backend=_BACKEND)
    return redirect("chat-page")
