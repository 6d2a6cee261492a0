"""Formats values as HTML for the admin. Everything that comes from a client is escaped."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Literal

from django.db.models import Model
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from wire.times import from_ms

NOTHING = "–"

BadgeKind = Literal["plain", "good", "warning", "bad", "info"]


def moment(time: int | datetime | None) -> SafeString | str:
    """A time, given as epoch milliseconds or aware datetime.

    Rendered in UTC; a script converts it to the time zone of the browser.
    """
    if time is None:
        return NOTHING
    when = from_ms(time) if isinstance(time, int) else time.astimezone(UTC)
    text = when.replace(tzinfo=None).isoformat(sep=" ", timespec="seconds")
    return format_html(
        '<time class="moment" datetime="{}Z">{} UTC</time>', text.replace(" ", "T"), text
    )


def badge(text: str, kind: BadgeKind = "plain") -> SafeString:
    """A highlighted word."""
    return format_html('<span class="badge badge-{}">{}</span>', kind, text)


def quantity(count: int, noun: str) -> str:
    """A count with its noun, which takes a plural "s": "1 attempt", "0 attempts"."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def identifier(text: str) -> SafeString:
    """An id, in a monospaced font."""
    return format_html('<code class="identifier">{}</code>', text)


def shortened(text: Any, length: int = 80) -> str:
    """Text on one line, shortened to `length`; of a raw id only the end, which is random."""
    line = " ".join(str(text).split())
    if line.startswith("8:"):
        return f"…{line.rpartition('-')[2]}"
    return line if len(line) <= length else f"{line[: length - 1]}…"


def short_id(raw_id: str) -> SafeString:
    """The end of a raw id, with the full id as a tooltip."""
    return format_html('<code class="identifier" title="{}">{}</code>', raw_id, shortened(raw_id))


def source(text: str) -> SafeString | str:
    """Text with its line breaks and spaces; HTML as source code."""
    return format_html('<pre class="source" dir="auto">{}</pre>', text) if text else NOTHING


def pairs(mapping: Mapping[str, Any] | None) -> SafeString | str:
    """A list of names and values, such as metadata."""
    if not mapping:
        return NOTHING
    lines = format_html_join("", "<div><dt>{}</dt><dd>{}</dd></div>", sorted(mapping.items()))
    return format_html('<dl class="pairs">{}</dl>', lines)


def page_of(row: Model) -> str:
    """The URL of an object's page."""
    return address_of(type(row), "change", row.pk)


def address_of(model: type[Model], page: str, *arguments: Any) -> str:
    """The URL of a page of a model, such as `changelist` or `change`."""
    names = model._meta.app_label, model._meta.model_name
    return reverse(f"admin:{names[0]}_{names[1]}_{page}", args=arguments)


def link(row: Model, text: str) -> SafeString:
    """A link to an object's page."""
    return format_html('<a href="{}">{}</a>', page_of(row), text)
