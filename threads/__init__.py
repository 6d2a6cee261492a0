"""Threads, their participants, and how much of the history each participant may see."""
