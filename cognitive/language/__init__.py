"""Azure Language and Text Analytics, as their SDKs speak them (cognitive contract 5)."""
