"""Refused logons, from the journal of a real Debian 12: counts alone leave the device."""

from __future__ import annotations

from patchring_agent.signals import failed_logon
from patchring_agent.signals.found import Seen
from patchring_agent.signals.journald import Line
from tests.agent.signals.golden import captured, journal

AUTH = "debian12.journalctl-auth.stdout"


def said(*messages: str, program: str = "sshd", pid: str = "7") -> list[Seen]:
    fields = [{"MESSAGE": text, "SYSLOG_IDENTIFIER": program, "_PID": pid} for text in messages]
    return failed_logon.refusals([Line(number, each) for number, each in enumerate(fields, 1)])


def test_each_refusal_counts_once_whoever_logs_it() -> None:
    """Two at su; at sshd three of one session, which PAM tells as one and two more, and one of another."""
    assert [(each.subject, each.count) for each in failed_logon.refusals(journal(AUTH))] == [
        ("su", 1),
        ("su", 1),
        ("sshd", 3),
        ("sshd", 1),
    ]


def test_no_name_and_no_address_is_kept() -> None:
    assert "alice" in captured(AUTH)
    kept = repr(failed_logon.refusals(journal(AUTH)))
    assert [word for word in ("alice", "mallory", "127.0.0.1") if word in kept] == []


def test_sshd_without_pam_counts_by_its_own_words() -> None:
    refused = "Failed password for invalid user x from 192.0.2.1 port 1 ssh2"
    assert said(refused, refused) == [Seen(1, "sshd", 2)]


def test_a_logon_that_another_module_lets_in_is_no_refusal() -> None:
    """The local file does not know the person, the directory does."""
    by_file = "pam_unix(login:auth): authentication failure; logname=LOGIN uid=0 euid=0 tty=tty1 user=x"
    by_directory = "pam_sss(login:auth): authentication success; logname=LOGIN uid=0 euid=0 tty=tty1 user=x"
    assert said(by_file, by_directory, program="login") == []
    assert said(by_file, by_file, by_directory, program="login") == [Seen(1, "login", 1)]


def test_what_a_program_quotes_of_others_is_not_believed() -> None:
    """Only sshd's own words are counted as sshd's."""
    assert said("Failed password for x from 192.0.2.1", program="cron") == []
    assert said("user said: pam_unix(sshd:auth): authentication failure;", program="cron") == []
