"""The sign-in and sign-up forms."""

from typing import Any

from django import forms
from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.auth.forms import AuthenticationForm, UserCreationForm
from django.contrib.auth.models import User

from admin_toolkit.display import quantity
from chatsite.pages import sign_in_limit
from people.models import LONGEST_NAME
from people.services import tidy_name


class _Limited(AuthenticationForm):
    """Limits the sign-in attempts; see chatsite/pages/sign_in_limit.py."""

    # Milliseconds until the next attempt; 0 unless this one was refused.
    wait_ms = 0

    def clean(self) -> dict[str, Any]:
        """Checks the password. Raises ValidationError instead after too many attempts."""
        username = self.cleaned_data.get("username")
        if not username or not self.cleaned_data.get("password"):
            return super().clean()
        address = self.request.META.get("REMOTE_ADDR", "") if self.request else ""
        try:
            key = sign_in_limit.count_attempt(username, address)
        except sign_in_limit.TooManyAttempts as refused:
            self.wait_ms = refused.wait_ms
            when = quantity(refused.minutes, "minute")
            raise forms.ValidationError(
                f"Too many sign-in attempts for this user. Try again in {when}."
            ) from None
        cleaned = super().clean()
        sign_in_limit.reset(key)
        return cleaned


class AdminSignInForm(_Limited, AdminAuthenticationForm):
    """The sign-in form of the admin."""


class SignInForm(_Limited):
    """The sign-in form of the chat."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Django focuses the first field, so that screen readers would skip an error above it.
        self.fields["username"].widget.attrs.pop("autofocus", None)


class SignUpForm(UserCreationForm):
    """Creates an account with a display name."""

    display_name = forms.CharField(
        label="Your name",
        max_length=LONGEST_NAME,
        help_text="This is the name others will see.",
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )

    class Meta(UserCreationForm.Meta):
        model = User
        fields = ("username",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Django offers accounts without a password, which could not sign in here.
        self.fields.pop("usable_password", None)
        username = self.fields["username"]
        username.widget.attrs.pop("autofocus", None)
        username.help_text = (
            "You’ll use it to sign in. Letters, digits, and the characters @ . + - _ only."
        )
        self.fields["password1"].help_text = "At least 8 characters, and not only digits."
        self.fields["password2"].help_text = ""
        self.fields["password2"].label = "Confirm password"
        self.order_fields(["display_name", "username", "password1", "password2"])

    def clean_display_name(self) -> str:
        """The name without leading, trailing, and repeated spaces."""
        name = tidy_name(str(self.cleaned_data["display_name"]))
        if not name:
            raise forms.ValidationError("Enter a name.")
        return name
