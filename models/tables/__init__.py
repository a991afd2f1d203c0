"""SQLModel tables. Every table of a team carries ``team_id`` and is under row-level security."""

from models.tables.allowances import CallAllowance
from models.tables.assets import Asset, AssetUse
from models.tables.audit import ClaudeCall, DecisionRow, Effect, Notification
from models.tables.campaigns import Approval, Campaign, CreativeRow, Promotion
from models.tables.connections import ConnectAttempt, Connection
from models.tables.creatives import BrandRow, CreativeOrderRow
from models.tables.entrances import ApiToken, LoginAttempt, LoginSession
from models.tables.events import Feed, InboundEvent
from models.tables.optimisation import RecommendationRow
from models.tables.safety import ApiFailure, Drift, FirstHandEvent, Incident
from models.tables.spend import (
    Budget,
    BudgetAdjustment,
    Commitment,
    CreativeSnapshot,
    ExchangeRate,
    LimitChange,
    Snapshot,
    StandingStop,
)
from models.tables.teams import Account, Person, Team

TEAM_TABLES = (
    Person,
    Account,
    Promotion,
    Campaign,
    CreativeRow,
    BrandRow,
    CreativeOrderRow,
    Approval,
    DecisionRow,
    Effect,
    ClaudeCall,
    Notification,
    InboundEvent,
    Feed,
    Budget,
    BudgetAdjustment,
    Commitment,
    Snapshot,
    CreativeSnapshot,
    RecommendationRow,
    StandingStop,
    ExchangeRate,
    LimitChange,
    Incident,
    FirstHandEvent,
    Drift,
    ApiFailure,
    Connection,
    ConnectAttempt,
    CallAllowance,
    ApiToken,
    LoginSession,
    LoginAttempt,
    Asset,
    AssetUse,
)
"""Tables under row-level security by ``team_id`` (``teams`` itself by ``id``)."""

__all__ = [
    "TEAM_TABLES",
    "Account",
    "ApiFailure",
    "ApiToken",
    "Approval",
    "Asset",
    "AssetUse",
    "BrandRow",
    "Budget",
    "BudgetAdjustment",
    "CallAllowance",
    "Campaign",
    "ClaudeCall",
    "Commitment",
    "ConnectAttempt",
    "Connection",
    "CreativeOrderRow",
    "CreativeRow",
    "CreativeSnapshot",
    "DecisionRow",
    "Drift",
    "Effect",
    "ExchangeRate",
    "Feed",
    "FirstHandEvent",
    "InboundEvent",
    "Incident",
    "LimitChange",
    "LoginAttempt",
    "LoginSession",
    "Notification",
    "Person",
    "Promotion",
    "RecommendationRow",
    "Snapshot",
    "StandingStop",
    "Team",
]
