"""The settings of translation, sentiment and speech, which `chatsite.settings` imports."""

import os

from chatsite import environment

# The dotted paths of the engines, by capability and name.
COGNITIVE_PROVIDERS = {
    "detection": {
        "py3langid": "cognitive.providers.py3langid.Py3langid",
        "azure": "cognitive.providers.azure.AzureDetector",
        "libretranslate": "cognitive.providers.libretranslate.LibreDetector",
    },
    "translation": {
        "firefox": "cognitive.providers.firefox.Firefox",
        "apertium": "cognitive.providers.apertium.Apertium",
        "azure": "cognitive.providers.azure.AzureTranslator",
        "libretranslate": "cognitive.providers.libretranslate.LibreTranslator",
    },
    "sentiment": {
        "e5": "cognitive.providers.e5.E5",
        "lexicon": "cognitive.providers.lexicon.Lexicon",
        "azure": "cognitive.providers.azure.AzureSentiment",
    },
    "speech": {
        "moonshine": "cognitive.providers.moonshine.Moonshine",
        "whisper": "cognitive.providers.whisper.Whisper",
        "azure": "cognitive.providers.azure_speech.AzureSpeech",
    },
}
# The engines in order of preference. The first one that works and supports the language is used.
COGNITIVE_ENGINES = {
    "detection": environment.choices(
        "CHATSITE_COGNITIVE_DETECTION", COGNITIVE_PROVIDERS["detection"], ["py3langid"]
    ),
    "translation": environment.choices(
        "CHATSITE_COGNITIVE_TRANSLATION",
        COGNITIVE_PROVIDERS["translation"],
        ["firefox", "apertium"],
    ),
    "sentiment": environment.choices(
        "CHATSITE_COGNITIVE_SENTIMENT", COGNITIVE_PROVIDERS["sentiment"], ["e5", "lexicon"]
    ),
    "speech": environment.choices(
        "CHATSITE_COGNITIVE_SPEECH", COGNITIVE_PROVIDERS["speech"], ["moonshine", "whisper"]
    ),
}
# How many speech streams a server process transcribes at the same time.
CHATSITE_COGNITIVE_STREAMS = environment.number(
    "CHATSITE_COGNITIVE_STREAMS", 2 * (os.cpu_count() or 1), least=1, most=1000
)
CHATSITE_COGNITIVE_AZURE_SPEECH_URL = environment.url(
    "CHATSITE_COGNITIVE_AZURE_SPEECH_URL", ["https", "http"]
)
CHATSITE_COGNITIVE_AZURE_SPEECH_KEY = environment.text("CHATSITE_COGNITIVE_AZURE_SPEECH_KEY")
# The languages that detection distinguishes; empty means a default selection.
CHATSITE_COGNITIVE_LANGUAGES = [
    code.lower() for code in environment.names("CHATSITE_COGNITIVE_LANGUAGES")
]
# Requests per user and minute.
CHATSITE_COGNITIVE_REQUESTS = environment.number("CHATSITE_COGNITIVE_REQUESTS", 60, least=1)
# The folder with models of the engine `firefox`, one subfolder for each pair of languages.
CHATSITE_COGNITIVE_MODELS = environment.optional_path("CHATSITE_COGNITIVE_MODELS")
# Remote engines: they receive the texts of users.
CHATSITE_COGNITIVE_AZURE_TRANSLATOR_URL = environment.url(
    "CHATSITE_COGNITIVE_AZURE_TRANSLATOR_URL", ["https", "http"]
)
CHATSITE_COGNITIVE_AZURE_TRANSLATOR_KEY = environment.text(
    "CHATSITE_COGNITIVE_AZURE_TRANSLATOR_KEY"
)
CHATSITE_COGNITIVE_AZURE_TRANSLATOR_REGION = environment.text(
    "CHATSITE_COGNITIVE_AZURE_TRANSLATOR_REGION"
)
CHATSITE_COGNITIVE_AZURE_LANGUAGE_URL = environment.url(
    "CHATSITE_COGNITIVE_AZURE_LANGUAGE_URL", ["https", "http"]
)
CHATSITE_COGNITIVE_AZURE_LANGUAGE_KEY = environment.text("CHATSITE_COGNITIVE_AZURE_LANGUAGE_KEY")
CHATSITE_COGNITIVE_LIBRETRANSLATE_URL = environment.url(
    "CHATSITE_COGNITIVE_LIBRETRANSLATE_URL", ["https", "http"]
)
CHATSITE_COGNITIVE_LIBRETRANSLATE_KEY = environment.text("CHATSITE_COGNITIVE_LIBRETRANSLATE_KEY")
