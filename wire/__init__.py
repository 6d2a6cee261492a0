"""ACS formats that every room shares: errors, identifiers, times, paging, versions, base view."""
