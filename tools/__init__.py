"""Offline tools for developers. The server does not import them."""
