"""Deletes a whole resource.

The rows that belong to it are found by following foreign keys, because this room does not know the
models of higher rooms.
"""

from collections.abc import Iterator
from typing import Any

from django.db import transaction
from django.db.models import CASCADE, Model, QuerySet

from identity.models import Resource


def delete_resource(*, resource: Resource) -> None:
    """Deletes a resource with its users and all their data, permanently.

    Raises ValueError for the default resource, which every server needs.
    """
    if resource.is_default:
        raise ValueError("the default resource cannot be deleted")
    with transaction.atomic(durable=True):
        for rows in owned_rows(resource):
            rows.delete()
        Resource.objects.filter(pk=resource.pk).delete()


def owned_rows(resource: Resource) -> list["QuerySet[Any]"]:
    """The rows that belong to the resource, by model, in an order in which they can be deleted."""
    lookups = _lookups_by_model()
    ordered: list[type[Model]] = []
    while len(ordered) < len(lookups):
        left = [model for model in lookups if model not in ordered]
        free = [model for model in left if not _referrers(model) & (set(left) - {model})]
        assert free, "two models have foreign keys to each other"
        ordered += free
    return [model._default_manager.filter(**{lookups[model]: resource}) for model in ordered]


def _lookups_by_model() -> dict[type[Model], str]:
    """The models whose rows are deleted with a resource, and their lookups to the resource."""
    found: dict[type[Model], str] = {}
    waiting: list[tuple[type[Model], str]] = [(Resource, "")]
    for model, lookup in waiting:
        for relation in _relations_to(model):
            other = relation.related_model
            if relation.on_delete is CASCADE and other not in found:
                found[other] = relation.field.name + (f"__{lookup}" if lookup else "")
                waiting.append((other, found[other]))
    return found


def _referrers(model: type[Model]) -> set[type[Model]]:
    return {relation.related_model for relation in _relations_to(model)}


def _relations_to(model: type[Model]) -> Iterator[Any]:
    """The foreign keys to `model`, including those without a reverse accessor."""
    for relation in model._meta.get_fields(include_hidden=True):
        if relation.auto_created and not relation.concrete and not relation.many_to_many:
            yield relation
