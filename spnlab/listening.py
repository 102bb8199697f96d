"""Whether the lab can listen where it is told to. Nothing of it is imported here: it has settings to make before."""

import argparse
import os
import socket
from collections.abc import Sequence

ADDRESS, MOST_PORT = "127.0.0.1", 65_535


def problem(address: str, number: int) -> str | None:
    """Why the lab cannot listen there, and what to do; None where it can. At port 0 the system chooses one."""
    if not 0 <= number <= MOST_PORT:
        return f"{number} is no port; give one from 1 to {MOST_PORT}"
    try:
        family, _, _, _, place = socket.getaddrinfo(address, number, type=socket.SOCK_STREAM)[0]
        with socket.socket(family) as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(place)
    except socket.gaierror as error:
        return f"{address}: {error.strerror}; give an --address of this machine"
    except OSError as error:
        return f"{address}:{number}: {error.strerror}; stop what listens there, or give another --port"
    return None


def problem_of(options: Sequence[str]) -> str | None:
    """The same of what Streamlit is told by its options or the environment; None where no port is, since it finds one.

    What is no number is Streamlit's to refuse.
    """
    told = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    for name in ("port", "address"):
        said = os.environ.get(f"STREAMLIT_SERVER_{name.upper()}")
        told.add_argument(f"--server.{name}", dest=name, nargs="?", default=said)
    found, _ = told.parse_known_args(options)
    try:
        return problem(found.address or ADDRESS, int(found.port or ""))
    except ValueError:
        return None
