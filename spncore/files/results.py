"""What a command has made at the end of long work: it is written where it was asked to, and else printed and said."""

import sys
from collections.abc import Callable
from pathlib import Path

from spncore.files.whole import fault, write_whole

NOT_SAVED = 3  # the exit code of a command that did its work and could not save all of it
STOPPED = 130  # as a shell has it after Ctrl-C


def saved(write: Callable[[], object]) -> bool:
    """Write, and say on stderr where and why that cannot be done."""
    try:
        write()
    except OSError as error:
        print(f"Not saved: {fault(error)}", file=sys.stderr)
        return False
    return True


def saved_or_printed(path: Path, text: str, then: Callable[[Path], object] = id) -> bool:
    """Write a table, `then` tell its path; where that cannot be done it stands on stdout, and stderr says why."""
    done = saved(lambda: write_whole(path, text))
    if done:
        then(path)
    else:
        print(text, end="")
    return done
