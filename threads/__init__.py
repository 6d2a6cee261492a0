"""Threads, their participants, and what of the history each of them shares."""
