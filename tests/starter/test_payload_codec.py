"""What Temporal keeps is sealed: histories hold no plain word, and only our keys open them."""

import base64
import json
from uuid import uuid4

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from temporalio import workflow
from temporalio.api.common.v1 import Payload
from temporalio.client import Client, WorkflowFailureError
from temporalio.exceptions import ApplicationError
from temporalio.worker import Worker

from models.sealing import Keyring, NoKey, UnknownKey, Unreadable, new_key
from models.settings import Settings
from starter.codec_server import create_app
from starter.payload_codec import ENCODING, SealedPayloads, data_converter, payloads_to_json
from tests.stack import TeamUnderTest

SECRET = "a budget nobody else may read"


def ring(*names: str) -> Keyring:
    return Keyring({name: name.encode().ljust(32, b".") for name in names}, names[-1])


@given(st.binary(), st.dictionaries(st.text(), st.binary(), max_size=3))
async def test_any_payload_comes_back_as_it_was(data: bytes, metadata: dict[str, bytes]) -> None:
    payload = Payload(data=data, metadata=metadata)
    (sealed,) = await SealedPayloads(ring("old")).encode([payload])
    assert sealed.metadata["encoding"] == ENCODING
    assert await SealedPayloads(ring("old", "new")).decode([sealed]) == [payload]


async def test_what_is_plain_is_read_and_what_was_changed_is_not() -> None:
    codec = SealedPayloads(ring("one"))
    plain = Payload(metadata={"encoding": b"json/plain"}, data=b'"from the web interface"')
    assert await codec.decode([plain]) == [plain]
    (sealed,) = await codec.encode([plain])
    broken = Payload(metadata=sealed.metadata, data=sealed.data[:-1] + bytes([sealed.data[-1] ^ 1]))
    with pytest.raises(Unreadable):
        await codec.decode([broken])
    with pytest.raises(UnknownKey, match=r"'one'.*not set here"):
        await SealedPayloads(ring("two")).decode([sealed])
    with pytest.raises(NoKey, match="adflight keys new"):
        await SealedPayloads(Keyring({}, "")).encode([plain])


@workflow.defn(name="sealed-story", sandboxed=False)
class SealedStory:
    """Takes an argument and a signal, and fails quoting both."""

    def __init__(self) -> None:
        self._said: str | None = None

    @workflow.signal
    async def say(self, word: str) -> None:
        self._said = word

    @workflow.run
    async def run(self, word: str) -> str:
        await workflow.wait_condition(lambda: self._said is not None)
        if self._said == "fail":
            raise ApplicationError(f"cannot do {word}", non_retryable=True)
        return f"{word}, {self._said}"


async def test_a_history_holds_no_plain_word_and_the_web_interface_can_still_talk(
    team: TeamUnderTest,
) -> None:
    address = team.client.service_client.config.target_host
    ours = await Client.connect(address, data_converter=data_converter(ring("one")))
    stranger = await Client.connect(address)
    queue = f"sealed-{uuid4()}"
    async with Worker(ours, task_queue=queue, workflows=[SealedStory]):
        for said in ("done", "fail"):
            handle = await ours.start_workflow(
                "sealed-story", SECRET, id=f"sealed-{uuid4()}", task_queue=queue
            )
            # As the Web UI and the stock CLI send it: plain JSON.
            await stranger.get_workflow_handle(handle.id).signal("say", said)
            if said == "done":
                assert await handle.result() == f"{SECRET}, done"
            else:
                with pytest.raises(WorkflowFailureError) as failed:
                    await handle.result()
                assert SECRET in str(failed.value.cause)
            history = (await stranger.get_workflow_handle(handle.id).fetch_history()).to_json()
            assert SECRET not in history
            assert base64.b64encode(SECRET.encode()).decode()[:-4] not in history
            assert base64.b64encode(ENCODING).decode() in history


async def test_the_codec_server_opens_for_this_computer_and_the_web_interface_alone() -> None:
    key = new_key()
    settings = Settings(ENCRYPTION_KEY=key, ui_url="http://127.0.0.1:8233")  # type: ignore[call-arg]
    app = create_app(settings)
    plain = Payload(metadata={"encoding": b"json/plain"}, data=json.dumps(SECRET).encode())
    codec = SealedPayloads(settings.keyring)
    sealed = payloads_to_json(await codec.encode([plain]))

    def web(client: str = "127.0.0.1", host: str = "127.0.0.1:8720") -> httpx.AsyncClient:
        transport = httpx.ASGITransport(app=app, client=(client, 5000))
        return httpx.AsyncClient(transport=transport, base_url=f"http://{host}")

    async with web() as near:
        opened = await near.post("/decode", json=sealed, headers={"origin": settings.ui_url})
        assert opened.json() == payloads_to_json([plain])
        assert opened.headers["access-control-allow-origin"] == settings.ui_url
        elsewhere = await near.post(
            "/decode", json=sealed, headers={"origin": "https://elsewhere.example"}
        )
        assert "access-control-allow-origin" not in elsewhere.headers
        again = await near.post("/encode", json=opened.json())
        assert SECRET not in again.text
        assert (await near.post("/decode", json=again.json())).json() == opened.json()
        for body in (b"{", b'{"payloads": 3}', b"\xff"):
            bad = await near.post("/decode", content=body)
            assert bad.status_code == 400
            assert list(bad.json()) == ["error"]
        foreign = payloads_to_json(await SealedPayloads(ring("theirs")).encode([plain]))
        refused = await near.post("/decode", json=foreign)
        assert refused.status_code == 400
        assert "'theirs'" in refused.json()["error"]
    for far in (web(client="192.0.2.7"), web(host="rebound.example:8720")):
        async with far:
            assert (await far.post("/decode", json=sealed)).status_code == 403
