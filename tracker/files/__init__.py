"""Files: YAML to directives and registry, with every mistake as a finding; back to YAML and JSON; plans.

Knows the domain, PyYAML and openpyxl; refuses to know the store, the clock and the network.
"""
