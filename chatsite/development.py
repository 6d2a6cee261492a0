"""The resource id and access key of development servers.

They are the same on every development server, so that scripts and tests can contain a fixed
connection string. They are public and protect nothing. In production the key is refused (see
`chatsite.checks`).
"""

RESOURCE_ID = "c4a75173-0000-4000-8000-000000000001"

# 64 bytes in base64 like a real access key, but clearly not a secret.
ACCESS_KEY = (
    "ChatsiteDevelopmentKeyThatEverybodyKnowsAndNobodyMayUseInProduction" + "0" * 18 + "w=="
)
