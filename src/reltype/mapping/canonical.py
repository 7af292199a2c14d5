"""Canonical columns: what a log and a customer table are called and typed once they are ours."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections import abc

Role = Literal["interactions", "customers"]
Refunds = Literal["net", "drop", "raise"]
REFUNDS: tuple[Refunds, ...] = ("net", "drop", "raise")

INTERACTIONS: abc.Mapping[str, str] = MappingProxyType(
    {
        "customer_id": "VARCHAR",
        "timestamp": "TIMESTAMP",
        "kind": "VARCHAR",
        "kind_as_written": "VARCHAR",
        "order_id": "VARCHAR",
        "state": "VARCHAR",
        "value": "DOUBLE",
        "refunded_amount": "DOUBLE",
        "began": "TIMESTAMP",
        "ended": "TIMESTAMP",
        "sentiment": "DOUBLE",
        "rating": "DOUBLE",
        "discount": "DOUBLE",
        "channel": "VARCHAR",
        "category": "VARCHAR",
        "direction": "VARCHAR",
        "text": "VARCHAR",
    }
)
"""The columns of a log, in order, with their types; `kind_as_written` follows from `kind`."""

CUSTOMERS: abc.Mapping[str, str] = MappingProxyType(
    {
        "customer_id": "VARCHAR",
        "since": "TIMESTAMP",
        "tenure_days": "DOUBLE",
        "contract_days": "DOUBLE",
        "auto_renew": "BOOLEAN",
        "nps": "DOUBLE",
        "satisfaction": "DOUBLE",
        "share_of_wallet": "DOUBLE",
        "referrals": "DOUBLE",
        "products": "DOUBLE",
        "active": "BOOLEAN",
        "ended": "TIMESTAMP",
        "timestamp": "TIMESTAMP",
        "kind": "VARCHAR",
        "value": "DOUBLE",
        "text": "VARCHAR",
    }
)
"""The columns of a customer table, in order, with their types.

The last four are what contact lists tell of the log behind them: when the customer was last heard
of, the status as written, the money so far, a note.
"""

PLACEHOLDERS = ("0001-01-01", "1753-01-01", "1899-12-30", "1899-12-31", "1900-01-01", "1900-01-02")
"""Days that databases and spreadsheets write for no day at all, as they do any of the year 9999."""
UNIX_ZERO = ("1969-12-31 09:00:00", "1970-01-01 14:00:00")
"""Between these lie 0 and -1 of Unix times, in whatever zone; numbers that stand for no day."""

RANGES: abc.Mapping[str, tuple[float, float]] = MappingProxyType(
    {
        "sentiment": (-1.0, 1.0),
        "rating": (-1.0, 1.0),
        "satisfaction": (-1.0, 1.0),
        "discount": (0.0, 1.0),
        "share_of_wallet": (0.0, 1.0),
        "nps": (0.0, 10.0),
    }
)
"""What a number must lie in; outside, it counts as a cell that could not be read."""

EARLIEST, LATEST = "1900-01-01", "2100-01-01"
"""Days outside are no facts: systems write the first and the last that they know for none at all."""

LEFT_OUT = "left out"
"""What a reason to pass over a row begins with where it is no row of a customer's: nothing is wrong
with it, so it is counted apart from what was rejected."""


def refund_reason(refunds: Refunds) -> str:
    """Why a row that gives money back is not used, where *refunds* are not net."""
    return f'a refund, and refunds = "{refunds}"'


ESSENTIAL: abc.Mapping[Role, tuple[str, ...]] = MappingProxyType(
    {"interactions": ("customer_id", "timestamp"), "customers": ("customer_id",)}
)
