"""The certificate of the agents' listener: made by the server for itself, and pinned by agents by its fingerprint.

Agents learn the fingerprint from their enrolment token, so no authority outside has to be trusted or renewed.
"""

import hashlib
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from patchring.serve.secrets import SecretFolder

VALIDITY = timedelta(days=3650)


def ensure_certificate(home: Path, secrets: SecretFolder, now: datetime) -> tuple[Path, Path]:
    """The certificate's and the key's files (PEM), made when missing."""
    certificate_file, key_file = home / "agents.crt", secrets.file("agents.key")
    if certificate_file.exists() and key_file.exists():
        return certificate_file, key_file
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Patchring agents' listener")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + VALIDITY)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .sign(key, SHA256())
    )
    secrets.write("agents.key", key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode())
    certificate_file.write_bytes(certificate.public_bytes(Encoding.PEM))
    return certificate_file, key_file


def fingerprint(certificate_file: Path) -> str:
    """SHA-256 over the certificate's DER bytes, in hexadecimal: what a token carries and an agent pins."""
    certificate = x509.load_pem_x509_certificate(certificate_file.read_bytes())
    return hashlib.sha256(certificate.public_bytes(Encoding.DER)).hexdigest()
