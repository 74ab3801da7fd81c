"""Run every simulation that has a long form, one after the other: `make chaos`.

    python -m tests.simulation [NAME ...]

Each prints its figures. The exit status says whether any of them failed.
"""

import subprocess
import sys
import time

# each with what its long form is asked for
LONG: tuple[tuple[str, ...], ...] = (
    ("kill_points", "--triples", "300"),
    ("faults",),
    ("locked",),
    ("disk_full",),
    ("restarts",),
    ("restore",),
    ("a_year", "--seed", "1", "--seeds", "100", "--assignments", "1000"),
    ("a_year", "--seed", "1", "--seeds", "10", "--assignments", "10000"),
    ("tamper",),
    ("life_cycle",),
    ("api",),
)


def main(chosen: list[str]) -> int:
    names = {name for name, *_ in LONG}
    if strange := sorted(set(chosen) - names):
        print(f"there is no simulation {', '.join(strange)}: choose of {', '.join(sorted(names))}", file=sys.stderr)
        return 2
    failed = []
    for name, *asked in LONG:
        if chosen and name not in chosen:
            continue
        print(f"── {name} {' '.join(asked)}", flush=True)
        began = time.monotonic()
        code = subprocess.run([sys.executable, "-m", f"tests.simulation.{name}", *asked], check=False).returncode
        print(f"── {name}: {'held' if code == 0 else 'FAILED'}, {time.monotonic() - began:.0f} s", flush=True)
        failed += [name] * (code != 0)
    print(f"failed: {', '.join(failed)}" if failed else "everything held")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
