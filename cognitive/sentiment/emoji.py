"""The sentiment of messages that consist of emoji, by a table of our own.

No published ranking was used, because of their licenses.
"""

import re
import unicodedata

from cognitive.abilities import SentimentScores

_POSITIVE = (
    "😀😃😄😁😆😅🤣😂🙂😊😇🥰😍🤩😘😗😚😙☺😋😛😜🤪😝🤗😎🤓🥳😌😏🤠😺😸😹😻😽👍👌✌🤞🤟🤘🤙👏🙌👐🤝🙏💪"
    "❤🧡💛💚💙💜🤎🖤🤍💕💞💓💗💖💘💝💟💯✅✔🎉🎊🎈🎁🏆🥇🌟⭐✨☀🌈🌞🔥🚀🍀🌹🌸💐🍻🥂🍾☕🎂😬🆗🫶🥹💃🕺"
)
_NEGATIVE = (
    "🙁☹😞😟😠😡🤬😢😭😤😣😖😫😩😰😨😱😥😓😔😪😒🙄😑😾😿🙀👎🖕💔💩🤢🤮🤕🤒😷👿😈💀☠❌🚫⛔😧😦😕😵🥺🤦"
    "🤯🥵🥶🆘⚠🤥😶"
)
# Invisible parts of emoji: the joiner, the variation selectors, skin tones.
_PARTS = re.compile("[\u200d\ufe0e\ufe0f\U0001f3fb-\U0001f3ff]")
_VALENCE = {
    **dict.fromkeys(_PARTS.sub("", _POSITIVE), 1),
    **dict.fromkeys(_PARTS.sub("", _NEGATIVE), -1),
    # Ambiguous.
    **dict.fromkeys("😬😅😏😶😑", 0),
}


def valence(text: str) -> int:
    """The sum over the emoji in a text: +1 for each positive and -1 for each negative one."""
    return sum(_VALENCE.get(character, 0) for character in text)


def emoji_scores(text: str) -> SentimentScores | None:
    """The sentiment of a text without letters and digits; None for other texts."""
    if not text.strip() or any(_is_readable(character) for character in text):
        return None
    total = valence(text)
    likely, rest = (0.9, 0.08) if total else (0.9, 0.05)
    if total > 0:
        return SentimentScores(likely, rest, 1 - likely - rest)
    if total < 0:
        return SentimentScores(1 - likely - rest, rest, likely)
    return SentimentScores(rest, likely, rest)


def _is_readable(character: str) -> bool:
    return unicodedata.category(character)[0] in "LN"
