"""A person's own ad in the place of one of a campaign's: `adflight creatives change`."""

from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError

from models.contract.campaign import CampaignView, ChangeAd
from models.contract.vocabulary import CampaignStatus
from starter.campaign_file import AdParts
from starter.cli.flags import By, DryRun, Json, NoInput, Wait, Yes
from starter.cli.messages import done, look, send
from starter.cli.output import USAGE, confirm, fail
from starter.cli.session import Session, run

_AHEAD = (CampaignStatus.PENDING_APPROVAL, CampaignStatus.SCHEDULED)


def change(
    campaign: Annotated[str, typer.Argument(help="Campaign id, or its first characters.")],
    variant: Annotated[str, typer.Argument(help="The ad to change, such as v2.")],
    headline: str = "",
    text: Annotated[str, typer.Option(help="The primary text.")] = "",
    description: str = "",
    action: Annotated[str, typer.Option(help="The button, in your own words.")] = "",
    hashtag: Annotated[list[str] | None, typer.Option(help="May be given again.")] = None,
    image: Annotated[Path | None, typer.Option(help="A picture of your own.")] = None,
    video: Annotated[Path | None, typer.Option(help="A video of your own.")] = None,
    reason: Annotated[str, typer.Option(help="Why; kept with the decision.")] = "",
    despite_doubts: Annotated[
        bool, typer.Option(help="Run it although rules or Claude would ask a person.")
    ] = False,
    by: By = "operator",
    yes: Yes = False,
    no_input: NoInput = False,
    dry_run: DryRun = False,
    as_json: Json = False,
    wait: Wait = 90,
) -> None:
    """Correct an ad ahead of launch, or replace one that runs. What you leave out stays.

    Afterwards it is yours: neither Claude nor the machine changes or replaces it. A corrected
    proposal is asked again; a running ad is replaced once yours is ready, within the same budget.
    """
    from starter.assets import asset_library
    from starter.own_ads import AdRefused, keep_ads, read_ads

    fields = {
        "headline": headline,
        "text": text,
        "description": description,
        "action": action or None,
        "hashtags": tuple(hashtag or ()),
        "image": image,
        "video": video,
    }
    try:
        ad = AdParts.model_validate(fields)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = " ".join(str(one) for one in first["loc"])
        fail(f"{where}: {first['msg'].removeprefix('Value error, ')}.", USAGE)
    if not any(fields.values()):
        fail("Nothing to change: give --headline, --text, --image, --video or another part.", USAGE)

    async def work() -> None:
        session = Session()
        try:
            handle, view = await look(session, campaign)
            try:
                own = await read_ads([ad])
            except AdRefused as refused:
                fail(f"{str(refused).removeprefix('ads.1.')}.", USAGE)
            question = _question(view, variant)
            if dry_run:
                done(as_json, view.campaign_id, view.status.value, f"Would ask: {question}")
                return
            confirm(question, yes=yes, no_input=no_input)
            library = asset_library(session.settings, session.database)
            try:
                (given,) = await keep_ads(library, session.team_id, own, by)
            except AdRefused as refused:
                fail(f"{refused}.", USAGE)
            message = ChangeAd(
                by=by,
                variant=variant,
                ad=given,
                version=view.version if view.status in _AHEAD else None,
                reason=reason,
                despite_doubts=despite_doubts,
            )
            receipt = await send(session, handle, "change_ad", message, wait)
        finally:
            await session.aclose()
        done(as_json, handle.id, receipt.status.value, receipt.message)

    run(work())


def _question(view: CampaignView, variant: str) -> str:
    if view.status in _AHEAD:
        return f"Change {variant} of {view.name} and have version {view.version + 1} approved anew?"
    return (
        f"Put your own ad in the place of {variant} of {view.name} ({view.status.value} on "
        f"{view.platform}, {view.plan.daily_budget} a day, unchanged)?"
    )
