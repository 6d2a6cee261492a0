"""Creates the default alert rules."""

from django.db import migrations

from monitoring.alerts.defaults import create_default_rules


def create(apps, schema_editor):
    create_default_rules(lambda name: apps.get_model("monitoring", name))


class Migration(migrations.Migration):
    dependencies = [("monitoring", "0001_initial")]

    operations = [migrations.RunPython(create, migrations.RunPython.noop)]
