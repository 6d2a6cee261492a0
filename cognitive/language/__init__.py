"""The APIs of Azure Language and Text Analytics, as their SDKs use them (cognitive contract 5)."""
