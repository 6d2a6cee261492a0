"""Usage, the health of the API, alerts: what an operator wants to know."""
