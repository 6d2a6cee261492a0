"""The server underneath: everything that depends on daphne, Twisted or autobahn."""
