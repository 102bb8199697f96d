"""A child process for tests: says what it was sent, and its niceness; prints to nobody; dies when told to."""

import os
import signal
import sys

from app.live.child import Parent

parent = Parent(int(sys.argv[1]))
print("this goes to the log")
while True:
    message = parent.receive()
    if message == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    parent.send((message, os.nice(0)))
