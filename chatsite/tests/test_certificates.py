"""The development certificates: who can read them, and who believes them."""

import datetime
import socket
import ssl
import stat
import threading
from pathlib import Path

import pytest
import time_machine
from cryptography import x509

from chatsite.certificates import Certificates, ensure_certificates
from load_testing.servers import clean_environment
from tests.server import manage


def shake_hands(files: Certificates, host: str) -> None:
    """Connects a strict client that trusts only the CA to a server with the certificate."""
    accepting = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    accepting.load_cert_chain(files.server, files.server_key)
    trusting = ssl.create_default_context(cafile=files.ca)
    # What Python 3.13 and later switch on by themselves.
    trusting.verify_flags |= ssl.VERIFY_X509_STRICT | ssl.VERIFY_X509_PARTIAL_CHAIN
    here, there = socket.socketpair()
    server = threading.Thread(target=_accept, args=[accepting, there])
    server.start()
    try:
        with trusting.wrap_socket(here, server_hostname=host) as client:
            assert client.recv(1) == b"."
    finally:
        here.close()
        server.join()


def _accept(context: ssl.SSLContext, there: socket.socket) -> None:
    with there:
        try:
            with context.wrap_socket(there, server_side=True) as connection:
                connection.sendall(b".")
        except OSError:
            pass


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "::1", "chat.test", "a.b.test"])
def test_a_strict_client_believes_every_name_of_the_server(tmp_path: Path, host: str) -> None:
    shake_hands(ensure_certificates(tmp_path, ["chat.test", ".b.test", "*", "0.0.0.0"]), host)


def test_a_client_does_not_believe_another_name(tmp_path: Path) -> None:
    with pytest.raises(ssl.SSLCertVerificationError, match="doesn't match|not valid for"):
        shake_hands(ensure_certificates(tmp_path, []), "example.org")


def test_a_client_that_trusts_another_ca_does_not_believe_it(tmp_path: Path) -> None:
    ours = ensure_certificates(tmp_path / "ours", [])
    other = ensure_certificates(tmp_path / "other", [])
    mixed = Certificates(other.ca, other.ca_key, ours.server, ours.server_key)
    with pytest.raises(ssl.SSLCertVerificationError):
        shake_hands(mixed, "localhost")


def test_only_the_owner_can_read_the_keys(tmp_path: Path) -> None:
    files = ensure_certificates(tmp_path, [])
    assert stat.S_IMODE(files.ca_key.stat().st_mode) == 0o600
    assert stat.S_IMODE(files.server_key.stat().st_mode) == 0o600
    assert stat.S_IMODE(files.ca.stat().st_mode) == 0o644


def test_they_are_made_once(tmp_path: Path) -> None:
    files = ensure_certificates(tmp_path, [])
    before = [file.read_bytes() for file in (files.ca, files.server, files.server_key)]
    ensure_certificates(tmp_path, [])
    assert [file.read_bytes() for file in (files.ca, files.server, files.server_key)] == before


def test_a_new_host_name_gets_a_new_server_certificate_under_the_same_ca(tmp_path: Path) -> None:
    ca = ensure_certificates(tmp_path, []).ca.read_bytes()
    files = ensure_certificates(tmp_path, ["chat.test"])
    assert files.ca.read_bytes() == ca
    shake_hands(files, "chat.test")


def test_a_server_certificate_is_renewed_before_it_ends(tmp_path: Path) -> None:
    first = ensure_certificates(tmp_path, []).server.read_bytes()
    lifetime = x509.load_pem_x509_certificate(first)
    assert lifetime.not_valid_after_utc - lifetime.not_valid_before_utc <= datetime.timedelta(825)
    with time_machine.travel(lifetime.not_valid_after_utc - datetime.timedelta(days=31)):
        assert ensure_certificates(tmp_path, []).server.read_bytes() == first
    with time_machine.travel(lifetime.not_valid_after_utc - datetime.timedelta(days=29)):
        assert ensure_certificates(tmp_path, []).server.read_bytes() != first


def test_a_ca_without_its_key_is_made_anew_with_all_that_it_signed(tmp_path: Path) -> None:
    files = ensure_certificates(tmp_path, [])
    files.ca_key.unlink()
    shake_hands(ensure_certificates(tmp_path, []), "localhost")


def test_devcert_prints_the_path_of_the_ca_and_nothing_else(tmp_path: Path) -> None:
    printed = manage(clean_environment(tmp_path), "devcert")
    assert printed == f"{tmp_path / 'ca.pem'}\n"
    assert "BEGIN CERTIFICATE" in (tmp_path / "ca.pem").read_text()
