"""The data of the sentiment engines (README.md) and the code that looks up words and emoji."""
