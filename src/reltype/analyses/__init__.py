"""Analyses beside the classification, each a folder: they call `reltype.api`."""
