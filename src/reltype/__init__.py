"""Reads what kind of relationship each customer has with a supplier."""

__version__ = "0.1.0"
