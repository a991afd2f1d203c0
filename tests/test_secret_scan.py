"""The scan that ends every run of the suite finds what is there to be found."""

from pathlib import Path
from uuid import uuid4

from sqlmodel import col, update
from temporalio.client import Client
from temporalio.common import WorkflowIDReusePolicy

from models.settings import Settings
from models.tables import Team
from starter.team import SANDBOX_CREDENTIALS
from tests.secret_scan import PLANTED, scan
from tests.stack import TeamUnderTest


async def test_a_planted_secret_is_found_wherever_it_lies(
    team: TeamUnderTest, client: Client, settings: Settings, tmp_path: Path
) -> None:
    secret = SANDBOX_CREDENTIALS["SANDBOX_META_ACCESS_TOKEN"]
    logs = tmp_path / "logs"
    logs.mkdir()
    (logs / "worker.log").write_text("all is well\n")
    before = await scan(client, settings, tmp_path)
    assert before.leaks == []
    assert before.rows > 0
    assert before.log_bytes > 0

    planted = await client.start_workflow(
        "nobody-runs-this",
        {"token": secret},
        id=f"{PLANTED}{uuid4()}",
        task_queue="nobody",
        id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
    )
    (logs / "worker.log").write_text(f"calling with {secret}\n")
    async with team.database.team(team.id) as session:
        await session.execute(
            update(Team).where(col(Team.id) == team.id).values(promotion_rules={"note": secret})
        )
    try:
        for _ in range(50):  # visibility follows a moment later
            found = await scan(client, settings, tmp_path)
            where = {leak.partition(" stands in ")[2] for leak in found.leaks}
            if f"payload of {planted.id}" in where:
                break
        assert where >= {f"payload of {planted.id}", "table teams", "log worker.log"}
        assert all("SANDBOX_META_ACCESS_TOKEN" in leak for leak in found.leaks)
        assert found.payloads > before.payloads
    finally:
        await planted.terminate("test over")
        async with team.database.team(team.id) as session:
            await session.execute(
                update(Team).where(col(Team.id) == team.id).values(promotion_rules={})
            )
