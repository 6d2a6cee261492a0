"""Translation, sentiment, language detection and speech to text, for clients that ask."""
