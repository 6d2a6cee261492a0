"""Background work: the worker, leases, schedules, claims of due rows."""
