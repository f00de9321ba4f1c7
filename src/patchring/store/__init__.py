"""PostgreSQL: migrations, SQL by subject, one session per tenant scope."""
