"""Speech to text with the protocol of Azure's Speech SDKs (cognitive contract 6)."""
