"""Azure Translator's dialects, as its SDKs speak them (cognitive contract 4)."""
