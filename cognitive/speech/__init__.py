"""Speech to text as the Speech SDKs ask for it (cognitive contract 6)."""
