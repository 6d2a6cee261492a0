"""Event subscriptions, as `azure-mgmt-eventgrid` manages them."""
