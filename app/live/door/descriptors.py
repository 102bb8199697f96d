"""File descriptors: every open tab takes some, and the system gives a process so many."""

import sys

if sys.platform != "win32":
    import resource

PER_TAB = 4  # the socket, and the connections that its page asks over
OWN = 100  # files, pipes of children and the log
ENOUGH = 65_536


def allowed_descriptors() -> int:
    """How many files this process may come to have open: as many as the system allows it, 65,536 at most."""
    if sys.platform == "win32":
        return ENOUGH
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    return ENOUGH if hard == resource.RLIM_INFINITY else min(hard, ENOUGH)


def raise_descriptors() -> int:
    """Let this process open as many files as it may; how many that are."""
    if sys.platform == "win32":
        return ENOUGH
    (soft, hard), wanted = resource.getrlimit(resource.RLIMIT_NOFILE), allowed_descriptors()
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        soft = wanted
    return ENOUGH if soft == resource.RLIM_INFINITY else soft


def tabs_for(descriptors: int) -> int:
    """How many tabs may be open with so many descriptors."""
    return max(1, (descriptors - OWN) // PER_TAB)


def descriptors_for(tabs: int) -> int:
    """How many descriptors so many open tabs take."""
    return OWN + PER_TAB * tabs
