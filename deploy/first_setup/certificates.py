"""A certificate authority of the set's own, and the certificates of servers that it issues.

Each is a PEM text. A server has its key, its certificate and the authority's in one text, as Kafka, PostgreSQL and
HAProxy read them.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from typing import Final, NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from shared.operator_errors import OperatorError

AUTHORITY_VALID: Final = timedelta(days=3653)
# The longest that browsers accept is 398 days.
SERVER_VALID: Final = timedelta(days=397)
_CLOCK_SKEW: Final = timedelta(hours=1)


class CertificateError(OperatorError):
    """A key or certificate cannot be used."""


class Authority(NamedTuple):
    """The key and the certificate of an authority, both PEM."""

    key: str
    certificate: str


def new_key() -> str:
    """Return an EC key (P-256) as PEM, PKCS #8, not encrypted."""
    return _pem(ec.generate_private_key(ec.SECP256R1()))


def new_authority(key: str, name: str, now: datetime) -> Authority:
    """Return an authority that signs for servers alone. CertificateError for a key of another kind."""
    private, subject = _read_key(key), _common_name(name)
    certificate = (
        _builder(subject, private, now, AUTHORITY_VALID)
        .issuer_name(subject)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(private, hashes.SHA256())
    )
    return Authority(key, certificate.public_bytes(Encoding.PEM).decode())


def issue(authority: Authority, names: Sequence[str], now: datetime) -> str:
    """Return key, certificate and authority of a server with these host names and addresses, the first its own name.

    CertificateError if the authority's key is not that of its certificate, or cannot be read.
    """
    private, signer = ec.generate_private_key(ec.SECP256R1()), _read_key(authority.key)
    parent = read_certificate(authority.certificate)
    if parent.public_key() != signer.public_key():
        raise CertificateError("不是机构证书的密钥 / is not the key of the authority's certificate")
    certificate = (
        _builder(_common_name(names[0]), private, now, SERVER_VALID)
        .issuer_name(parent.subject)
        .add_extension(x509.SubjectAlternativeName([_general_name(name) for name in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
        .sign(signer, hashes.SHA256())
    )
    return _pem(private) + certificate.public_bytes(Encoding.PEM).decode() + authority.certificate


def read_certificate(pem: str) -> x509.Certificate:
    """Return the first certificate of a text. CertificateError if there is none."""
    return read_certificates(pem)[0]


def read_certificates(pem: str) -> list[x509.Certificate]:
    """Return all certificates of a text. CertificateError if there is none."""
    try:
        return x509.load_pem_x509_certificates(pem.encode())
    except ValueError as error:
        raise CertificateError(f"没有可读的证书 / has no certificate that can be read: {error}") from error


def valid_until(pem: str) -> datetime:
    """Return the end of the first certificate, UTC. CertificateError if there is none."""
    return read_certificate(pem).not_valid_after_utc


def _builder(
    subject: x509.Name, private: ec.EllipticCurvePrivateKey, now: datetime, valid: timedelta
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now.astimezone(UTC) - _CLOCK_SKEW)
        .not_valid_after(now.astimezone(UTC) - _CLOCK_SKEW + valid)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(private.public_key()), critical=False)
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _common_name(name: str) -> x509.Name:
    longest = 64  # X.520; the names that clients compare are in another field
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:longest])])


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _read_key(pem: str) -> ec.EllipticCurvePrivateKey:
    try:
        key = load_pem_private_key(pem.encode(), None)
    except (ValueError, TypeError) as error:
        raise CertificateError(f"机构密钥无法读取 / cannot be read as a key: {error}") from error
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise CertificateError("机构密钥须为 EC / must be an EC key")
    return key


def _pem(key: ec.EllipticCurvePrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
