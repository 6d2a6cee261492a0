"""The wire formats of ACS, plus fast row inserts and metric counting, for all rooms."""
