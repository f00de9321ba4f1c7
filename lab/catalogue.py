"""The packages of the lab: each is one situation that a patch can bring about on a device.

lab-web      an application with a service on port 8080. 1.0 and 1.1 are good; 1.2 does not start on devices that
             have /etc/patchring-lab/strict; 1.3 needs lab-library 2.0 and does not go with lab-notes before 2.0;
             1.4 is good, but takes 20 s to configure: long enough to cut the power
lab-notes    another application with a service, on port 8081
lab-library  what lab-web depends on
lab-kernel   a new version asks for a reboot; /run/lab-kernel-running says which version was booted
lab-broken   1.1 fails in its postinst and stays half-configured
lab-logins   1.1 makes PAM deny every login; going back to 1.0 does not undo that
lab-boot     1.1 takes init away: the device runs on until its next boot, which fails
"""

from __future__ import annotations

from pathlib import Path

from lab.deb import Deb

STRICT = "/etc/patchring-lab/strict"
WEB_PORT, NOTES_PORT = 8080, 8081

_ENABLE = """\
if [ "$1" = configure ] && [ -d /run/systemd/system ]; then
  systemctl daemon-reload
  systemctl --quiet enable {name}.service
fi
"""
# As Debian's own packages do: a service that does not start does not fail the installation.
_RESTART = """\
if [ "$1" = configure ] && [ -d /run/systemd/system ]; then
  systemctl reset-failed {name}.service || true
  systemctl restart {name}.service || true
fi
"""
_STOP = """\
if [ "$1" = remove ] && [ -d /run/systemd/system ]; then
  systemctl disable --now {name}.service
fi
"""


def _application(name: str, version: str, port: int, *, trouble: str = "", slow: str = "", **relations: str) -> Deb:
    """An application with a service that answers its version; `slow` is shell that runs before its restart."""
    unit = f"""\
[Unit]
Description={name}, an application of the lab
StartLimitIntervalSec=60
StartLimitBurst=3

[Service]
Type=notify
ExecStart=/usr/bin/python3 /usr/lib/{name}/serve.py {name} {port} {trouble}
Restart=on-failure
RestartSec=200ms

[Install]
WantedBy=multi-user.target
"""
    return Deb(
        name,
        version,
        f"application of the Patchring lab, answers on port {port}",
        {
            f"/usr/lib/{name}/serve.py": (Path(__file__).parent / "serve_version.py").read_text(),
            f"/usr/share/{name}/version": f"{version}\n",
            f"/usr/lib/systemd/system/{name}.service": unit,
            f"/etc/{name}.conf": f"# settings of {name}\n",
        },
        {"Depends": "python3", **relations},
        postinst=_ENABLE.format(name=name) + slow + _RESTART.format(name=name),
        prerm=_STOP.format(name=name),
    )


def _web(version: str, **rest: str) -> Deb:
    return _application("lab-web", version, WEB_PORT, **rest)


def _kernel(version: str) -> Deb:
    unit = """\
[Unit]
Description=Remember which lab-kernel was booted

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/bin/cp /usr/share/lab-kernel/version /run/lab-kernel-running

[Install]
WantedBy=multi-user.target
"""
    ask = """\
if [ "$1" = configure ] && [ -n "$2" ]; then
  touch /run/reboot-required
  echo lab-kernel >>/run/reboot-required.pkgs
fi
"""
    files = {"/usr/share/lab-kernel/version": f"{version}\n", "/usr/lib/systemd/system/lab-kernel.service": unit}
    return Deb("lab-kernel", version, "asks for a reboot", files, postinst=_ENABLE.format(name="lab-kernel") + ask)


_DENY_LOGINS = """\
if [ "$1" = configure ]; then
  sed -i '1i account requisite pam_deny.so' /etc/pam.d/common-account
fi
"""
_TAKE_INIT_AWAY = """\
if [ "$1" = configure ]; then
  mv /usr/lib/systemd/systemd /usr/lib/systemd/systemd.away
  rm -f /usr/sbin/init
fi
"""


def _plain(name: str, version: str, description: str, postinst: str = "") -> Deb:
    files = {f"/usr/share/{name}/version": f"{version}\n"}
    return Deb(name, version, description, files, postinst=postinst)


_ALL = [
    _web("1.0"),
    _web("1.1"),
    _web("1.2", trouble=STRICT),
    _web("1.3", Depends="python3, lab-library (>= 2.0)", Conflicts="lab-notes (<< 2.0)"),
    _web("1.4", slow='if [ "$1" = configure ]; then sleep 20; fi\n'),
    _application("lab-notes", "1.0", NOTES_PORT),
    _application("lab-notes", "2.0", NOTES_PORT),
    _plain("lab-library", "1.0", "library of the lab's applications"),
    _plain("lab-library", "2.0", "library of the lab's applications"),
    _kernel("6.1.1"),
    _kernel("6.1.2"),
    _plain("lab-broken", "1.0", "harmless"),
    _plain("lab-broken", "1.1", "fails in its postinst", 'echo "lab-broken cannot be configured" >&2\nexit 1\n'),
    _plain("lab-logins", "1.0", "harmless"),
    _plain("lab-logins", "1.1", "denies every login", _DENY_LOGINS),
    _plain("lab-boot", "1.0", "harmless"),
    _plain("lab-boot", "1.1", "takes init away", _TAKE_INIT_AWAY),
]

DEBS: dict[tuple[str, str], Deb] = {(deb.name, deb.version): deb for deb in _ALL}
"""(name, version) -> package; the versions of a name are in rising order."""

FIRST: dict[str, str] = {deb.name: deb.version for deb in reversed(_ALL)}
"""Name -> its first version, which is good for every package."""
