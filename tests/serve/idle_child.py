"""A child that does nothing: says that it is ready and waits for its end."""

import signal

from patchring.serve.child import read_settings, say_ready

if __name__ == "__main__":
    read_settings()
    say_ready()
    signal.pause()
