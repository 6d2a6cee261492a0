from django.apps import AppConfig


class PeopleConfig(AppConfig):
    """The directory of people. Its table was made by, and still belongs to, the app `pages`."""

    name = "people"
