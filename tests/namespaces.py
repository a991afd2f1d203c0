"""A namespace of Temporal's own for workers that are set up otherwise than the shared ones: these
would take their work, for they listen to the same queues."""

from google.protobuf.duration_pb2 import Duration
from temporalio.api.workflowservice.v1 import RegisterNamespaceRequest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from tests.stack import eventually

_KEPT = Duration(seconds=86_400)


async def opened(client: Client, name: str) -> Client:
    """A client of the namespace, made if there is none."""
    try:
        await client.workflow_service.register_namespace(
            RegisterNamespaceRequest(namespace=name, workflow_execution_retention_period=_KEPT)
        )
    except RPCError as error:
        if error.status is not RPCStatusCode.ALREADY_EXISTS:
            raise
    away = Client(**{**client.config(), "namespace": name})

    async def known() -> bool:
        try:
            async for _ in away.list_workflows(page_size=1):
                break
        except RPCError:
            return False
        return True

    await eventually(known)
    return away
