"""A campaign's newest figures."""

from temporalio import activity

from activities.campaign_history import figures_of, history
from models.contract.figures import CampaignFigures, FiguresQuery
from models.database import Database


class FiguresActivities:
    """Reads what the guards have appended."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @activity.defn
    async def campaign_figures(self, query: FiguresQuery) -> CampaignFigures:
        """A campaign's newest figures in sum."""
        async with self._database.team(query.team_id) as session:
            return figures_of(await history(session, query), query)
