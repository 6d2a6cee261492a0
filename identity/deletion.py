"""Deleting a whole resource.

Everything that belongs to it is found through the models' own foreign keys, so that the rooms
above need not be known here.
"""

from collections.abc import Iterator
from typing import Any

from django.db import transaction
from django.db.models import CASCADE, Model, QuerySet

from identity.models import Resource


def delete_resource(*, resource: Resource) -> None:
    """Deletes a resource with its users and all that is theirs; nothing brings it back.

    Raises ValueError for the default one, which a server cannot be without.
    """
    if resource.is_default:
        raise ValueError("the default resource cannot be deleted")
    with transaction.atomic(durable=True):
        for rows in owned_rows(resource):
            rows.delete()
        Resource.objects.filter(pk=resource.pk).delete()


def owned_rows(resource: Resource) -> list["QuerySet[Any]"]:
    """What belongs to the resource, by model; whatever refers to other rows comes before them."""
    lookups = _lookups_by_model()
    ordered: list[type[Model]] = []
    while len(ordered) < len(lookups):
        left = [model for model in lookups if model not in ordered]
        free = [model for model in left if not _referrers(model) & (set(left) - {model})]
        assert free, "foreign keys between two models in both directions"
        ordered += free
    return [model._default_manager.filter(**{lookups[model]: resource}) for model in ordered]


def _lookups_by_model() -> dict[type[Model], str]:
    """Every model whose rows go with a resource, and how a filter gets from there to it."""
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
    """The foreign keys that point at `model`, those without a reverse name included."""
    for relation in model._meta.get_fields(include_hidden=True):
        if relation.auto_created and not relation.concrete and not relation.many_to_many:
            yield relation
