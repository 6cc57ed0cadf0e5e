from __future__ import annotations

import pytest

from evalhub.web.listing import Listing, listing_of


def asked(**args: str) -> Listing:
    return listing_of(args, at="/people", sorts=("name", "-made"), filters=("q", "role"))


def test_a_list_without_wishes_is_in_its_usual_order() -> None:
    listing = asked()
    assert (listing.sort, listing.is_down, listing.filters) == ("name", False, {"q": "", "role": ""})
    assert not listing.is_filtered
    assert listing.direction("name") == "ascending"
    assert listing.direction("made") is None


@pytest.mark.parametrize("sort", ["password_hash", "-", "--name", "name desc", ""])
def test_no_other_column_can_order_it(sort: str) -> None:
    assert (asked(sort=sort).sort, asked(sort=sort).is_down) == ("name", False)


def test_the_heading_of_the_order_turns_it_round() -> None:
    assert asked().sorted_url("name") == "/people?sort=-name"
    assert asked(sort="-name").sorted_url("name") == "/people?sort=name"
    assert asked(sort="-name").direction("name") == "descending"


def test_filters_stay_in_every_address_and_the_place_in_none() -> None:
    listing = asked(q="a&b=c", sort="made", after="xyz", role="")
    assert listing.url == "/people?q=a%26b%3Dc&sort=made"
    assert listing.sorted_url("name") == "/people?q=a%26b%3Dc&sort=name"
    assert listing.after == "xyz"
    assert listing.is_filtered


def test_a_filter_has_an_end() -> None:
    assert len(asked(q="x" * 10_000).filters["q"]) == 200
