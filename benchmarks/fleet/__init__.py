"""What a store does for many destinations with much waiting, beside what it costs: PostgreSQL and SQLite in one run."""
