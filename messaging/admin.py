"""Admin pages of messages and read receipts."""

from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.admin import SimpleListFilter
from django.db.models import Q, QuerySet
from django.db.models.functions import Left
from django.http import HttpRequest
from django.utils.html import format_html_join

from admin_toolkit.display import (
    NOTHING,
    badge,
    identifier,
    link,
    moment,
    pairs,
    short_id,
    shortened,
    source,
)
from admin_toolkit.lists import option_filter, since_filter
from admin_toolkit.operations import Operation
from admin_toolkit.pages import Link, ReadOnlyAdmin
from identity.admin import CommunicationUserAdmin
from messaging.models import ChatMessage, MessageType, Priority, ReadReceipt
from messaging.services import delete_message_as_operator
from threads.admin import ChatThreadAdmin
from threads.models import ChatThread

# How much of a message a list shows, in characters.
_EXCERPT = 140


class InThread(SimpleListFilter):
    """Limits a list to one thread. The pages of threads link to the filtered lists."""

    title = "thread"
    parameter_name = "thread"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Only the selected thread: there are too many to list."""
        given = request.GET.get(self.parameter_name, "")
        thread = ChatThread.objects.filter(pk=given).first() if given.isdecimal() else None
        return [(given, shortened(thread.topic, 60) or thread.thread_id)] if thread else []

    def queryset(self, request: HttpRequest, queryset: "QuerySet[Any]") -> "QuerySet[Any]":
        return queryset.filter(thread=self.value()) if self.value() else queryset


@admin.register(ChatMessage)
class ChatMessageAdmin(ReadOnlyAdmin):
    """Messages, newest first, with their content as source text."""

    is_searchable = True
    purpose = "Messages of all threads. Search or delete them."
    links: ClassVar[list[Link]] = []
    list_display = ["excerpt", "type_badge", "sender_short", "thread_topic", "sent", "state"]
    list_filter = [
        InThread,
        "thread__resource",
        "type",
        option_filter(
            "state",
            "state",
            {
                "edited": ("edited", Q(edited_ms__isnull=False)),
                "deleted": ("deleted", Q(deleted_ms__isnull=False)),
                "unchanged": ("unchanged", Q(edited_ms=None, deleted_ms=None)),
            },
        ),
        option_filter(
            "priority",
            "priority",
            {
                "high": ("high", Q(priority=Priority.HIGH)),
                "normal": ("normal", Q(priority=Priority.NORMAL)),
                "none": ("not given", Q(priority=None)),
            },
        ),
        since_filter("sent in", "sent", "message_id"),
    ]
    # Only turns the search on: get_search_results below builds a query that can use the indexes.
    search_fields = ["content", "message_id", "sender__raw_id"]
    search_help_text = (
        "Words of the content, a message id, a thread id (19:…), or the full raw id of a sender "
        "(8:acs:…)."
    )
    # Sorting by another column would have to sort all messages.
    sortable_by = ()
    operations = [
        Operation(
            name="delete",
            label="Delete message",
            consequences=(
                "Its content is erased permanently. Participants see this at once.",
                "It remains in the thread as a deleted message. This cannot be undone.",
            ),
            done="deleted",
            run=lambda message: delete_message_as_operator(message=message),
            permission="delete",
            applies_to=lambda message: (
                message.is_sent and message.deleted_ms is None and message.thread.deleted_ms is None
            ),
        )
    ]

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        """Leaves out the thread if the list shows only one."""
        if InThread.parameter_name in request.GET:
            return [column for column in self.list_display if column != "thread_topic"]
        return list(self.list_display)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Only the fields that apply to the type of message."""
        about_people = obj.type in (MessageType.PARTICIPANT_ADDED, MessageType.PARTICIPANT_REMOVED)
        times = {"edited": obj.edited_ms, "deleted": obj.deleted_ms}
        given = {"priority_badge": obj.priority is not None, "metadata_pairs": obj.metadata}
        return [
            (
                None,
                {
                    "fields": [
                        "participant_list" if about_people else "content_source",
                        "type_badge",
                        *(name for name, value in given.items() if value),
                    ]
                },
            ),
            (
                "Thread and sender",
                {
                    "fields": [
                        "thread_link",
                        "sender_link",
                        *(["sender_name"] if obj.is_sent else []),
                    ]
                },
            ),
            ("History", {"fields": ["sent", *(n for n, at in times.items() if at), "numbers"]}),
        ]

    def get_ordering(self, request: HttpRequest) -> list[Any]:
        """Newest first, in the order of an index."""
        return ["-message_id"] if InThread.parameter_name in request.GET else ["-pk"]

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Any]":
        """Loads only the beginning of the content.

        Prefetches instead of joining: with a join the database starts from the threads and sorts
        all their messages.
        """
        return (
            super()
            .get_queryset(request)
            .prefetch_related("thread", "sender")
            .annotate(beginning=Left("content", _EXCERPT + 1))
            .defer("content", "metadata")
        )

    def get_search_results(
        self, request: HttpRequest, queryset: "QuerySet[Any]", search_term: str
    ) -> "tuple[QuerySet[Any], bool]":
        """Recognizes ids by their format; other words match the content."""
        for word in search_term.split():
            if word.startswith("8:"):
                queryset = queryset.filter(sender__raw_id=word)
            elif word.startswith("19:"):
                queryset = queryset.filter(thread__thread_id=word)
            elif word.isdecimal() and len(word) < 19:
                queryset = queryset.filter(Q(message_id=int(word)) | Q(content__icontains=word))
            else:
                queryset = queryset.filter(content__icontains=word)
        return queryset, False

    def summary(self, row: ChatMessage) -> str:
        who = row.sender_display_name or (shortened(row.sender) if row.sender else "the thread")
        return f"{who}: {_excerpt(row)}"

    @admin.display(description="message")
    def excerpt(self, message: Any) -> str:
        return _excerpt(message)

    @admin.display(description="type")
    def type_badge(self, message: ChatMessage) -> str:
        return badge(message.type, "info" if message.is_sent else "plain")

    @admin.display(description="from")
    def sender_short(self, message: ChatMessage) -> str:
        if message.sender is None:
            return "the server"
        name = message.sender_display_name
        return shortened(name, 60) if name else short_id(message.sender.raw_id)

    @admin.display(description="thread")
    def thread_topic(self, message: ChatMessage) -> str:
        return link(message.thread, shortened(message.thread.topic, 60) or "(no topic)")

    @admin.display(description="sent")
    def sent(self, message: ChatMessage) -> str:
        return moment(message.message_id)

    @admin.display(description="state")
    def state(self, message: ChatMessage) -> str:
        badges = [
            badge("high priority", "warning") if message.priority == Priority.HIGH else "",
            badge("deleted", "bad") if message.deleted_ms is not None else "",
            badge("edited", "plain") if message.edited_ms is not None else "",
        ]
        return format_html_join(" ", "{}", [(each,) for each in badges if each])

    @admin.display(description="content")
    def content_source(self, message: ChatMessage) -> str:
        return source(message.content)

    @admin.display(description="participants")
    def participant_list(self, message: ChatMessage) -> str:
        people = message.participants or []
        return source("\n".join(_describe_participant(person) for person in people))

    @admin.display(description="priority")
    def priority_badge(self, message: ChatMessage) -> str:
        if message.priority is None:
            return NOTHING
        is_high = message.priority == Priority.HIGH
        return badge(message.get_priority_display(), "warning" if is_high else "plain")

    @admin.display(description="thread")
    def thread_link(self, message: ChatMessage) -> str:
        return link(message.thread, message.thread.topic or message.thread.thread_id)

    @admin.display(description="sender")
    def sender_link(self, message: ChatMessage) -> str:
        return link(message.sender, message.sender.raw_id) if message.sender else "the server"

    @admin.display(description="sender's name")
    def sender_name(self, message: ChatMessage) -> str:
        return message.sender_display_name or NOTHING

    @admin.display(description="edited")
    def edited(self, message: ChatMessage) -> str:
        return moment(message.edited_ms)

    @admin.display(description="deleted")
    def deleted(self, message: ChatMessage) -> str:
        return moment(message.deleted_ms)

    @admin.display(description="numbers")
    def numbers(self, message: ChatMessage) -> str:
        given = {
            "id": message.message_id,
            "sequence id": message.sequence,
            "version": message.version,
        }
        return pairs(given)

    @admin.display(description="metadata")
    def metadata_pairs(self, message: ChatMessage) -> str:
        return pairs(message.metadata)


@admin.register(ReadReceipt)
class ReadReceiptAdmin(ReadOnlyAdmin):
    purpose = "The last message that each participant has read."
    links: ClassVar[list[Link]] = []
    list_display = ["reader", "thread_topic", "message", "read"]
    list_select_related = ["user", "thread"]
    list_filter = [InThread, "thread__resource", since_filter("read in", "read", "read_ms")]
    search_fields = ["user__raw_id", "thread__thread_id"]
    search_help_text = "A raw id (8:acs:…) or thread id (19:…), or part of one."
    ordering = ["-id"]
    sortable_by = ()
    fields = ["reader_link", "thread_topic", "message", "read"]

    @admin.display(description="reader")
    def reader(self, receipt: ReadReceipt) -> str:
        return short_id(receipt.user.raw_id)

    @admin.display(description="reader")
    def reader_link(self, receipt: ReadReceipt) -> str:
        return link(receipt.user, receipt.user.raw_id)

    @admin.display(description="thread")
    def thread_topic(self, receipt: ReadReceipt) -> str:
        return link(receipt.thread, shortened(receipt.thread.topic, 60) or "(no topic)")

    @admin.display(description="up to message")
    def message(self, receipt: ReadReceipt) -> str:
        return identifier(str(receipt.message_id))

    @admin.display(description="read")
    def read(self, receipt: ReadReceipt) -> str:
        return moment(receipt.read_ms)


def _excerpt(message: Any) -> str:
    """The beginning of a message, or a description of a system message."""
    if message.deleted_ms is not None:
        return "(deleted)"
    if message.type in (MessageType.PARTICIPANT_ADDED, MessageType.PARTICIPANT_REMOVED):
        verb = "Added" if message.type == MessageType.PARTICIPANT_ADDED else "Removed"
        people = message.participants or []
        names = [person.get("display_name") or shortened(person["raw_id"]) for person in people[:5]]
        return f"{verb}: {', '.join(names)}{' …' if len(people) > 5 else ''}"
    line = " ".join(message.beginning.split())
    line = line if len(line) <= _EXCERPT else f"{line[:_EXCERPT]}…"
    return f"Topic: {line}" if message.type == MessageType.TOPIC_UPDATED else line or "(empty)"


def _describe_participant(person: dict[str, Any]) -> str:
    name = person.get("display_name")
    return f"{name} ({person['raw_id']})" if name else str(person["raw_id"])


_VIEW_MESSAGES = "messaging.view_chatmessage"
ChatThreadAdmin.links += [
    Link(
        "Messages",
        "admin:messaging_chatmessage_changelist",
        InThread.parameter_name,
        lambda thread: thread.pk,
        _VIEW_MESSAGES,
    ),
    Link(
        "Read receipts",
        "admin:messaging_readreceipt_changelist",
        InThread.parameter_name,
        lambda thread: thread.pk,
        "messaging.view_readreceipt",
    ),
]
CommunicationUserAdmin.links.append(
    Link(
        "Messages of this user",
        "admin:messaging_chatmessage_changelist",
        "q",
        lambda user: user.raw_id,
        _VIEW_MESSAGES,
    )
)
