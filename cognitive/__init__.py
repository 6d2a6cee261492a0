"""Translation, sentiment analysis, language detection and speech to text."""
