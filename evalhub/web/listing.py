"""What a list shows, as its address says: which rows, in which order, from which place.

A view:    listing = listing_of(request.args, sorts=SORTS, filters=("q", "state"), at=url_for("accounts.people"))
A query:   keyset(session, statement, listing.order(COLUMNS, last=Account.id), listing.after)
A page:    the macros `filters`, `table` and `pages` of `components.html`, given the listing

Knows no Flask.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeVar
from urllib.parse import urlencode

import sqlalchemy as sa

from evalhub.web.paging import Order

LONGEST_FILTER = 200

Choice = TypeVar("Choice", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Listing:
    at: str = ""
    """The list's address, without a query."""
    sort: str = ""
    """Key of the column that orders the rows; one of `sorts`."""
    is_down: bool = False
    filters: Mapping[str, str] = field(default_factory=dict)
    """What was asked for by name; empty where it was not."""
    after: str | None = None
    sorts: tuple[str, ...] = ()

    @property
    def is_filtered(self) -> bool:
        return any(self.filters.values())

    def chosen(self, name: str, among: type[Choice]) -> Choice | None:
        """What a filter asks for, where it is one of these."""
        value = self.filters[name]
        return among(value) if value in list(among) else None

    @property
    def url(self) -> str:
        """The list's address with its filters and its order, at the first page."""
        return self._url(self.sort, self.is_down)

    def order(self, columns: Mapping[str, sa.SQLColumnExpression[Any]], *, last: sa.SQLColumnExpression[Any]) -> Order:
        """By the chosen column; `last` tells rows apart that are equal in it."""
        return [(columns[self.sort], self.is_down), (last, self.is_down)]

    def direction(self, key: str) -> str | None:
        """The value of `aria-sort` for a column."""
        if key != self.sort:
            return None
        return "descending" if self.is_down else "ascending"

    def sorted_url(self, key: str) -> str:
        """The address of the list by this column; the other way round where it is already."""
        return self._url(key, key == self.sort and not self.is_down)

    def _url(self, sort: str, is_down: bool) -> str:
        given = {name: value for name, value in self.filters.items() if value}
        return f"{self.at}?{urlencode({**given, 'sort': f'-{sort}' if is_down else sort})}"


def listing_of(args: Mapping[str, str], *, at: str, sorts: Sequence[str], filters: Sequence[str] = ()) -> Listing:
    """The list that an address asks for; what the list does not know is left aside.

    The first of `sorts` is the usual order; "-made" is that of falling times.
    """
    keys = tuple(sort.removeprefix("-") for sort in sorts)
    asked = args.get("sort", "")
    sort = asked if asked.removeprefix("-") in keys else sorts[0]
    return Listing(
        at=at,
        sort=sort.removeprefix("-"),
        is_down=sort.startswith("-"),
        filters={name: args.get(name, "").strip()[:LONGEST_FILTER] for name in filters},
        after=args.get("after"),
        sorts=keys,
    )
