"""Directives as task graphs: what is owed, by whom and by when, and what can be proved about it later.

`domain` says what is true, `store` keeps what happened, `operations` are the verbs, and the faces
(`cli`, `web`, `terminal`) only show. Nothing here knows Prefect: when things happen is the business of
`flows`.
"""

__version__ = "0.1.0"
