"""Becomes the server: changes to its account, asks to be ended with its parent, then turns into the program.

Run as a program of its own (`python -I -S launch.py PARENT UID GID PROGRAM ARGUMENTS...`, UID `-` to stay who we
are), because code between fork and exec in a process with threads can lock up. The parent-death signal is lost
when the account changes, so it is asked for afterwards. Linux only; elsewhere the parent stops what it started.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1  # <sys/prctl.h>


def main(arguments: list[str]) -> None:
    parent, uid, gid, *command = arguments
    if uid != "-":
        os.setgroups([])
        os.setgid(int(gid))
        os.setuid(int(uid))
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.prctl(PR_SET_PDEATHSIG, signal.SIGINT) != 0:
            raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG) was refused")
        if os.getppid() != int(parent):
            sys.exit("the parent was gone before the server began")
    os.execv(command[0], command)  # noqa: S606 - to become the server is the purpose


if __name__ == "__main__":
    main(sys.argv[1:])
