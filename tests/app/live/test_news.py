"""Answers wait for something new: they hear of it at once, miss nothing, and wait no longer than they may."""

import asyncio
import threading
import time

from app.live.news import News
from tests.waiting import PATIENCE


def test_who_waits_hears_at_once_from_another_thread() -> None:
    news, there = News(), threading.Event()

    async def wait() -> float:
        begin = time.perf_counter()
        await news.wait(there.is_set, PATIENCE)
        return time.perf_counter() - begin

    def tell() -> None:
        there.set()
        news.tell()

    threading.Timer(0.05, tell).start()
    assert asyncio.run(wait()) < PATIENCE and there.is_set()


def test_what_is_there_is_not_waited_for_and_nothing_is_missed_between() -> None:
    news, asked = News(), 0

    def ready() -> bool:
        nonlocal asked
        asked += 1
        return asked >= 2  # it came after the first look, before anybody could be told

    asyncio.run(asyncio.wait_for(news.wait(lambda: True, PATIENCE), PATIENCE))
    asyncio.run(asyncio.wait_for(news.wait(ready, 2 * PATIENCE), PATIENCE))
    assert asked == 3, "looked at before, once it waits, and after"


def test_nobody_waits_longer_than_asked_nor_is_kept() -> None:
    news = News()
    asyncio.run(news.wait(lambda: False, 0.01))
    assert not news._waiting
    news.tell()


def test_news_that_do_not_help_are_waited_through() -> None:
    news, looks = News(), iter([False, False, False, False, True])

    async def wait() -> None:
        waiting = asyncio.create_task(news.wait(lambda: next(looks), PATIENCE))
        while not waiting.done():
            news.tell()
            await asyncio.sleep(0)

    asyncio.run(wait())
    assert next(looks, None) is None
