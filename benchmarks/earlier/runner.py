"""A process that does what it is asked, one line of JSON after the other, and ends with its input."""

import json
import os
import sys

from benchmarks.earlier.works import WORKS


def main() -> None:
    """Answer every request: what the work found, or what it raised."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever prints does not disturb the answers
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer = {"found": WORKS[request["work"]](**request["given"])}
        except Exception as error:  # noqa: BLE001  told to whoever asked
            answer = {"problem": f"{type(error).__name__}: {error}"}
        answers.write(json.dumps(answer, allow_nan=False) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
