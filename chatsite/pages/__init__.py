"""The chat page: signing in and out, and the page itself."""
