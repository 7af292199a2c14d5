"""Engines: what runs the query. DuckDB, embedded, is built in."""
