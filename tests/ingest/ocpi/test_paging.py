"""The page loop against every way in which servers get pagination wrong (PU-9, TR-42, T6)."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

ALL = [f"L{n:04}" for n in range(25)]


def walk(operator: Any, **options: Any) -> tuple[list[str], Any]:
    """Every id that was received, and the crawl."""
    quirks = options.pop("quirks", {})
    with operator.peer(quirks=quirks) as peer:
        crawl = peer.pages("locations", **options)
        found = [msgspec.json.decode(item)["id"] for page in crawl for item in page.items]
    assert len(operator.pages_asked()) <= 60  # T6: whatever the peer does
    return found, crawl


def serve(operator: Any, *, link: Any = None, total: Any = 25, limit: Any = None) -> None:
    """Lists whose headers the test chooses; `link` gets the next offset, or None at the end."""

    def route(asked: Any) -> Any:
        chunk, end = operator.slice(asked)
        headers = []
        if link and (target := link(end if end < len(operator.objects) else None)):
            headers.append(("Link", f'<{target}>; rel="next"'))
        if total is not None:
            headers.append(("X-Total-Count", str(total(chunk) if callable(total) else total)))
        if limit is not None:
            headers.append(("X-Limit", str(limit(chunk) if callable(limit) else limit)))
        return operator.data(chunk, *headers)

    operator.routes["/locations"] = route


@pytest.mark.parametrize("total", [25, None])
@pytest.mark.parametrize("limit", [10, None])
def test_a_missing_link_is_replaced_by_counting(operator: Any, total: Any, limit: Any) -> None:
    """TR-43, P4, #831: by what was received, not by what was asked for."""
    serve(operator, total=total, limit=limit)
    found, crawl = walk(operator)
    assert found == ALL and crawl.complete


@pytest.mark.parametrize(
    "target",
    [
        "{url}/ModuleID.locations/?date_from=None&offset={offset}",
        "http://localhost:1/locations?offset={offset}",
        "{url}/locations",
    ],
    ids=["placeholder", "another host", "always the first page"],
)
@pytest.mark.parametrize("total", [25, None])
def test_an_unusable_link_is_replaced_by_counting(
    operator: Any, target: str, total: int | None
) -> None:
    """PU-9, P4."""
    serve(operator, link=lambda o: target.format(url=operator.url(""), offset=o), total=total)
    found, crawl = walk(operator)
    assert sorted(set(found)) == ALL and crawl.complete


def test_another_host_in_a_link_is_never_asked(operator: Any, other_host: Any) -> None:
    """T3."""
    serve(operator, link=lambda o: f"http://localhost:{other_host.port}/locations?offset={o}")
    found, _ = walk(operator)
    assert found == ALL and other_host.connections == 0


def test_a_last_page_that_links_to_itself_is_the_last(operator: Any) -> None:
    """PU-9."""
    serve(operator, link=lambda o: operator.url(f"/locations?offset={o or 20}"))
    found, crawl = walk(operator)
    assert found == ALL and crawl.complete


def test_a_last_page_may_link_to_an_empty_one(operator: Any) -> None:
    """PU-9."""
    serve(operator, link=lambda o: operator.url(f"/locations?offset={o or 25}"))
    found, crawl = walk(operator)
    assert found == ALL and crawl.complete


def test_a_total_that_counts_the_page_is_not_believed(operator: Any) -> None:
    """PU-9, P4: X-Total-Count and X-Limit = number returned, with and without links."""
    serve(
        operator, link=lambda o: o and operator.url(f"/locations?offset={o}"), total=len, limit=len
    )
    found, crawl = walk(operator)
    assert found == ALL and crawl.complete
    operator.asked.clear()
    serve(operator, total=len, limit=10)
    found, crawl = walk(operator)
    assert found == ALL and crawl.complete


@pytest.mark.parametrize("total", [1000, 10**9])
def test_a_total_that_is_never_reached_leaves_the_crawl_incomplete(
    operator: Any, total: int
) -> None:
    """P4, T6: nothing may be retired on such a crawl; a person may declare the total wrong."""
    serve(operator, total=total, link=lambda o: o and operator.url(f"/locations?offset={o}"))
    found, crawl = walk(operator)
    assert found == ALL and not crawl.complete
    assert crawl.reason and f"says it has {total} objects but sent 25." in crawl.reason
    assert "ignore_total" in crawl.reason
    found, crawl = walk(operator, quirks={"ignore_total": True})
    assert found == ALL and crawl.complete


@pytest.mark.parametrize("total", ["", "many", "-3", "9" * 40])
def test_a_total_that_is_no_number_is_ignored(operator: Any, total: str) -> None:
    serve(operator, total=total, link=lambda o: o and operator.url(f"/locations?offset={o}"))
    found, crawl = walk(operator)
    assert found == ALL and crawl.complete


def test_null_lists_and_an_empty_list_end_the_walk(operator: Any) -> None:
    """TR-15. Whether an empty list is to be believed is for the caller (P2)."""
    operator.routes["/locations"] = lambda asked: operator.data(None)
    assert walk(operator)[0] == []
    operator.objects = []
    operator.routes["/locations"] = operator.list_page
    found, crawl = walk(operator)
    assert found == [] and crawl.complete


def test_a_few_empty_pages_are_passed_over(operator: Any) -> None:
    """PU-9: at most two in a row."""

    def route(asked: Any) -> Any:
        step = int(asked.query.get("step", 0))
        chunk = operator.objects[:10] if step == 0 else operator.objects[10:] if step == 3 else []
        link = ("Link", f'<?step={step + 1}>; rel="next"')
        return operator.data(chunk, *([link] if step < 3 else []))

    operator.routes["/locations"] = route
    found, crawl = walk(operator)
    assert found == ALL and crawl.complete


def endless(operator: Any, make: Any, *headers: tuple[str, str]) -> None:
    """Every page links to a new URL."""

    def route(asked: Any) -> Any:
        step = int(asked.query.get("step", 0))
        link = ("Link", f'<{operator.url("/locations")}?step={step + 1}>; rel="next"')
        return operator.data(make(step), link, *headers)

    operator.routes["/locations"] = route


def test_endless_pages_are_stopped(operator: Any) -> None:
    """T6: empty, the same, more than there can be, or simply too many."""

    def fresh(step: int) -> list[dict[str, str]]:
        return [{"id": f"L{step * 10 + n}"} for n in range(10)]

    cases: list[tuple[Any, list[tuple[str, str]], str]] = [
        (lambda step: [], [], "empty pages"),
        (lambda step: operator.objects[:10], [], "same page"),
        (lambda step: operator.objects[step % 3 * 5 : step % 3 * 5 + 5], [], "same page"),
        (fresh, [("X-Total-Count", "25")], "says it has 25"),
        (fresh, [], "50 pages"),
    ]
    for make, headers, reason in cases:
        operator.asked.clear()
        endless(operator, make, *headers)
        _, crawl = walk(operator, max_pages=50)
        assert not crawl.complete and reason in crawl.reason


def test_links_that_lead_in_a_circle_are_stopped(operator: Any) -> None:
    """T6: the peer also ignores offset."""

    def route(asked: Any) -> Any:
        here = asked.query.get("at", "a")
        there = {"a": "b", "b": "c", "c": "a"}[here]
        objects = [{"id": f"{here}{n}"} for n in range(10)]
        return operator.data(objects, ("Link", f'<?at={there}>; rel="next"'))

    operator.routes["/locations"] = route
    found, crawl = walk(operator)
    assert len(set(found)) == 30 and not crawl.complete


def test_links_that_lead_back_to_an_earlier_page_are_stopped(operator: Any) -> None:
    """T6: pages 0, 20, 10, and 20 again."""
    there = {0: 20, 20: 10, 10: 20}

    def route(asked: Any) -> Any:
        chunk, _ = operator.slice(asked)
        target = there[int(asked.query.get("offset", 0))]
        return operator.data(chunk, ("Link", f'<?limit=10&offset={target}>; rel="next"'))

    operator.routes["/locations"] = route
    found, crawl = walk(operator, limit=10)
    assert sorted(found) == ALL and not crawl.complete


def test_a_peer_that_does_not_page_has_sent_everything(operator: Any) -> None:
    """No headers, offset and limit ignored."""
    operator.routes["/locations"] = lambda asked: operator.data(operator.objects)
    found, crawl = walk(operator, limit=10)
    assert found == ALL and crawl.complete


def test_a_peer_that_may_have_cut_its_only_page_is_incomplete(operator: Any) -> None:
    """T6: exactly as many as asked for, and the same page again for any offset."""
    operator.routes["/locations"] = lambda asked: operator.data(operator.objects)
    found, crawl = walk(operator, limit=25)
    assert found == ALL and not crawl.complete


def test_an_offset_beyond_the_end_may_be_refused(operator: Any) -> None:
    def route(asked: Any) -> Any:
        chunk, _ = operator.slice(asked)
        return operator.data(chunk) if chunk else operator.data(None, status_code=2001)

    operator.objects = operator.objects[:20]
    operator.routes["/locations"] = route
    found, crawl = walk(operator)
    assert found == ALL[:20] and crawl.complete


def test_objects_that_move_up_while_we_walk_are_not_missed(operator: Any) -> None:
    """TR-42: the total drops, so the page is asked for again from a lower offset."""
    honest = operator.list_page

    def route(asked: Any) -> Any:
        if asked.query.get("offset") == "10" and len(operator.objects) == 25:
            del operator.objects[3:5]
        return honest(asked)

    operator.routes["/locations"] = route
    found, crawl = walk(operator)
    assert sorted(set(found)) == ALL and crawl.complete
    assert [a.query.get("offset") for a in operator.pages_asked()] == [None, "10", "8", "18"]


def test_a_list_that_grows_while_we_walk_is_followed_to_its_end(operator: Any) -> None:
    honest = operator.list_page

    def route(asked: Any) -> Any:
        if asked.query.get("offset") == "20" and len(operator.objects) == 25:
            operator.objects += [{"id": f"N{n}"} for n in range(8)]
        return honest(asked)

    operator.routes["/locations"] = route
    found, crawl = walk(operator)
    assert len(found) == 33 and crawl.complete
