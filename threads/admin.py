"""Admin pages of threads and their participants."""

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.utils.html import format_html

from admin_toolkit.display import (
    NOTHING,
    badge,
    identifier,
    link,
    moment,
    page_of,
    pairs,
    short_id,
    shortened,
)
from admin_toolkit.lists import option_filter, since_filter
from admin_toolkit.operations import Operation
from admin_toolkit.pages import Link, Panel, PanelRow, ReadOnlyAdmin
from identity.admin import CommunicationUserAdmin
from identity.models import CommunicationUser, Resource
from threads.models import ChatThread, Participant
from threads.services import delete_chat_thread_as_operator, remove_participant_as_operator

# How many current and past participants a page shows at most.
_CURRENT_SHOWN = 300
_PAST_SHOWN = 50


@admin.register(ChatThread)
class ChatThreadAdmin(ReadOnlyAdmin):
    is_searchable = True
    purpose = "Threads and their participants. Remove a participant or delete a thread."
    links: ClassVar[list[Link]] = []
    list_display = ["name", "identity", "participants", "messages", "active", "state"]
    list_filter = [
        "resource",
        option_filter(
            "state",
            "state",
            {
                "open": ("open", Q(deleted_ms=None)),
                "deleted": ("deleted", Q(deleted_ms__isnull=False)),
            },
        ),
        since_filter("active in", "active", "last_message_ms"),
        since_filter("created in", "created", "created_ms"),
    ]
    # Only turns the search on: get_search_results below builds a query that can use the indexes.
    search_fields = ["thread_id", "topic", "participants__user__raw_id"]
    search_help_text = "Part of a topic or thread id, or the raw id of a participant (8:acs:…)."
    ordering = ["-last_message_ms"]
    fieldsets = [
        (None, {"fields": ["topic", "identity", "state", "resource"]}),
        ("Activity", {"fields": ["created", "creator", "active", "messages", "participants"]}),
        ("Settings", {"fields": ["metadata_pairs", "retention"]}),
    ]
    operations = [
        Operation(
            name="delete",
            label="Delete thread",
            consequences=(
                "Participants can no longer read or send messages in it. They see this at once.",
                "It remains in the admin, marked as deleted. This cannot be undone.",
            ),
            done="deleted",
            run=lambda thread: delete_chat_thread_as_operator(thread=thread),
            permission="delete",
            applies_to=lambda thread: thread.deleted_ms is None,
        )
    ]

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        """Includes the resource only if there are several."""
        several = Resource.objects.filter(is_default=False).exists()
        return [*self.list_display, "resource"] if several else [*self.list_display]

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Any]":
        return super().get_queryset(request).select_related("resource", "created_by")

    def get_search_results(
        self, request: HttpRequest, queryset: "QuerySet[Any]", search_term: str
    ) -> "tuple[QuerySet[Any], bool]":
        """Raw ids match participants, past ones included; other words match topic or thread id."""
        for word in search_term.split():
            if word.startswith("8:"):
                participants = Participant.objects.filter(user__raw_id=word)
                queryset = queryset.filter(pk__in=participants.values("thread_id"))
            else:
                named = Participant.objects.filter(user__raw_id__icontains=word)
                queryset = queryset.filter(
                    Q(topic__icontains=word)
                    | Q(thread_id__icontains=word)
                    | Q(pk__in=named.values("thread_id"))
                )
        return queryset, False

    @admin.display(description="topic", ordering="topic")
    def name(self, thread: ChatThread) -> str:
        return shortened(thread.topic) or "(no topic)"

    @admin.display(description="id", ordering="thread_id")
    def identity(self, thread: ChatThread) -> str:
        return identifier(thread.thread_id)

    @admin.display(description="participants", ordering="participant_count")
    def participants(self, thread: ChatThread) -> int:
        return thread.participant_count

    @admin.display(description="messages", ordering="last_message_sequence")
    def messages(self, thread: ChatThread) -> str:
        """How many messages there are, system messages included."""
        return f"{thread.last_message_sequence:,}"

    @admin.display(description="last activity", ordering="last_message_ms")
    def active(self, thread: ChatThread) -> str:
        return moment(thread.last_message_ms)

    @admin.display(description="created")
    def created(self, thread: ChatThread) -> str:
        return moment(thread.created_ms)

    @admin.display(description="created by")
    def creator(self, thread: ChatThread) -> str:
        return link(thread.created_by, thread.created_by.raw_id)

    @admin.display(description="state")
    def state(self, thread: ChatThread) -> str:
        return badge("open", "good") if thread.deleted_ms is None else badge("deleted", "bad")

    @admin.display(description="metadata")
    def metadata_pairs(self, thread: ChatThread) -> str:
        return pairs(thread.metadata)

    @admin.display(description="retention policy")
    def retention(self, thread: ChatThread) -> str:
        policy = thread.retention_policy or {}
        days = policy.get("deleteThreadAfterDays")
        return f"Deleted {days} days after creation." if days else "None: kept until deleted."

    def panels(self, request: HttpRequest, row: ChatThread) -> list[Panel]:
        participants = Participant.objects.filter(thread=row).select_related("user", "thread")
        current = list(participants.current().in_join_order()[: _CURRENT_SHOWN + 1])
        past = list(
            participants.exclude(removed_ms=None).order_by("-removed_ms")[: _PAST_SHOWN + 1]
        )
        columns = ["Participant", "User", "Joined", "History visible", "State"]
        panels = [
            Panel(
                f"Participants ({row.participant_count})",
                columns,
                [
                    self._participant_row(request, participant)
                    for participant in current[:_CURRENT_SHOWN]
                ],
                note=_left_out(current, _CURRENT_SHOWN) or ("" if current else "No participants."),
            )
        ]
        if past:
            panels.append(
                Panel(
                    "Former participants",
                    columns,
                    [
                        self._participant_row(request, participant)
                        for participant in past[:_PAST_SHOWN]
                    ],
                    note=_left_out(past, _PAST_SHOWN),
                )
            )
        return panels

    def _participant_row(self, request: HttpRequest, participant: Participant) -> PanelRow:
        participant_admin: Any = self.admin_site.get_model_admin(Participant)
        tools = participant_admin.operation_tools(request, participant)
        name = link(participant, participant.display_name or "(no name)")
        cells = [
            name,
            link(participant.user, short_id(participant.user.raw_id)),
            moment(participant.joined_ms),
        ]
        return PanelRow(
            [*cells, _history(participant), _state(participant)],
            tools,
            participant.removed_ms is not None,
        )


@admin.register(Participant)
class ParticipantAdmin(ReadOnlyAdmin):
    """Participants, past ones included; linked from the pages of threads and users."""

    links: ClassVar[list[Link]] = []
    list_display = ["name", "user_short_id", "thread_link", "joined", "state"]
    list_select_related = ["user", "thread"]
    search_fields = ["user__raw_id"]
    ordering = ["-id"]
    fields = ["name", "user_link", "thread_link", "joined", "history", "state", "metadata_pairs"]
    operations = [
        Operation(
            name="remove",
            label="Remove from thread",
            consequences=(
                "The participant can no longer read or send messages in the thread.",
                "The other participants see a system message about the removal.",
            ),
            done="removed from the thread",
            run=lambda participant: remove_participant_as_operator(participant=participant),
            permission="delete",
            applies_to=lambda participant: (
                participant.removed_ms is None and participant.thread.deleted_ms is None
            ),
        )
    ]

    def get_model_perms(self, request: HttpRequest) -> dict[str, bool]:
        """Hidden from the index and the menu: a participant means little without its thread."""
        return {}

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Any]":
        return super().get_queryset(request).select_related("user", "thread")

    def summary(self, row: Participant) -> str:
        who = f"{row.display_name} ({row.user.raw_id})" if row.display_name else row.user.raw_id
        return f"{who}, in “{shortened(row.thread.topic)}”"

    def url_after(self, operation: Operation, row: Participant) -> str:
        return page_of(row.thread)

    @admin.display(description="display name")
    def name(self, participant: Participant) -> str:
        return participant.display_name or NOTHING

    @admin.display(description="user")
    def user_short_id(self, participant: Participant) -> str:
        return short_id(participant.user.raw_id)

    @admin.display(description="thread")
    def thread_link(self, participant: Participant) -> str:
        return link(participant.thread, shortened(participant.thread.topic, 60) or "(no topic)")

    @admin.display(description="user")
    def user_link(self, participant: Participant) -> str:
        return link(participant.user, participant.user.raw_id)

    @admin.display(description="joined")
    def joined(self, participant: Participant) -> str:
        return moment(participant.joined_ms)

    @admin.display(description="history visible")
    def history(self, participant: Participant) -> str:
        return _history(participant)

    @admin.display(description="state")
    def state(self, participant: Participant) -> str:
        return _state(participant)

    @admin.display(description="metadata")
    def metadata_pairs(self, participant: Participant) -> str:
        return pairs(participant.metadata)


class UserWithThreadsAdmin(CommunicationUserAdmin):
    """The pages of users, with their threads."""

    list_display = [*CommunicationUserAdmin.list_display, "threads"]

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Any]":
        participants = Participant.objects.current().filter(
            user=OuterRef("pk"), thread__deleted_ms=None
        )
        counted = (
            participants.order_by().values("user").annotate(number=Count("pk")).values("number")
        )
        number = Coalesce(Subquery(counted), Value(0))
        return super().get_queryset(request).annotate(current_threads=number)

    @admin.display(description="threads")
    def threads(self, user: Any) -> int:
        return int(user.current_threads)

    def panels(self, request: HttpRequest, row: CommunicationUser) -> list[Panel]:
        """The threads that the user is or was in, the most recently joined first."""
        participants = list(
            Participant.objects.filter(user=row)
            .select_related("thread")
            .order_by("-id")[: _PAST_SHOWN + 1]
        )
        rows = [
            PanelRow(
                [
                    link(participant.thread, shortened(participant.thread.topic) or "(no topic)"),
                    participant.display_name or NOTHING,
                    moment(participant.joined_ms),
                    badge("thread deleted", "bad")
                    if participant.thread.deleted_ms is not None
                    else _state(participant),
                ],
                is_past=participant.removed_ms is not None,
            )
            for participant in participants[:_PAST_SHOWN]
        ]
        note = _left_out(participants, _PAST_SHOWN) or ("" if rows else "Not in any thread yet.")
        return [*super().panels(request, row), Panel("Threads", _USER_COLUMNS, rows, note)]


_USER_COLUMNS = ["Thread", "Display name", "Joined", "State"]

CommunicationUserAdmin.links.append(
    Link(
        "Threads of this user",
        "admin:threads_chatthread_changelist",
        "q",
        lambda user: user.raw_id,
        "threads.view_chatthread",
    )
)
admin.site.unregister(CommunicationUser)
admin.site.register(CommunicationUser, UserWithThreadsAdmin)


def _left_out(found: list[Participant], shown: int) -> str:
    return f"Only the first {shown} are shown." if len(found) > shown else ""


def _history(participant: Participant) -> str:
    """The start of the history that the participant may see."""
    if participant.share_history_ms <= 0:
        return "all"
    if participant.share_history_ms >= participant.joined_ms:
        return "since joining"
    return moment(participant.share_history_ms)


def _state(participant: Participant) -> str:
    if participant.removed_ms is None:
        return badge("present", "good")
    return format_html("{} {}", badge("left"), moment(participant.removed_ms))
