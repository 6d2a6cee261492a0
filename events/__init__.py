"""Events of threads: their catalogue, their log, publishing and following."""
