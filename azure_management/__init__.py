"""The Azure management API: one base, and the nouns of Event Grid and Monitor on it."""
