"""What every room shares: the formats of ACS, and two tools, inserting a row and counting."""
