"""Operators without permissions, and hostile content."""

import re
from html.parser import HTMLParser

import pytest
from django.contrib.auth.models import User
from django.test import Client

from admin_toolkit.display import address_of
from identity.models import CommunicationUser, Resource
from messaging.models import ChatMessage, ReadReceipt
from tests.admin.conftest import MakeOperator, row_of, signed_in
from tests.cast import Person
from threads.models import ChatThread, Participant

HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'; alert(1); '",
    "</textarea></title><svg onload=alert(1)>",
    "javascript:alert(1)",
    "{{ 7|add:7 }}{% debug %}",
]


def pages_of_everything() -> list[str]:
    """The URLs of all lists and of all objects' pages."""
    models = (Resource, CommunicationUser, ChatThread, Participant, ChatMessage, ReadReceipt)
    return [
        *(address_of(model, "changelist") for model in models),
        *(
            address_of(model, page, row.pk)
            for model in models
            for row in model._default_manager.all()
            for page in ("change", "history")
        ),
    ]


@pytest.fixture
def conversation(alice: Person, bob: Person, thread: str) -> str:
    """A thread with a message and a receipt."""
    bob.post(f"{thread}/readReceipts", {"chatMessageId": alice.send(thread, "our secret")})
    return thread


def test_eve_among_the_staff_sees_nothing_without_permissions(
    make_operator: MakeOperator, conversation: str
) -> None:
    eve = make_operator(name="eve")
    first = eve.get("/admin/")
    assert first.status_code == 200
    assert "Your account has no permissions yet" in first.content.decode()
    assert "/admin/threads/" not in first.content.decode()
    for address in pages_of_everything():
        answer = eve.get(address)
        assert answer.status_code == 403, address
        assert "our secret" not in answer.content.decode()
    for app in ("identity", "threads", "messaging"):
        assert eve.get(f"/admin/{app}/").status_code == 404


def test_who_is_not_signed_in_is_asked_to(conversation: str) -> None:
    outsider = Client()
    for address in pages_of_everything():
        answer = outsider.get(address)
        assert answer.status_code == 302
        assert answer["location"].startswith("/admin/login/")


def test_an_account_that_is_not_staff_gets_no_further_than_the_sign_in(
    conversation: str,
) -> None:
    client = signed_in(User.objects.create_user("guest"))
    for address in pages_of_everything():
        assert client.get(address).status_code == 302


def test_a_users_own_token_opens_nothing_here(alice: Person, conversation: str) -> None:
    for address in pages_of_everything():
        assert alice.get(address).status_code == 302


def test_every_operation_wants_a_csrf_token(alice: Person, bob: Person, conversation: str) -> None:
    client = signed_in(User.objects.create_superuser("olga"), enforce_csrf=True)
    row = row_of(conversation)
    stay = Participant.objects.get(user=bob.user)
    message = ChatMessage.objects.get(type="text")
    for address in (
        address_of(ChatThread, "operation", row.pk, "delete"),
        address_of(Participant, "operation", stay.pk, "remove"),
        address_of(ChatMessage, "operation", message.pk, "delete"),
        address_of(CommunicationUser, "operation", bob.user.pk, "delete"),
        address_of(CommunicationUser, "token", bob.user.pk),
        address_of(ChatThread, "changelist"),
    ):
        assert client.post(address, {"confirmed": "yes"}).status_code == 403, address
    assert bob.texts(conversation) == ["our secret"]


def test_a_question_alone_changes_nothing(olga: Client, bob: Person, conversation: str) -> None:
    for row, name in (
        (row_of(conversation), "delete"),
        (Participant.objects.get(user=bob.user), "remove"),
        (ChatMessage.objects.get(type="text"), "delete"),
        (bob.user, "delete"),
        (bob.user, "revoke-tokens"),
    ):
        address = address_of(type(row), "operation", row.pk, name)
        assert olga.get(address).status_code == 200
        assert olga.get(f"{address}?confirmed=yes").status_code == 200
        assert olga.post(address).status_code == 200
    assert bob.texts(conversation) == ["our secret"]


class Inventory(HTMLParser):
    """The elements and attributes of a page that could run or load something."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag in ("style", "iframe", "object", "embed", "base"):
            self.found.append(tag)
        is_data = values.get("type") == "application/json"
        is_ours = (values.get("src") or "").startswith(("/static/", "/admin/"))
        if tag == "script" and not (is_ours or is_data):
            self.found.append("inline script")
        for name, value in attrs:
            if name.startswith("on") or name == "style":
                self.found.append(f"{tag} {name}")
            if name in ("href", "src", "action", "formaction") and re.match(
                r"\s*(javascript|data|vbscript|https?|//)", value or "", re.IGNORECASE
            ):
                self.found.append(f"{tag} {name}={value}")


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_stays_text_on_every_page(
    olga: Client, alice: Person, bob: Person, text: str
) -> None:
    path = alice.post(
        "/chat/threads",
        {
            "topic": text,
            "metadata": {text: text},
            "participants": [bob.as_participant(displayName=text, metadata={text: text})],
        },
    ).json()["chatThread"]["id"]
    thread = f"/chat/threads/{path}"
    alice.send(thread, text, senderDisplayName=text, metadata={text: text})
    alice.send(thread, f"<p>{text}</p>", type="html", senderDisplayName=text)
    bob.post(f"{thread}/readReceipts", {"chatMessageId": alice.send(thread, text)})
    Resource.objects.create(name=text)

    addresses = [
        *pages_of_everything(),
        f"{address_of(ChatMessage, 'changelist')}?thread={row_of(thread).pk}",
        address_of(ChatThread, "operation", row_of(thread).pk, "delete"),
        *(address_of(ChatMessage, "operation", m.pk, "delete") for m in ChatMessage.objects.all()),
        *(address_of(Participant, "operation", p.pk, "remove") for p in Participant.objects.all()),
        *(address_of(Resource, "operation", r.pk, "delete") for r in Resource.objects.all()),
        *(address_of(Resource, "keys", r.pk) for r in Resource.objects.all()),
    ]
    olga.post(addresses[-3], {"confirmed": "yes"})
    for address in [*addresses, "/admin/"]:
        answer = olga.get(address)
        assert answer.status_code == 200, address
        page = answer.content.decode()
        assert Inventory(page).found == [], address
        if "<" in text:
            assert text not in page, address
        assert "{% debug %}" in page or "debug" not in text or text not in page


def test_hostile_words_in_a_search_or_filter_stay_text(olga: Client, conversation: str) -> None:
    for model in (Resource, CommunicationUser, ChatThread, ChatMessage, ReadReceipt):
        for text in HOSTILE:
            answer = olga.get(
                address_of(model, "changelist"),
                {"q": text, "state": text, "thread": text},
                follow=True,
            )
            assert answer.status_code == 200
            assert Inventory(answer.content.decode()).found == []


def test_odd_words_in_a_search_find_nothing_and_break_nothing(
    olga: Client, conversation: str
) -> None:
    for model in (Resource, CommunicationUser, ChatThread, ChatMessage, ReadReceipt):
        for words in (
            "\x00",
            "8:",
            "19:",
            "-1",
            "9" * 400,
            "%",
            "_",
            "\\",
            "²",
            "٣",
            "'",
            "a" * 5000,
        ):
            query = {"q": words, "thread": words, "o": words, "p": words}
            answer = olga.get(address_of(model, "changelist"), query, follow=True)
            assert answer.status_code == 200, (model, words)


def test_each_page_has_the_strict_policy_and_is_not_kept(olga: Client, conversation: str) -> None:
    for address in [*pages_of_everything(), "/admin/"]:
        answer = olga.get(address)
        policy = answer["content-security-policy"]
        assert "script-src 'self';" in policy and "style-src 'self';" in policy
        assert "unsafe" not in policy
        assert "no-store" in answer["cache-control"]
        assert answer.content.decode().count('class="theme-toggle"') == 1
