"""The publicly known identity of a development server.

Every development server has the same resource id and the same primary access key, so that a
connection string can be written down in a script or a test once. They protect nothing: everybody
can read them here. In production the key is refused (see `chatsite.checks`).
"""

RESOURCE_ID = "c4a75173-0000-4000-8000-000000000001"

# 64 bytes in base64, the length of a real access key, in words that nobody takes for a secret.
ACCESS_KEY = (
    "ChatsiteDevelopmentKeyThatEverybodyKnowsAndNobodyMayUseInProduction" + "0" * 18 + "w=="
)
