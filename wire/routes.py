"""Routes of Azure's management API, which knows no upper and lower case."""

import re


def any_case(text: str) -> str:
    """A pattern for `text` in any letter case.

    Spelt out, letter by letter: Django cannot reverse any route of a site in which one has a flag.
    """
    return "".join(
        f"[{letter.upper()}{letter.lower()}]" if letter.isalpha() else re.escape(letter)
        for letter in text
    )
