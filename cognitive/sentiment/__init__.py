"""The sentiment head and word lists: how they are made, and how good they are (README.md)."""
