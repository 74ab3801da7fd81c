"""The command line: reads arguments, opens the store, calls one verb or one view, writes what came of it.

Modules import Typer and the standard library when they are loaded, everything heavy inside the
commands: `tracker --help` must not wait for a database library.
"""
