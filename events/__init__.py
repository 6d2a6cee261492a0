"""What happened in the threads: the catalogue of events, their log, and the one door to it."""
