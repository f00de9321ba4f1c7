"""Signs the repository's Release files with a throw-away key that lives and dies with the lab."""

from __future__ import annotations

import shutil
from pathlib import Path

from lab.programs import run

USER = "Patchring Lab (throw-away key)"


class SigningKey:
    """An Ed25519 key of GnuPG in a folder of its own; made when the folder has none, or half of one.

    `public` is the file with the public key, in the form that apt's keyrings have.
    """

    def __init__(self, home: Path) -> None:
        self.home, self.public = home, home / "public.gpg"
        if not self.public.exists():
            shutil.rmtree(home, ignore_errors=True)
            home.mkdir(mode=0o700, parents=True)
            self._gpg("--passphrase", "", "--quick-generate-key", USER, "ed25519", "sign", "never")
            self._gpg("--output", str(home / "public.new"), "--export")
            (home / "public.new").rename(self.public)

    def clearsign(self, source: Path, target: Path) -> None:
        self._gpg("--digest-algo", "SHA512", "--output", str(target), "--clearsign", str(source))

    def _gpg(self, *arguments: str) -> None:
        """GnuPG starts an agent of its own accord; it is ended right away, so that nothing stays behind."""
        try:
            run(
                [
                    "gpg",
                    "--homedir",
                    self.home,
                    "--batch",
                    "--yes",
                    "--quiet",
                    "--pinentry-mode",
                    "loopback",
                    *arguments,
                ]
            )
        finally:
            run(["gpgconf", "--homedir", self.home, "--kill", "gpg-agent"])
