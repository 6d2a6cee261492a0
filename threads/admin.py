"""The operator's pages of threads and of who takes part in them."""

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

# How many current and past stays a page shows.
_CURRENT_SHOWN = 300
_PAST_SHOWN = 50


@admin.register(ChatThread)
class ChatThreadAdmin(ReadOnlyAdmin):
    """Threads: what the protocol keeps of them, and who takes part."""

    is_in_finder = True
    purpose = "Conversations and their participants: remove somebody, delete a thread."
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
    # Not used as given: get_search_results below asks in a way that can use the indexes.
    search_fields = ["thread_id", "topic", "participants__user__raw_id"]
    search_help_text = "A part of the topic or of the id, or the raw id of a participant (8:acs:…)."
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
                "Its participants can no longer read or write in it; they are told at once.",
                "It stays here, marked as deleted. The deletion cannot be undone.",
            ),
            done="deleted",
            run=lambda thread: delete_chat_thread_as_operator(thread=thread),
            permission="delete",
            applies_to=lambda thread: thread.deleted_ms is None,
        )
    ]

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        """The resource only where there are several."""
        several = Resource.objects.filter(is_default=False).exists()
        return [*self.list_display, "resource"] if several else [*self.list_display]

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Any]":
        """With what the columns show."""
        return super().get_queryset(request).select_related("resource", "created_by")

    def get_search_results(
        self, request: HttpRequest, queryset: "QuerySet[Any]", search_term: str
    ) -> "tuple[QuerySet[Any], bool]":
        """The id of a user finds threads with a stay of that user; other words topic or id."""
        for word in search_term.split():
            if word.startswith("8:"):
                stays = Participant.objects.filter(user__raw_id=word)
                queryset = queryset.filter(pk__in=stays.values("thread_id"))
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
        """The topic, shortened."""
        return shortened(thread.topic) or "(no topic)"

    @admin.display(description="id", ordering="thread_id")
    def identity(self, thread: ChatThread) -> str:
        """The id that clients know."""
        return identifier(thread.thread_id)

    @admin.display(description="participants", ordering="participant_count")
    def participants(self, thread: ChatThread) -> int:
        """How many take part now."""
        return thread.participant_count

    @admin.display(description="messages", ordering="last_message_sequence")
    def messages(self, thread: ChatThread) -> str:
        """How many there are, those that the thread wrote about itself included."""
        return f"{thread.last_message_sequence:,}"

    @admin.display(description="last activity", ordering="last_message_ms")
    def active(self, thread: ChatThread) -> str:
        """When the last message came."""
        return moment(thread.last_message_ms)

    @admin.display(description="created")
    def created(self, thread: ChatThread) -> str:
        """When it was created."""
        return moment(thread.created_ms)

    @admin.display(description="created by")
    def creator(self, thread: ChatThread) -> str:
        """Who created it."""
        return link(thread.created_by, thread.created_by.raw_id)

    @admin.display(description="state")
    def state(self, thread: ChatThread) -> str:
        """Open or deleted."""
        return badge("open", "good") if thread.deleted_ms is None else badge("deleted", "bad")

    @admin.display(description="metadata")
    def metadata_pairs(self, thread: ChatThread) -> str:
        """The thread's metadata."""
        return pairs(thread.metadata)

    @admin.display(description="retention policy")
    def retention(self, thread: ChatThread) -> str:
        """When the thread deletes itself."""
        policy = thread.retention_policy or {}
        days = policy.get("deleteThreadAfterDays")
        return f"Deleted {days} days after its creation." if days else "Kept until it is deleted."

    def panels(self, request: HttpRequest, row: ChatThread) -> list[Panel]:
        """Who takes part, and who did."""
        stays = Participant.objects.filter(thread=row).select_related("user", "thread")
        current = list(stays.current().in_join_order()[: _CURRENT_SHOWN + 1])
        past = list(stays.exclude(removed_ms=None).order_by("-removed_ms")[: _PAST_SHOWN + 1])
        columns = ["Participant", "User", "Joined", "Sees history", "State"]
        panels = [
            Panel(
                f"Participants ({row.participant_count})",
                columns,
                [self._stay(request, stay) for stay in current[:_CURRENT_SHOWN]],
                note=_left_out(current, _CURRENT_SHOWN) or ("" if current else "Nobody."),
            )
        ]
        if past:
            panels.append(
                Panel(
                    "Former participants",
                    columns,
                    [self._stay(request, stay) for stay in past[:_PAST_SHOWN]],
                    note=_left_out(past, _PAST_SHOWN),
                )
            )
        return panels

    def _stay(self, request: HttpRequest, stay: Participant) -> PanelRow:
        stays: Any = self.admin_site.get_model_admin(Participant)
        tools = stays.operation_tools(request, stay)
        name = link(stay, stay.display_name or "(no name)")
        cells = [name, link(stay.user, short_id(stay.user.raw_id)), moment(stay.joined_ms)]
        return PanelRow(
            [*cells, _history(stay), _stay_state(stay)], tools, stay.removed_ms is not None
        )


@admin.register(Participant)
class ParticipantAdmin(ReadOnlyAdmin):
    """Stays of users in threads; reached from the pages of threads and users."""

    links: ClassVar[list[Link]] = []
    list_display = ["name", "user_end", "thread_link", "joined", "state"]
    list_select_related = ["user", "thread"]
    search_fields = ["user__raw_id"]
    ordering = ["-id"]
    fields = ["name", "user_id_code", "thread_link", "joined", "history", "state", "metadata_pairs"]
    operations = [
        Operation(
            name="remove",
            label="Remove from thread",
            consequences=(
                "The participant can no longer read or write in the thread.",
                "Everybody in it sees a message about the removal.",
            ),
            done="removed from the thread",
            run=lambda stay: remove_participant_as_operator(stay=stay),
            permission="delete",
            applies_to=lambda stay: stay.removed_ms is None and stay.thread.deleted_ms is None,
        )
    ]

    def get_model_perms(self, request: HttpRequest) -> dict[str, bool]:
        """Left out of the lists of pages: a stay means little without its thread."""
        return {}

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Any]":
        """With what its page shows."""
        return super().get_queryset(request).select_related("user", "thread")

    def summary(self, row: Participant) -> str:
        """Who, and out of which thread."""
        who = f"{row.display_name} ({row.user.raw_id})" if row.display_name else row.user.raw_id
        return f"{who}, in “{shortened(row.thread.topic)}”"

    def url_after(self, operation: Operation, row: Participant) -> str:
        """Back to the thread."""
        return page_of(row.thread)

    @admin.display(description="display name")
    def name(self, stay: Participant) -> str:
        """The name in this thread."""
        return stay.display_name or NOTHING

    @admin.display(description="user")
    def user_end(self, stay: Participant) -> str:
        """Who it is, in short."""
        return short_id(stay.user.raw_id)

    @admin.display(description="thread")
    def thread_link(self, stay: Participant) -> str:
        """The thread, by its topic."""
        return link(stay.thread, shortened(stay.thread.topic, 60) or "(no topic)")

    @admin.display(description="user")
    def user_id_code(self, stay: Participant) -> str:
        """Who it is."""
        return link(stay.user, stay.user.raw_id)

    @admin.display(description="joined")
    def joined(self, stay: Participant) -> str:
        """When the stay began."""
        return moment(stay.joined_ms)

    @admin.display(description="sees history")
    def history(self, stay: Participant) -> str:
        """The earliest message that the participant may see."""
        return _history(stay)

    @admin.display(description="state")
    def state(self, stay: Participant) -> str:
        """Present, or since when not."""
        return _stay_state(stay)

    @admin.display(description="metadata")
    def metadata_pairs(self, stay: Participant) -> str:
        """The participant's metadata."""
        return pairs(stay.metadata)


class UserWithThreadsAdmin(CommunicationUserAdmin):
    """The pages of users with what this room knows about them."""

    list_display = [*CommunicationUserAdmin.list_display, "threads"]

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Any]":
        """With the number of threads that a user is in."""
        stays = Participant.objects.current().filter(user=OuterRef("pk"), thread__deleted_ms=None)
        counted = stays.order_by().values("user").annotate(number=Count("pk")).values("number")
        number = Coalesce(Subquery(counted), Value(0))
        return super().get_queryset(request).annotate(current_threads=number)

    @admin.display(description="threads")
    def threads(self, user: Any) -> int:
        """In how many threads the user takes part now."""
        return int(user.current_threads)

    def panels(self, request: HttpRequest, row: CommunicationUser) -> list[Panel]:
        """The threads that the user is or was in, the latest stays first."""
        stays = list(
            Participant.objects.filter(user=row)
            .select_related("thread")
            .order_by("-id")[: _PAST_SHOWN + 1]
        )
        rows = [
            PanelRow(
                [
                    link(stay.thread, shortened(stay.thread.topic) or "(no topic)"),
                    stay.display_name or NOTHING,
                    moment(stay.joined_ms),
                    badge("thread deleted", "bad")
                    if stay.thread.deleted_ms is not None
                    else _stay_state(stay),
                ],
                is_past=stay.removed_ms is not None,
            )
            for stay in stays[:_PAST_SHOWN]
        ]
        note = _left_out(stays, _PAST_SHOWN) or ("" if rows else "In no thread yet.")
        return [*super().panels(request, row), Panel("Threads", _USER_COLUMNS, rows, note)]


_USER_COLUMNS = ["Thread", "Name there", "Joined", "State"]

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
    return f"Only {shown} are shown." if len(found) > shown else ""


def _history(stay: Participant) -> str:
    """The earliest message that the participant may see, in words."""
    if stay.share_history_ms <= 0:
        return "all of it"
    if stay.share_history_ms >= stay.joined_ms:
        return "since joining"
    return moment(stay.share_history_ms)


def _stay_state(stay: Participant) -> str:
    if stay.removed_ms is None:
        return badge("present", "good")
    return format_html("{} {}", badge("left"), moment(stay.removed_ms))
