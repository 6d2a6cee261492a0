"""Resources and their access keys, users, tokens, and who a request comes from."""
