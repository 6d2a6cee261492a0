"""Django's SQLite backend with fair write transactions: `ENGINE` names this package."""
