"""Load and fault runs against servers of their own, for `manage.py chatload` and the tests.

Outside the rooms' floors, like the tests. It needs the development packages, so nothing that a
server runs may import it.
"""
