"""Processes of their own for tests: each as clean as a spawned one, but what they all need is imported once."""

import multiprocessing
from multiprocessing.context import ForkServerContext

# what is imported late, by whoever opens a store, is named too
NEEDED = ["tests.simulation.workers", "tests.integration.test_evidence", "psycopg", "sqlalchemy.dialects.postgresql"]


def apart() -> ForkServerContext:
    """Return where processes come from that share nothing with this one: neither its threads nor its connections."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(NEEDED)
    return context
