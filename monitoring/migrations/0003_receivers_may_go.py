from typing import Any

import django.db.models.deletion
from django.db import migrations, models

import monitoring.alerts.models

# The labels of the kinds.
_KINDS = {
    "email": "e-mail",
    "webhook": "webhook (common alert schema)",
    "alertmanager": "Alertmanager",
    "alertmanager_webhook": "webhook (Alertmanager's format)",
    "notice": "notice in the admin",
    "log": "line in the server's log",
}


def describe(apps: Any, schema_editor: Any) -> None:
    """Stores the receivers' names, which are needed once the receivers are deleted."""
    notifications = apps.get_model("monitoring", "Notification").objects
    for receiver in apps.get_model("monitoring", "Receiver").objects.all():
        text = f"{receiver.name} ({_KINDS[receiver.kind]})"
        notifications.filter(receiver=receiver).update(receiver_text=text)


class Migration(migrations.Migration):
    dependencies = [("monitoring", "0002_default_rules")]

    operations = [
        migrations.AddField(
            model_name="notification",
            name="receiver_text",
            field=models.CharField(blank=True, max_length=200),
        ),
        migrations.AlterField(
            model_name="notification",
            name="receiver",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="monitoring.receiver",
            ),
        ),
        migrations.AlterField(
            model_name="alertcondition",
            name="metric",
            field=models.CharField(choices=monitoring.alerts.models.metric_choices, max_length=60),
        ),
        migrations.RunPython(describe, migrations.RunPython.noop),
    ]
