"""The directory: accounts that chat, and the names that others see."""
