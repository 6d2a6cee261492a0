"""Live events against real server processes."""
