"""Base classes, templates and styles of the admin: lists, object pages and operations."""
