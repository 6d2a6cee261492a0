from django.apps import AppConfig


class PeopleConfig(AppConfig):
    """The directory of people. Its table belongs to the app `pages`, which created it."""

    name = "people"
