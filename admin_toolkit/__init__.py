"""What the operator's pages of all rooms are made of: lists, object pages and operations."""
