"""An answer is made once for all who ask at the same time, and made again when it is old."""

from __future__ import annotations

import asyncio

import pytest

from nop_dashboards.brief_cache import BriefCache


class Work:
    """Counts how often it is done; fails while `fault` is set."""

    def __init__(self) -> None:
        self.done = 0
        self.fault: Exception | None = None

    async def make(self) -> int:
        await asyncio.sleep(0.01)
        if self.fault:
            raise self.fault
        self.done += 1
        return self.done


def test_many_readers_share_one_making() -> None:
    async def story() -> tuple[list[int], int]:
        cache: BriefCache[int] = BriefCache(60, 10)
        work = Work()
        answers = await asyncio.gather(*(cache.get("a", work.make) for _ in range(50)))
        return answers, work.done

    assert asyncio.run(story()) == ([1] * 50, 1)


def test_an_old_answer_is_made_again_and_the_least_used_is_forgotten() -> None:
    async def story() -> list[int]:
        work = Work()
        brief: BriefCache[int] = BriefCache(0.05, 10)
        seen = [await brief.get("a", work.make)]
        await asyncio.sleep(0.08)
        seen.append(await brief.get("a", work.make))
        small: BriefCache[int] = BriefCache(60, 2)
        for key in "abac":
            await small.get(key, work.make)
        seen.append(await small.get("a", work.make))
        seen.append(await small.get("b", work.make))
        return seen

    assert asyncio.run(story()) == [1, 2, 3, 6]


def test_a_failure_is_told_to_its_readers_and_not_kept() -> None:
    async def story() -> int:
        cache: BriefCache[int] = BriefCache(60, 10)
        work = Work()
        work.fault = ValueError("no database")
        with pytest.raises(ValueError, match="no database"):
            await cache.get("a", work.make)
        work.fault = None
        return await cache.get("a", work.make)

    assert asyncio.run(story()) == 1


def test_a_reader_who_leaves_does_not_take_the_answer_from_the_others() -> None:
    async def story() -> int:
        cache: BriefCache[int] = BriefCache(60, 10)
        work = Work()
        leaving = asyncio.ensure_future(cache.get("a", work.make))
        staying = asyncio.ensure_future(cache.get("a", work.make))
        await asyncio.sleep(0)
        leaving.cancel()
        return await staying

    assert asyncio.run(story()) == 1
