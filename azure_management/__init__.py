"""The management API in the shape of Azure Resource Manager: Event Grid and Azure Monitor."""
