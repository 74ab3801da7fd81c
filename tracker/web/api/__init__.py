"""The REST interface `/api/v1`: the same views and verbs as the pages, for programs."""
