"""Putting many objects on the shelf at once, for benchmarks."""

from tests.sandbox_server import Sandbox

pytest_plugins = ["tests.sandbox_server"]


def entry(object_id: str, **value: object) -> dict[str, object]:
    return {"network": "x", "kind": "card", "id": object_id, "value": {"id": object_id, **value}}


def test_objects_are_put_together_or_not_at_all(sandbox: Sandbox) -> None:
    """A later put replaces an object; one bad entry keeps all of them away."""
    answer = sandbox.control.post("/objects", json=[entry("one"), entry("two")])
    assert answer.json() == {"put": 2}
    sandbox.control.post("/objects", json=[entry("two", name="again")])

    refused = sandbox.control.post("/objects", json=[entry("three"), {"network": "x"}])

    assert refused.status_code == 400
    assert "1.kind" in refused.json()["error"]
    assert sandbox.control.get("/objects/x/card").json() == [
        {"id": "one"},
        {"id": "two", "name": "again"},
    ]
