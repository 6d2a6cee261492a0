"""The project: settings, urls, system checks, and the server that carries every room."""
