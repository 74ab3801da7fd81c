"""Where facts are kept: SQLModel tables, the ledger, queries, migrations. The only room that knows SQL."""
