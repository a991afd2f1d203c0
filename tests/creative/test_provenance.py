"""A file says how it was made, and nobody changes it or that unseen."""

import random
import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from io import BytesIO
from pathlib import Path
from threading import Thread

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from PIL import Image

from creative import signing_identity
from creative.footage import compose, from_still, probe
from creative.provenance import MOST_ADDED, Origin, ProvenanceRefused, Signer, check
from creative.signing_identity import TEST_ORGANISATION
from tests.creative.footage.scenes import disc, png, spec

MODEL = "gpt-image-2.5-flare"
_PEM = serialization.Encoding.PEM


def _still(kind: str) -> bytes:
    out = BytesIO()
    Image.effect_noise((120, 120), 80).convert("RGB").save(out, kind)
    return out.getvalue()


@pytest.fixture(scope="module")
def signer(tmp_path_factory: pytest.TempPathFactory) -> Signer:
    return Signer.self_signed(tmp_path_factory.mktemp("identity"))


@pytest.fixture(scope="module")
def unsigned() -> dict[str, bytes]:
    video = from_still(png(disc((90, 160))), spec((180, 320)), seconds=1)
    return {"image/jpeg": _still("JPEG"), "image/png": _still("PNG"), "video/mp4": video}


@pytest.fixture(scope="module")
def signed(signer: Signer, unsigned: dict[str, bytes]) -> dict[str, bytes]:
    return {
        kind: signer.sign(data, kind, title="ad", made_with=MODEL, ai_made=True)
        for kind, data in unsigned.items()
    }


KINDS = pytest.mark.parametrize("kind", ["image/jpeg", "image/png", "video/mp4"])


@KINDS
def test_a_signed_file_verifies_and_says_what_made_it(
    kind: str, signer: Signer, unsigned: dict[str, bytes], signed: dict[str, bytes]
) -> None:
    report = check(signed[kind], kind)
    assert (report.state, report.made_with, report.ai_made) == ("valid", MODEL, True)
    assert report.problems == ()
    assert signer.check(signed[kind], kind) == report
    assert check(signed[kind], kind, signer.anchor).state == "trusted"
    assert check(unsigned[kind], kind).state == "none"
    added = len(signed[kind]) - len(unsigned[kind])
    assert 0 < added <= MOST_ADDED


@KINDS
def test_no_byte_of_the_picture_is_changed_unseen(
    kind: str, signer: Signer, unsigned: dict[str, bytes], signed: dict[str, bytes]
) -> None:
    """The statement itself has padding, which C2PA leaves out of what is signed."""
    chance = random.Random(5)
    first = signed[kind].index(b"mdat") + 4 if kind == "video/mp4" else -len(unsigned[kind]) + 200
    for _ in range(8):
        data = bytearray(signed[kind])
        data[chance.randrange(first % len(data), len(data))] ^= 1 << chance.randrange(8)
        report = check(bytes(data), kind, signer.anchor)
        assert report.state == "invalid"
        assert report.problems
        assert (report.made_with, report.ai_made) == ("", False)


@KINDS
def test_no_word_of_the_statement_is_changed_unseen(
    kind: str, signer: Signer, signed: dict[str, bytes]
) -> None:
    for one, other in ((MODEL.encode(), b"by-hand-and-with-it"), (b"/trained", b"/natural")):
        assert len(one) == len(other)
        changed = signed[kind].replace(one, other)
        assert changed != signed[kind]
        assert check(changed, kind, signer.anchor).state == "invalid"


def test_what_writes_the_file_anew_takes_the_statement_away(signed: dict[str, bytes]) -> None:
    out = BytesIO()
    Image.open(BytesIO(signed["image/jpeg"])).save(out, "JPEG")
    assert check(out.getvalue(), "image/jpeg").state == "none"
    again = compose(signed["video/mp4"], spec((180, 320)))
    assert check(again, "video/mp4").state == "none"


def test_a_signed_video_plays_as_before(
    unsigned: dict[str, bytes], signed: dict[str, bytes]
) -> None:
    before, after = probe(unsigned["video/mp4"]), probe(signed["video/mp4"])
    assert (before.width, before.height, before.seconds) == (
        after.width, after.height, after.seconds,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("origin", "ai_made", "source"),
    [
        (None, True, b"trainedAlgorithmicMedia"),
        ("ai_composite", True, b"compositeWithTrainedAlgorithmicMedia"),
        (None, False, b"algorithmicMedia"),
        ("composite", False, b"composite"),
        ("design", False, b"digitalCreation"),
    ],
)
def test_it_says_honestly_how_the_file_came_about(
    signer: Signer, unsigned: dict[str, bytes], origin: Origin | None, ai_made: bool, source: bytes
) -> None:
    made = signer.sign(
        unsigned["image/png"], "image/png", title="ad", made_with="adflight", ai_made=ai_made,
        origin=origin,
    )  # fmt: skip
    assert b"digitalsourcetype/" + source in made
    assert check(made, "image/png").ai_made is ai_made


def test_an_origin_that_contradicts_is_refused(signer: Signer) -> None:
    with pytest.raises(ProvenanceRefused, match="origin algorithm contradicts ai_made=True"):
        signer.sign(b"", "image/png", title="", made_with="", ai_made=True, origin="algorithm")


def test_what_cannot_be_signed_is_refused(signer: Signer) -> None:
    with pytest.raises(ProvenanceRefused, match="text/html cannot be signed; use one of"):
        signer.sign(b"<html>", "text/html", title="", made_with="", ai_made=True)
    with pytest.raises(ProvenanceRefused, match="the file could not be signed"):
        signer.sign(b"no picture", "image/png", title="", made_with="", ai_made=True)


def test_rubbish_is_invalid_and_no_crash() -> None:
    report = check(b"no picture", "image/png")
    assert report.state == "invalid"
    assert report.problems


def test_the_test_identity_is_made_once_labelled_and_kept_from_others(
    tmp_path: Path, unsigned: dict[str, bytes]
) -> None:
    first, second = Signer.self_signed(tmp_path), Signer.self_signed(tmp_path)
    assert first.anchor == second.anchor is not None
    assert first.organisation == TEST_ORGANISATION
    assert "for tests" in first.organisation
    (key,) = tmp_path.glob("*/key.pem")
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert stat.S_IMODE(key.parent.stat().st_mode) == 0o700
    assert [one.name for one in tmp_path.iterdir()] == ["test-identity"]
    assert b"PRIVATE" not in repr(first._identity).encode()
    # Another installation's signature is valid here, and not trusted.
    made = first.sign(unsigned["image/png"], "image/png", title="", made_with="x", ai_made=True)
    other = Signer.self_signed(tmp_path / "other")
    assert check(made, "image/png", other.anchor).state == "valid"


def test_processes_that_begin_together_agree_on_one_test_identity(tmp_path: Path) -> None:
    with ThreadPoolExecutor(6) as pool:
        anchors = {one.anchor for one in pool.map(lambda _: Signer.self_signed(tmp_path), range(6))}
    assert len(anchors) == 1
    assert [one.name for one in tmp_path.iterdir()] == ["test-identity"]


def test_a_time_stamp_authority_is_asked_only_where_one_is_configured(
    tmp_path: Path, unsigned: dict[str, bytes]
) -> None:
    asked: list[str] = []

    class Authority(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked.append(self.headers["content-type"])
            self.send_error(503)

        def log_message(self, format: str, *args: object) -> None: ...

    files = _operator(tmp_path)
    with HTTPServer(("127.0.0.1", 0), Authority) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}"
        signer = Signer.from_files(*files, timestamps=address)
        assert asked == []
        with pytest.raises(ProvenanceRefused, match="could not be signed"):
            signer.sign(unsigned["image/png"], "image/png", title="", made_with="x", ai_made=True)
        server.shutdown()
    assert asked[:1] == ["application/timestamp-query"]


def test_an_expired_test_identity_is_made_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(signing_identity, "_TEST_DAYS", 0)
        signing_identity_files = tmp_path / "test-identity"
        with pytest.raises(ProvenanceRefused, match="expired on"):
            Signer.self_signed(tmp_path)
        old = (signing_identity_files / "ca.pem").read_bytes()
    assert Signer.self_signed(tmp_path).anchor != old


_EMAIL = ExtendedKeyUsageOID.EMAIL_PROTECTION


def _operator(
    place: Path,
    *,
    key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey | None = None,
    purpose: x509.ObjectIdentifier | None = _EMAIL,
    days: tuple[int, int] = (-1, 30),
    organisation: bool = True,
    authority: bool = False,
) -> tuple[Path, Path]:
    """A chain and a key as an operator would bring them."""
    root, own = (
        ec.generate_private_key(ec.SECP256R1()),
        key or ec.generate_private_key(ec.SECP256R1()),
    )
    now = datetime.now(UTC)

    def certificate(
        name: str, public: object, ca: bool, oid: x509.ObjectIdentifier | None, after: int
    ) -> x509.Certificate:
        names = [x509.NameAttribute(NameOID.COMMON_NAME, name)]
        if organisation:
            names.append(x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Bicycles Ltd"))
        builder = (
            x509.CertificateBuilder()
            .subject_name(x509.Name(names))
            .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Root"), *names[1:]]))
            .public_key(public)  # type: ignore[arg-type]
            .serial_number(x509.random_serial_number())
            .not_valid_before(now + timedelta(days=min(days[0], after - 1)))
            .not_valid_after(now + timedelta(days=after))
            .add_extension(x509.BasicConstraints(ca, None), critical=True)
            .add_extension(
                x509.KeyUsage(not ca, False, False, False, False, ca, ca, False, False),
                critical=True,
            )
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(root.public_key()),
                critical=False,
            )
        )
        if oid is not None:
            builder = builder.add_extension(x509.ExtendedKeyUsage([oid]), critical=False)
        return builder.sign(root, hashes.SHA256())

    top = certificate("Root", root.public_key(), True, None, 30)
    leaf = certificate("Signer", own.public_key(), authority, purpose, days[1])
    chain, private = place / "chain.pem", place / "key.pem"
    chain.write_bytes(leaf.public_bytes(_PEM) + top.public_bytes(_PEM))
    private.write_bytes(
        own.private_bytes(_PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return chain, private


@pytest.mark.parametrize("kind", ["P-256", "P-384", "Ed25519", "RSA"])
def test_an_operators_own_identity_signs(
    kind: str, tmp_path: Path, unsigned: dict[str, bytes]
) -> None:
    key = {
        "P-256": lambda: ec.generate_private_key(ec.SECP256R1()),
        "P-384": lambda: ec.generate_private_key(ec.SECP384R1()),
        "Ed25519": ed25519.Ed25519PrivateKey.generate,
        "RSA": lambda: rsa.generate_private_key(65537, 2048),
    }[kind]()
    signer = Signer.from_files(*_operator(tmp_path, key=key))
    assert signer.organisation == "Bicycles Ltd"
    made = signer.sign(
        unsigned["image/jpeg"], "image/jpeg", title="ad", made_with=MODEL, ai_made=True
    )
    assert check(made, "image/jpeg").state == "valid"


def test_unusable_identities_are_refused_by_name(tmp_path: Path) -> None:
    def refused(said: str, chain: Path, key: Path) -> None:
        with pytest.raises(ProvenanceRefused, match=said):
            Signer.from_files(chain, key)

    chain, key = _operator(tmp_path, days=(-9, -2))
    refused(r"chain\.pem: certificate '.*Signer.*' expired on 20", chain, key)
    chain, key = _operator(tmp_path, days=(4, 9))
    refused("begins on 20", chain, key)
    chain, key = _operator(tmp_path, purpose=None)
    refused(r"lacks an extended key usage .*it has none; needed: emailProtection", chain, key)
    chain, key = _operator(tmp_path, purpose=ExtendedKeyUsageOID.CODE_SIGNING)
    refused(r"it has 1\.3\.6\.1\.5\.5\.7\.3\.3; needed", chain, key)
    chain, key = _operator(tmp_path, authority=True)
    refused("is an authority's own", chain, key)
    chain, key = _operator(tmp_path, organisation=False)
    refused("has no organisation", chain, key)
    chain, key = _operator(tmp_path, key=ec.generate_private_key(ec.SECP256K1()))
    refused("the curve secp256k1 is not one of C2PA's: use P-256", chain, key)

    chain, key = _operator(tmp_path)
    (tmp_path / "other").mkdir()
    other_chain, other_key = _operator(tmp_path / "other")
    refused("is not the key of the first certificate", chain, other_key)
    refused(r"missing\.pem cannot be read: No such file", tmp_path / "missing.pem", key)
    refused(r"key\.pem holds no PEM certificates", key, key)
    refused(r"chain\.pem holds no PEM private key", chain, chain)
    leaf = x509.load_pem_x509_certificates(chain.read_bytes())[0]
    stranger = x509.load_pem_x509_certificates(other_chain.read_bytes())[1]
    chain.write_bytes(leaf.public_bytes(_PEM) + stranger.public_bytes(_PEM))
    refused("was not issued by the certificate after it", chain, key)
    chain, key = _operator(tmp_path)
    private = serialization.load_pem_private_key(key.read_bytes(), None)
    locked = serialization.BestAvailableEncryption(b"secret")
    key.write_bytes(private.private_bytes(_PEM, serialization.PrivateFormat.PKCS8, locked))
    refused("is encrypted", chain, key)
