"""Alert rules, alerts, and notifications about them."""
