"""Tags of system checks, by which `manage.py serve` selects the checks that it runs."""

# Checks of settings; others check the code.
SETTINGS_CHECKS = "chatsite_settings"
