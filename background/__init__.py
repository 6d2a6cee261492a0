"""Background work: the worker, leases, claims of rows, sweeps."""
