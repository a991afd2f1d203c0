"""The control API: what a test may see and do that no ad network would allow.

======================================  ====================================================
GET  /health                            ``{"ok": true, "networks": [...]}``
GET  /clock                             origin, tempo, campaign and real time
POST /clock                             step a clock that is held (``StepOrder``) and simulate
POST /conditions                        a dearer, worn-out or runaway market for a while
                                        (``ConditionOrder``)
POST /reviews                           disapprove every ad of a network (``ReviewOrder``)
GET/POST/DELETE /faults                 armed faults with counts; arm; clear (?network=&kind=)
GET  /objects/{network}[/{kind}]        the shelf
POST /objects                           put objects on the shelf as they are: a list of
                                        ``ShelfEntry``, all or nothing, unchecked
GET  /held/{network}                    what carries a key, in the product's words (``Held``)
GET  /truth                             true spend, present spend rate, lines
POST /accounts/{network}/{id}           put an ad account into a state (``AccountOrder``)
DELETE /limits                          rate limits begin anew, as after their real minutes
GET  /journal                           notes (?network=&after=)
GET/POST/DELETE /pages                  published pages (POST {url, html, content_type?};
                                        DELETE ?url= or all)
======================================  ====================================================

JSON only, from the loopback only. A bad request answers 400 with ``{"error": "..."}``.
"""

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from ipaddress import ip_address
from json import JSONDecodeError
from typing import Any

from pydantic import AwareDatetime, BaseModel, TypeAdapter, ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox import accounts, reviews, site
from sandbox.conditions import ConditionOrder
from sandbox.durable_world import DurableWorld
from sandbox.held import Held
from sandbox.switchboard import FaultOrder
from sandbox.world import World

Holding = Callable[[World], list[Held]]
"""What a network holds now."""

_Endpoint = Callable[[Request], Awaitable[Response]]


class ShelfEntry(BaseModel):
    """One object of POST /control/objects, in the network's own stored form."""

    network: str
    kind: str
    id: str
    value: dict[str, Any]


_ENTRIES = TypeAdapter(list[ShelfEntry])


class StepOrder(BaseModel):
    """What POST /control/clock takes: the campaign instant to step to."""

    now: AwareDatetime


class PageOrder(BaseModel):
    """What POST /control/pages takes."""

    url: str
    html: str
    content_type: str | None = None


def _from_loopback(request: Request) -> bool:
    if request.client is None:
        return False
    try:
        return ip_address(request.client.host).is_loopback
    except ValueError:
        return False


def _guarded(endpoint: _Endpoint) -> _Endpoint:
    async def guarded(request: Request) -> Response:
        if not _from_loopback(request):
            return JSONResponse({"error": "the control API serves this computer only"}, 403)
        try:
            return await endpoint(request)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, first["loc"])) or "body"
            return JSONResponse({"error": f"{where}: {first['msg']}"}, 400)
        except JSONDecodeError as error:
            return JSONResponse({"error": f"body is not JSON: {error}"}, 400)
        except ValueError as error:
            return JSONResponse({"error": str(error)}, 400)

    return guarded


def build(world: DurableWorld, networks: Mapping[str, Holding]) -> Starlette:
    """The control application over a world and the networks it serves."""

    async def health(request: Request) -> Response:
        return JSONResponse({"ok": True, "networks": list(networks)})

    async def held(request: Request) -> Response:
        network: str = request.path_params["network"]
        if network not in networks:
            raise ValueError(f"network {network!r} is not served; known: {', '.join(networks)}")
        return JSONResponse([one.row() for one in networks[network](world)])

    async def clock(request: Request) -> Response:
        line = {"origin": world.clock.origin.isoformat(), "tempo": world.clock.tempo}
        times = {"now": world.now().isoformat(), "real": datetime.now(UTC).isoformat()}
        return JSONResponse({**line, **times, "seed": world.seed})

    async def step(request: Request) -> Response:
        world.step(StepOrder.model_validate(await request.json()).now)
        return JSONResponse({"now": world.now().isoformat()})

    async def change_conditions(request: Request) -> Response:
        order = ConditionOrder.model_validate(await request.json())
        world.settle()  # what was delivered until now was delivered under the old ones
        return JSONResponse({"conditions": world.conditions.add(order)}, 201)

    async def review(request: Request) -> Response:
        order = reviews.ReviewOrder.model_validate(await request.json())
        return JSONResponse({"disapproved": reviews.disapprove(world, order)})

    async def read_faults(request: Request) -> Response:
        return JSONResponse(world.switchboard.report())

    async def arm_fault(request: Request) -> Response:
        order = FaultOrder.model_validate(await request.json())
        return JSONResponse({"number": world.switchboard.arm(order)}, 201)

    async def clear_faults(request: Request) -> Response:
        query = request.query_params
        cleared = world.switchboard.clear(query.get("network"), query.get("kind"))
        return JSONResponse({"cleared": cleared})

    async def objects(request: Request) -> Response:
        network: str = request.path_params["network"]
        kind: str | None = request.path_params.get("kind")
        if kind is not None:
            return JSONResponse(world.every(network, kind))
        kinds = world.shelf.kinds(network)
        shelf: dict[str, Any] = {each: world.every(network, each) for each in kinds}
        return JSONResponse(shelf)

    async def put_objects(request: Request) -> Response:
        entries = _ENTRIES.validate_python(await request.json())
        world.settle()  # what was spent until now was spent under the old settings
        with world.database.transaction():
            for one in entries:
                world.put(one.network, one.kind, one.id, one.value)
        return JSONResponse({"put": len(entries)}, 201)

    async def truth(request: Request) -> Response:
        return JSONResponse(world.truth())

    async def play_account(request: Request) -> Response:
        order = accounts.AccountOrder.model_validate(await request.json())
        path = request.path_params
        accounts.play(world, path["network"], path["id"], order)
        return JSONResponse(world.get(path["network"], "account", path["id"]))

    async def renew_limits(request: Request) -> Response:
        return JSONResponse({"renewed": world.renew_limits()})

    async def journal(request: Request) -> Response:
        query = request.query_params
        after = int(query.get("after", "0"))
        return JSONResponse(world.journal.read(query.get("network"), after))

    async def pages(request: Request) -> Response:
        return JSONResponse(world.every("site", "page"))

    async def publish(request: Request) -> Response:
        order = PageOrder.model_validate(await request.json())
        key = site.publish(world, order.url, order.html, order.content_type)
        return JSONResponse({"path": f"/site/{key}"}, 201)

    async def unpublish(request: Request) -> Response:
        return JSONResponse({"removed": site.unpublish(world, request.query_params.get("url"))})

    table: list[tuple[str, str, _Endpoint]] = [
        ("GET", "/health", health),
        ("GET", "/clock", clock),
        ("POST", "/clock", step),
        ("POST", "/conditions", change_conditions),
        ("POST", "/reviews", review),
        ("GET", "/faults", read_faults),
        ("POST", "/faults", arm_fault),
        ("DELETE", "/faults", clear_faults),
        ("GET", "/objects/{network}", objects),
        ("POST", "/objects", put_objects),
        ("GET", "/objects/{network}/{kind}", objects),
        ("GET", "/held/{network}", held),
        ("GET", "/truth", truth),
        ("DELETE", "/limits", renew_limits),
        ("POST", "/accounts/{network}/{id}", play_account),
        ("GET", "/journal", journal),
        ("GET", "/pages", pages),
        ("POST", "/pages", publish),
        ("DELETE", "/pages", unpublish),
    ]
    return Starlette(
        routes=[Route(path, _guarded(endpoint), methods=[verb]) for verb, path, endpoint in table]
    )
