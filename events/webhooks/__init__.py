"""Event Grid subscriptions: who gets which events, and their delivery."""
