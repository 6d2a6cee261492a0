"""The part of the Azure Monitor management API that its SDK speaks."""
