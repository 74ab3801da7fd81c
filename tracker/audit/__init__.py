"""Proof: what a reader of the ledger can check with nothing but the entries."""
