"""The API of Azure Translator, as its SDKs use it (cognitive contract 4)."""
