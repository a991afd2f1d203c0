"""The Markdown card that the Temporal Web UI shows for a campaign."""

from models.contract.campaign import CampaignInput, CampaignState


def render(campaign: CampaignInput, state: CampaignState, next_check: str) -> str:
    """Current details: status, money, what happens next, and the story so far."""
    account, plan = campaign.account, state.plan
    label = " — **sandbox network, simulated market**" if account.sandbox else ""
    lines = [
        f"### {plan.name}",
        f"**{state.status.value}** on {account.platform.value} account {account.name}{label}",
        "",
        "| | |",
        "|---|---|",
        f"| Daily budget | {plan.daily_budget} agreed, {state.live_budget or 'none'} live |",
        f"| Spend | {_spend(state)} |",
        f"| Worst case | {state.approval.worst_case} |",
        f"| Forecast | {state.forecast or 'none yet'} |",
        f"| Lease until | {_at(state.lease_until)} |",
        f"| Ends | {_at(state.ends_at)} |",
        f"| Next | {next_check} |",
    ]
    if state.approval.reasons and state.approved_by is None:
        lines += ["", "**Waiting because**", *(f"- {reason}" for reason in state.approval.reasons)]
    if state.pause:
        lines += ["", f"**Paused by {state.pause.by}**: {state.pause.reason}"]
    if state.error:
        lines += ["", f"**Problem**: {state.error}"]
    lines += ["", "**Story** (campaign time)"]
    lines += [
        f"- {visit.at:%Y-%m-%d %H:%M} {visit.status.value}: {visit.why}"
        for visit in state.visits[-12:]
    ]
    return "\n".join(lines)


def _spend(state: CampaignState) -> str:
    if state.spend is None or state.figures_as_of is None:
        return "no figures yet"
    return f"{state.spend} as of {state.figures_as_of:%Y-%m-%d %H:%M}"


def _at(instant: object) -> str:
    return f"{instant:%Y-%m-%d %H:%M}" if instant is not None else "–"
