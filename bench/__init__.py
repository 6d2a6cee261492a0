"""Measurements of a chatsite server; see bench/README.md. Run with `python -m bench`."""
