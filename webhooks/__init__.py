"""Webhooks as Event Grid delivers them: subscriptions, handshakes, deliveries."""
