"""Messages, read receipts and typing."""
