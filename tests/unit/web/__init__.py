"""What stands between a request and an action."""
