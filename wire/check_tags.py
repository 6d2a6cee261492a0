"""Tags of system checks, by which `manage.py serve` chooses those that it runs."""

# Checks of settings; others check the code.
SETTINGS_CHECKS = "chatsite_settings"
