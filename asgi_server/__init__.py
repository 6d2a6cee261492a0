"""The adapter to the ASGI server: the only package that imports daphne, Twisted and autobahn.

`interface` says what the rest of the project may expect of a server. `daphne_server` and
`daphne_connections` implement it for daphne, `queued_connections` for any other ASGI server.
"""
