"""A Singer target for DuckDB and PostgreSQL in which an older row never overwrites a newer one."""
