"""The auditor's kit: what is handed to somebody who does not trust the server. `verify.py` goes into every export."""
