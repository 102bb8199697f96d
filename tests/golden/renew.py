"""Store anew what the product gives for the cases of one topic: `python -m tests.golden.renew NAME`.

Only in a commit that says why the answers have changed. A new case is an entry without `gives` in the topic's file.
"""

from __future__ import annotations

import sys

from tests import conftest  # noqa: F401 (one BLAS thread, before NumPy is loaded)
from tests.golden import stored
from tests.golden.topics import TOPICS


def main(arguments: list[str]) -> int:
    """0 when the topic is stored; 2 with the known names when there is no such topic."""
    if len(arguments) != 1 or arguments[0] not in TOPICS:
        print(f"name one topic: {', '.join(TOPICS)}", file=sys.stderr)
        return 2
    [name] = arguments
    cases = [entry["case"] for entry in stored.read(name)]
    stored.write(name, [{"case": case, "gives": stored.as_json(TOPICS[name](case))} for case in cases])
    print(f"{name}: {len(cases)} cases stored")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
