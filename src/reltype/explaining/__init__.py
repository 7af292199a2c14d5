"""Why one customer is what they are: contributions, what nearly held, and what would flip it."""
