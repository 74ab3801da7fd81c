"""Reminders: what they say, and the truth about whether they arrived.

The one importer of Apprise. Knows nothing of tables, sweeps or Prefect: it is handed a
`Notice` whose every value is already reckoned, and hands back an `Outcome`.
"""
