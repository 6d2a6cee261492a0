"""The forms of signing in and signing up."""

from typing import Any

from django import forms
from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.auth.forms import AuthenticationForm, UserCreationForm
from django.contrib.auth.models import User

from chatsite.pages import sign_in_limit
from people.models import LONGEST_NAME
from people.services import tidy_name


class _Limited(AuthenticationForm):
    """Looks at so many passwords only; `wait_ms` is set when it did not look at this one."""

    wait_ms = 0

    def clean(self) -> dict[str, Any]:
        """Refuses with the time of the next try."""
        username = self.cleaned_data.get("username")
        if not username or not self.cleaned_data.get("password"):
            return super().clean()
        address = self.request.META.get("REMOTE_ADDR", "") if self.request else ""
        try:
            key = sign_in_limit.count_attempt(username, address)
        except sign_in_limit.TooManyAttempts as refused:
            self.wait_ms = refused.wait_ms
            when = "1 minute" if refused.minutes == 1 else f"{refused.minutes} minutes"
            raise forms.ValidationError(
                f"Too many tries to sign in as this user. Try again in {when}."
            ) from None
        cleaned = super().clean()
        sign_in_limit.reset(key)
        return cleaned


class AdminSignInForm(_Limited, AdminAuthenticationForm):
    """User name and password of the staff."""


class SignInForm(_Limited):
    """User name and password."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Django would focus the first field even where an error should be read first.
        self.fields["username"].widget.attrs.pop("autofocus", None)


class SignUpForm(UserCreationForm):
    """A name for others to see, a user name and a password."""

    display_name = forms.CharField(
        label="Your name",
        max_length=LONGEST_NAME,
        help_text="Others see this name.",
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )

    class Meta(UserCreationForm.Meta):
        model = User
        fields = ("username",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # This form has no way to an account without a password.
        self.fields.pop("usable_password", None)
        self.fields["username"].widget.attrs.pop("autofocus", None)
        self.fields["username"].help_text = "To sign in with. Letters, digits and @ . + - _"
        self.fields["password1"].help_text = "At least 8 characters, not only digits."
        self.fields["password2"].help_text = ""
        self.fields["password2"].label = "Password again"
        self.order_fields(["display_name", "username", "password1", "password2"])

    def clean_display_name(self) -> str:
        """Without surplus blanks."""
        name = tidy_name(str(self.cleaned_data["display_name"]))
        if not name:
            raise forms.ValidationError("A name must have a letter.")
        return name
