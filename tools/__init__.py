"""Offline tools. Nothing in the server imports them."""
