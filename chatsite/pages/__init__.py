"""The chat page: accounts that chat, signing in and out, and the directory of people."""
