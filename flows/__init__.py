"""When things happen: Prefect flows over the tracker's verbs. One short file a flow, no rules in them.

Prefect neither phones home nor counts us, whoever starts it: that is said here, before it is imported.
"""

import os

os.environ.setdefault("DO_NOT_TRACK", "1")
os.environ.setdefault("PREFECT_SERVER_ANALYTICS_ENABLED", "false")
