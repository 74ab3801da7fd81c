"""Run every benchmark, or those named (`python -m bench sweep`): sweep, language, ledger, deliver, web."""

import subprocess
import sys

ALL = ("sweep", "language", "ledger", "deliver", "web")


def main(names: tuple[str, ...]) -> int:
    """Run benchmarks one after the other, each in a process of its own; return 1 if one failed."""
    if unknown := set(names) - set(ALL):
        print(f"no benchmark '{min(unknown)}': there are {', '.join(ALL)}", file=sys.stderr)
        return 2
    ended = [subprocess.run([sys.executable, "-m", f"bench.{name}"], check=False).returncode for name in names or ALL]
    return int(any(ended))


if __name__ == "__main__":
    sys.exit(main(tuple(sys.argv[1:])))
