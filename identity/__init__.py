"""Resources and their access keys, users, access tokens, and the authentication of requests."""
