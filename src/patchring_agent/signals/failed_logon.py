"""Logons that were refused, as counts for each program. No name, no address and no text of a message is kept.

PAM logs the first refusal of a session in full and the others of it as one number; sshd logs each by itself, also
where it does without PAM. So for each process the larger of the two counts. Where one module refuses and another
lets the person in (a directory after the local file), one refusal is taken back.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from patchring_agent.signals.found import Found, Seen, counted
from patchring_agent.signals.journald import Line, Span, entries

NAME = "failed_logon"
AUTH, AUTHPRIV = "SYSLOG_FACILITY=4", "SYSLOG_FACILITY=10"
FIELDS = ["MESSAGE", "SYSLOG_IDENTIFIER", "_PID"]
BY_PAM = re.compile(r"pam_\w+\(([a-z0-9._-]{1,40}):auth\): authentication (failure|success);")
MORE = re.compile(r"PAM (\d{1,4}) more authentication failures?;")
BY_SSHD = re.compile(r"Failed (?:password|publickey|keyboard-interactive\S*|hostbased|none) for ")
SSHD = ("sshd", "sshd-session")


@dataclass
class _Process:
    """What one process said of logons."""

    at_ms: int
    program: str = ""
    by_pam: int = 0
    by_sshd: int = 0


def read(span: Span) -> Found:
    """Raises CommandProblem."""
    found = entries(span, [AUTH, AUTHPRIV], FIELDS)
    return Found(counted(NAME, refusals(found.lines)), found.whole)


def refusals(lines: Iterable[Line]) -> list[Seen]:
    processes: dict[str, _Process] = {}
    for line in lines:
        _note(processes, line)
    counts = ((each, max(each.by_pam, each.by_sshd)) for each in processes.values())
    return [Seen(each.at_ms, each.program, count) for each, count in counts if count > 0]


def _note(processes: dict[str, _Process], line: Line) -> None:
    text, pid = line.fields.get("MESSAGE", ""), line.fields.get("_PID", "")
    from_sshd = line.fields.get("SYSLOG_IDENTIFIER", "") in SSHD
    by_pam, more = BY_PAM.match(text), MORE.match(text)
    by_sshd = from_sshd and BY_SSHD.match(text) is not None
    if by_pam is None and not by_sshd and (more is None or not from_sshd):
        return
    process = processes.setdefault(pid, _Process(line.at_ms))
    if by_pam is not None:
        process.program = by_pam.group(1)
        process.by_pam += 1 if by_pam.group(2) == "failure" else -min(process.by_pam, 1)
    elif more is not None:
        process.by_pam += int(more.group(1))
    else:
        process.by_sshd += 1
    process.program = process.program or SSHD[0]
