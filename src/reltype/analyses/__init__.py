"""Analyses: questions that are asked of a whole survey or log, beside the reading of each customer."""
