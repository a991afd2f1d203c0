"""Where secrets are looked up: environment, files, sources of one's own (N1, N13, C35)."""

import json
import logging
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from models.contract.account import AdAccount
from models.contract.vocabulary import Platform
from platforms.credentials import (
    ByReference,
    EnvironmentSecrets,
    FileSecrets,
    own_source,
    resolve,
)
from platforms.errors import AccessDenied
from platforms.network import Secret

WANTED = (
    Secret("access_token", ("ACCESS_TOKEN", "TOKEN")),
    Secret("app_secret", ("APP_SECRET",)),
    Secret("extra", ("EXTRA",), required=False),
)
VALUES = {"access_token": "EAAB-secret-one", "app_secret": "secret-two"}
SOURCE = ByReference({"env": EnvironmentSecrets(), "file": FileSecrets()})


def account(ref: str) -> AdAccount:
    return AdAccount(
        id=uuid4(), team_id=uuid4(), platform=Platform.META, name="nets", external_id="1",
        credentials_ref=ref,
    )  # fmt: skip


@pytest.fixture
def shared() -> Iterator[Path]:
    """A folder that everybody on the machine can reach."""
    folder = Path(tempfile.mkdtemp(dir="/tmp"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def document(path: Path, content: str, mode: int = 0o600) -> Path:
    path.write_text(content)
    path.chmod(mode)
    return path


async def refusal(ref: str) -> str:
    with pytest.raises(AccessDenied) as caught:
        await SOURCE.of(account(ref), WANTED)
    for value in VALUES.values():
        assert value not in str(caught.value)
    return caught.value.message


@pytest.mark.parametrize("ref", ["META_ACCOUNT_2", "env:META_ACCOUNT_2"])
async def test_a_prefix_of_the_environment(ref: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("META_ACCOUNT_2_TOKEN", VALUES["access_token"])
    assert "credential META_ACCOUNT_2_APP_SECRET is not set" in await refusal(ref)
    monkeypatch.setenv("META_ACCOUNT_2_APP_SECRET", VALUES["app_secret"])
    assert await SOURCE.of(account(ref), WANTED) == VALUES
    assert resolve(account(ref), WANTED) == VALUES


async def test_a_file_with_a_json_object(shared: Path) -> None:
    path = document(shared / "meta.json", json.dumps(VALUES))
    assert await SOURCE.of(account(f"file:{path}"), WANTED) == VALUES
    # Read anew each time: a mounted secret may be replaced while we run.
    document(path, json.dumps({"TOKEN": "new", "APP_SECRET": "newer", "extra": "e"}))
    found = await SOURCE.of(account(f"file:{path}"), WANTED)
    assert found == {"access_token": "new", "app_secret": "newer", "extra": "e"}


async def test_a_folder_with_a_file_a_secret(shared: Path) -> None:
    """As Kubernetes mounts it: links into a dated folder beside them."""
    dated = shared / "..2026_11_21"
    dated.mkdir()
    for name, value in VALUES.items():
        document(dated / name, f"{value}\n", 0o400)
        (shared / name).symlink_to(dated / name)
    assert await SOURCE.of(account(f"file:{shared}"), WANTED) == VALUES
    (shared / "app_secret").unlink()
    assert "app_secret is missing there" in await refusal(f"file:{shared}")


async def test_a_file_that_others_can_read_is_refused(shared: Path) -> None:
    path = document(shared / "meta.json", json.dumps(VALUES), 0o644)
    said = await refusal(f"file:{path}")
    assert f"at file:{path}: meta.json can be read by others" in said
    assert "chmod o-rwx" in said
    folder = shared / "secrets"
    folder.mkdir()
    document(folder / "access_token", VALUES["access_token"], 0o604)
    assert "access_token can be read by others" in await refusal(f"file:{folder}")
    # Nobody else comes into a closed folder, whatever stands in it.
    shared.chmod(0o700)  # noqa: ASYNC240
    assert await SOURCE.of(account(f"file:{path}"), WANTED) == VALUES


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("EAAB-secret-one", "it holds no JSON"),
        ('["EAAB-secret-one"]', "it holds no JSON object"),
        ('{"access_token": "EAAB-secret-one"}', "app_secret is missing there"),
    ],
)
async def test_a_file_that_says_nothing(content: str, said: str, shared: Path) -> None:
    assert said in await refusal(f"file:{document(shared / 'meta.json', content)}")


async def test_a_file_that_is_not_there(shared: Path) -> None:
    assert "there is no such file" in await refusal(f"file:{shared}/none.json")


async def test_a_reference_nobody_knows() -> None:
    said = await refusal("vault:ads/meta")
    assert "at 'vault:ads/meta', which this process cannot look up; it knows env:, file:" in said


async def test_a_source_of_ones_own_is_one_class(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "our_vault.py").write_text(
        "class Vault:\n"
        "    async def of(self, account, wanted):\n"
        "        path = account.credentials_ref.removeprefix('vault:')\n"
        "        return {one.name: f'{path}/{one.name}' for one in wanted}\n"
        "    async def keep(self, account, secret, value):\n"
        "        pass\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    source = ByReference({"vault": own_source("our_vault:Vault")})
    found = await source.of(account("vault:ads"), WANTED)
    assert found["access_token"] == "ads/access_token"
    for path in ("our_vault:Nothing", "no_such_module:Vault", "our_vault"):
        with pytest.raises(ValueError, match=f"names '{path}'.*give module:Class"):
            own_source(path)
    sys.modules.pop("our_vault", None)


async def test_a_secret_that_cannot_be_stored_is_told_without_its_value(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.WARNING):
        await SOURCE.keep(account("META"), WANTED[0], "EAAB-secret-three")
        await SOURCE.keep(account("file:/run/secrets/meta"), WANTED[0], "EAAB-secret-three")
    assert "update META_ACCESS_TOKEN" in caplog.text
    assert "update file:/run/secrets/meta" in caplog.text
    assert "secret-three" not in caplog.text
    assert os.environ.get("META_ACCESS_TOKEN") != "EAAB-secret-three"
