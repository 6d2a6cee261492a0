"""A certificate authority and a server certificate for development.

The official SDKs refuse plain HTTP, even to localhost, so a development server needs TLS. Clients
trust the CA certificate (`ca.pem` in the data folder), which remains the same when the server
certificate is renewed.
"""

import datetime
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from django.conf import settings

from chatsite.private_files import replace_private_file

CA_LIFE = datetime.timedelta(days=3650)
# Browsers refuse server certificates with a longer lifetime.
SERVER_LIFE = datetime.timedelta(days=825)
RENEW_BEFORE = datetime.timedelta(days=30)
# The clocks of other machines may be behind.
BACKDATED = datetime.timedelta(hours=1)

_WILDCARDS = {"*", "0.0.0.0", "::"}  # noqa: S104 - never part of a certificate


@dataclass(frozen=True)
class Certificates:
    """The paths of the files. Clients trust `ca`; the server uses `server`."""

    ca: Path
    ca_key: Path
    server: Path
    server_key: Path

    @classmethod
    def inside(cls, data: Path) -> "Certificates":
        """The paths in a data folder."""
        tls = data / "tls"
        return cls(data / "ca.pem", tls / "ca.key", tls / "server.pem", tls / "server.key")


def ensure_certificates(data: Path, hosts: Sequence[str]) -> Certificates:
    """Creates certificates that are missing or expire soon.

    `hosts` are names and addresses for the server certificate, in addition to the loopback ones.
    """
    files = Certificates.inside(data)
    files.server.parent.mkdir(parents=True, exist_ok=True)
    names = alternative_names(hosts)
    if not _is_usable(files.ca, files.ca_key):
        _make_authority(files)
        _make_server_certificate(files, names)
    elif not _is_usable(files.server, files.server_key) or not _covers(files.server, names):
        _make_server_certificate(files, names)
    return files


def ensure_for_settings() -> Certificates:
    """`ensure_certificates` for all host names of this installation."""
    public = urlsplit(settings.CHATSITE_PUBLIC_URL).hostname
    hosts = [settings.CHATSITE_HOST, str(public), *settings.CHATSITE_ALLOWED_HOSTS]
    return ensure_certificates(settings.CHATSITE_DATA, hosts)


def alternative_names(hosts: Sequence[str]) -> list[x509.GeneralName]:
    """The names of the server certificate: the loopback names, then `hosts`."""
    wanted = ["localhost", ".localhost", "127.0.0.1", "::1"]
    wanted += [host for host in hosts if host not in _WILDCARDS and host not in wanted]
    return [_general_name(host) for host in wanted]


def _general_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host.strip("[]")))
    except ValueError:
        # Django's notation for a domain and its subdomains.
        return x509.DNSName(f"*{host}" if host.startswith(".") else host)


def _is_usable(certificate: Path, key: Path) -> bool:
    if not certificate.exists() or not key.exists():
        return False
    now = datetime.datetime.now(datetime.UTC)
    return _load(certificate).not_valid_after_utc - now > RENEW_BEFORE


def _covers(certificate: Path, names: Sequence[x509.GeneralName]) -> bool:
    extension = _load(certificate).extensions.get_extension_for_class(x509.SubjectAlternativeName)
    return set(names) <= set(extension.value)


def _load(certificate: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(certificate.read_bytes())


def _make_authority(files: Certificates) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name("chatsite development CA")
    usage = _key_usage(key_cert_sign=True, crl_sign=True)
    certificate = (
        _builder(name, name, key.public_key(), CA_LIFE)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(_authority_key_identifier(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    _write_key(files.ca_key, key)
    _write_certificate(files.ca, certificate)


def _make_server_certificate(files: Certificates, names: Sequence[x509.GeneralName]) -> None:
    authority = _load(files.ca)
    signer = serialization.load_pem_private_key(files.ca_key.read_bytes(), password=None)
    if not isinstance(signer, ec.EllipticCurvePrivateKey):
        raise ValueError(f"{files.ca_key} is not the private key of {files.ca}. Delete both.")
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = (
        _builder(_name("chatsite development server"), authority.subject, key.public_key())
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(digital_signature=True), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(_authority_key_identifier(signer.public_key()), critical=False)
        .sign(signer, hashes.SHA256())
    )
    _write_key(files.server_key, key)
    _write_certificate(files.server, certificate)


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePublicKey,
    life: datetime.timedelta = SERVER_LIFE,
) -> x509.CertificateBuilder:
    begin = datetime.datetime.now(datetime.UTC) - BACKDATED
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(begin + life)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _authority_key_identifier(key: ec.EllipticCurvePublicKey) -> x509.AuthorityKeyIdentifier:
    return x509.AuthorityKeyIdentifier.from_issuer_public_key(key)


def _key_usage(
    *, digital_signature: bool = False, key_cert_sign: bool = False, crl_sign: bool = False
) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=digital_signature,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=key_cert_sign,
        crl_sign=crl_sign,
        encipher_only=False,
        decipher_only=False,
    )


def _write_key(path: Path, key: ec.EllipticCurvePrivateKey) -> None:
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    replace_private_file(path, pem)


def _write_certificate(path: Path, certificate: x509.Certificate) -> None:
    replace_private_file(path, certificate.public_bytes(serialization.Encoding.PEM))
    # Readable for all users of the machine, so that their clients can trust it.
    path.chmod(0o644)
