"""The directory of people: accounts that can chat, and their display names."""
