"""The forms of signing in and signing up."""

from typing import Any

from django import forms
from django.contrib.auth.forms import AuthenticationForm, UserCreationForm
from django.contrib.auth.models import User


class SignInForm(AuthenticationForm):
    """User name and password."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Django would focus the first field even where an error should be read first.
        self.fields["username"].widget.attrs.pop("autofocus", None)


class SignUpForm(UserCreationForm):
    """A name for others to see, a user name and a password."""

    display_name = forms.CharField(
        label="Your name",
        max_length=100,
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
        name = " ".join(str(self.cleaned_data["display_name"]).split())
        if not name:
            raise forms.ValidationError("A name must have a letter.")
        return name
