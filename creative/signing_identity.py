"""Who signs: a certificate chain and its key, looked at before anything is signed with them."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes, PublicKeyTypes
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from creative.provenance_refusal import ProvenanceRefused

TEST_ORGANISATION = "Adflight test identity (for tests, trusted by nobody)"

_TEST_DAYS = 5 * 365
_FOR_SIGNING = {
    ExtendedKeyUsageOID.EMAIL_PROTECTION,
    x509.ObjectIdentifier("1.3.6.1.5.5.7.3.36"),  # documents, RFC 9336
    x509.ObjectIdentifier("1.3.6.1.4.1.62558.2.1"),  # C2PA's own claim signing
}
"""Extended key usages with which C2PA lets a certificate sign (C2PA 2.2, section 14.5.1)."""
_LEAST_RSA_BITS = 2048
_CHAIN, _KEY, _ANCHOR = "chain.pem", "key.pem", "ca.pem"


@dataclass(frozen=True, slots=True)
class Identity:
    """A usable pair: PEM chain (signer first), PEM key (PKCS #8), C2PA's name of the algorithm,
    and the organisation in the certificate."""

    chain: bytes
    key: bytes = field(repr=False)
    algorithm: str
    organisation: str


def load(chain: Path, key: Path, *, now: datetime | None = None) -> Identity:
    """Read and examine an identity.

    Raises:
        ProvenanceRefused: names the file and what is wrong with it.
    """
    certificates = _certificates(chain)
    private = _private(key)
    leaf = certificates[0]
    moment = now or datetime.now(UTC)
    for certificate in certificates:
        _in_time(chain, certificate, moment)
    if _spki(leaf.public_key()) != _spki(private.public_key()):
        raise ProvenanceRefused(
            f"{key} is not the key of the first certificate in {chain}: put the signer's own "
            "certificate first, then its issuers"
        )
    _may_sign(chain, leaf)
    for one, issuer in pairwise(certificates):
        try:
            one.verify_directly_issued_by(issuer)
        except (ValueError, TypeError, InvalidSignature):
            raise ProvenanceRefused(
                f"{chain}: {_named(one)} was not issued by the certificate after it, "
                f"{_named(issuer)}: order them from the signer to the root"
            ) from None
    names = leaf.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
    if not names:
        raise ProvenanceRefused(
            f"{chain}: {_named(leaf)} has no organisation (O): C2PA shows it as the signer"
        )
    return Identity(
        chain=b"".join(one.public_bytes(serialization.Encoding.PEM) for one in certificates),
        key=private.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ),
        algorithm=_algorithm(key, private),
        organisation=str(names[0].value),
    )


def self_signed(directory: Path) -> tuple[Identity, Path]:
    """The test identity of an installation, made at first use, and its CA's certificate to trust.

    Its name says that it is for tests. The CA's own key is thrown away.

    Raises:
        ProvenanceRefused: the files there cannot be used.
    """
    home = directory / "test-identity"
    directory.mkdir(parents=True, exist_ok=True)
    with _alone(directory):
        if not home.is_dir() or _expired(home / _CHAIN):
            fresh = Path(tempfile.mkdtemp(prefix=".test-identity-", dir=directory))
            try:
                _write(fresh)
                shutil.rmtree(home, ignore_errors=True)
                fresh.rename(home)
            finally:
                shutil.rmtree(fresh, ignore_errors=True)
        return load(home / _CHAIN, home / _KEY), home / _ANCHOR


@contextmanager
def _alone(directory: Path) -> Generator[None]:
    """One process and thread at a time: those that begin together share one identity."""
    handle = os.open(directory, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _certificates(chain: Path) -> list[x509.Certificate]:
    try:
        found = x509.load_pem_x509_certificates(chain.read_bytes())
    except OSError as error:
        raise ProvenanceRefused(f"{chain} cannot be read: {error.strerror}") from None
    except ValueError:
        raise ProvenanceRefused(f"{chain} holds no PEM certificates") from None
    if not found:
        raise ProvenanceRefused(f"{chain} holds no PEM certificates")
    return found


def _private(key: Path) -> PrivateKeyTypes:
    try:
        return serialization.load_pem_private_key(key.read_bytes(), password=None)
    except OSError as error:
        raise ProvenanceRefused(f"{key} cannot be read: {error.strerror}") from None
    except TypeError:
        raise ProvenanceRefused(
            f"{key} is encrypted: store it without a passphrase where only the worker reads it"
        ) from None
    except ValueError:
        raise ProvenanceRefused(f"{key} holds no PEM private key") from None


def _in_time(chain: Path, certificate: x509.Certificate, moment: datetime) -> None:
    first, last = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    if moment > last:
        raise ProvenanceRefused(f"{chain}: {_named(certificate)} expired on {last:%Y-%m-%d}")
    if moment < first:
        raise ProvenanceRefused(f"{chain}: {_named(certificate)} begins on {first:%Y-%m-%d} only")


def _may_sign(chain: Path, leaf: x509.Certificate) -> None:
    extensions = leaf.extensions
    try:
        if extensions.get_extension_for_class(x509.BasicConstraints).value.ca:
            raise ProvenanceRefused(
                f"{chain}: {_named(leaf)} is an authority's own (CA): C2PA takes an end entity's"
            )
    except x509.ExtensionNotFound:
        pass
    try:
        purposes = set(extensions.get_extension_for_class(x509.ExtendedKeyUsage).value)
    except x509.ExtensionNotFound:
        purposes = set[x509.ObjectIdentifier]()
    if not purposes & _FOR_SIGNING:
        listed = ", ".join(sorted(one.dotted_string for one in purposes)) or "none"
        raise ProvenanceRefused(
            f"{chain}: {_named(leaf)} lacks an extended key usage for content credentials (it has "
            f"{listed}; needed: emailProtection, documentSigning or C2PA claim signing)"
        )
    try:
        signs = extensions.get_extension_for_class(x509.KeyUsage).value.digital_signature
    except x509.ExtensionNotFound:
        signs = False
    if not signs:
        raise ProvenanceRefused(f"{chain}: {_named(leaf)} lacks the key usage digitalSignature")


def _algorithm(path: Path, key: PrivateKeyTypes) -> str:
    if isinstance(key, ec.EllipticCurvePrivateKey):
        curves = {"secp256r1": "es256", "secp384r1": "es384", "secp521r1": "es512"}
        if key.curve.name in curves:
            return curves[key.curve.name]
        raise ProvenanceRefused(
            f"{path}: the curve {key.curve.name} is not one of C2PA's: use P-256"
        )
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return "ed25519"
    if isinstance(key, rsa.RSAPrivateKey):
        if key.key_size < _LEAST_RSA_BITS:
            raise ProvenanceRefused(
                f"{path} has {key.key_size} bits of RSA, the minimum is {_LEAST_RSA_BITS}"
            )
        return "ps256"
    raise ProvenanceRefused(f"{path} is of a kind C2PA does not sign with: use EC P-256")


def _spki(key: PublicKeyTypes) -> bytes:
    return key.public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def _named(certificate: x509.Certificate) -> str:
    return f"certificate {certificate.subject.rfc4514_string()!r}"


def _expired(chain: Path) -> bool:
    last = min(one.not_valid_after_utc for one in _certificates(chain))
    return datetime.now(UTC) > last


def _write(home: Path) -> None:
    authority, signer = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    ca = _certificate("Adflight test authority", authority, None, authority)
    leaf = _certificate("Adflight test signer", signer, ca, authority)
    pem = serialization.Encoding.PEM
    (home / _CHAIN).write_bytes(leaf.public_bytes(pem) + ca.public_bytes(pem))
    (home / _ANCHOR).write_bytes(ca.public_bytes(pem))
    private = signer.private_bytes(
        pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    # Never readable by others, not even between being made and being closed.
    handle = os.open(home / _KEY, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as out:
        out.write(private)
    home.chmod(0o700)


def _certificate(
    name: str,
    key: ec.EllipticCurvePrivateKey,
    issuer: x509.Certificate | None,
    issued_with: ec.EllipticCurvePrivateKey,
) -> x509.Certificate:
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.COMMON_NAME, name),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, TEST_ORGANISATION),
        ]
    )
    authority = issuer is None
    start = datetime.now(UTC) - timedelta(days=1)
    usage = x509.KeyUsage(
        digital_signature=not authority, key_cert_sign=authority, crl_sign=authority,
        content_commitment=False, key_encipherment=False, data_encipherment=False,
        key_agreement=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject if issuer is None else issuer.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=_TEST_DAYS))
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issued_with.public_key()),
            critical=False,
        )
    )
    if not authority:
        purposes = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION])
        builder = builder.add_extension(purposes, critical=False)
    return builder.sign(issued_with, hashes.SHA256())
