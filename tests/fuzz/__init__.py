"""Hostile input for every operation: refused with a clear answer, and nothing is written."""
