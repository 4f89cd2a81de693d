"""A shop and what it pays with, on aiohttp: ``aiohttp_shop.py shop PAYMENTS_URL``, ``aiohttp_shop.py payments``.

Nothing in it knows of tracing but the spans of its own; the rest is done by ``opentelemetry-instrument``.
"""

import asyncio
import socket
import sys

import aiohttp
from aiohttp import web
from opentelemetry import trace

SLOW_S = 0.4
tracer = trace.get_tracer("shop")


class CardExpiredError(Exception):
    """What the payments raise."""


def payments() -> web.Application:
    async def charge(_: web.Request) -> web.Response:
        with tracer.start_as_current_span("check the card"):
            await asyncio.sleep(0.01)
        with tracer.start_as_current_span("ask the bank"):
            await asyncio.sleep(SLOW_S)
        return web.json_response({"paid": True})

    async def refund(_: web.Request) -> web.Response:
        with tracer.start_as_current_span("look up the card"):
            raise CardExpiredError("card of order 7 expired in 03/2021")

    application = web.Application()
    application.router.add_post("/charges", charge)
    application.router.add_post("/refunds", refund)
    return application


def shop(payments_url: str) -> web.Application:
    async def health(_: web.Request) -> web.Response:
        return web.json_response({"well": True})

    async def checkout(_: web.Request) -> web.Response:
        with tracer.start_as_current_span("SELECT cart"):
            await asyncio.sleep(0.03)
        await asyncio.sleep(0.02)
        async with aiohttp.ClientSession() as session, session.post(f"{payments_url}/charges") as answer:
            return web.json_response(await answer.json())

    async def report(request: web.Request) -> web.Response:
        with tracer.start_as_current_span("render report"):
            await asyncio.sleep(0.02)
            with tracer.start_as_current_span("SELECT orders"):
                await asyncio.sleep(SLOW_S)
        return web.json_response({"year": request.match_info["year"]})

    async def order(request: web.Request) -> web.Response:
        return web.json_response({"total": total_of(int(request.match_info["number"]))})

    async def refund(_: web.Request) -> web.Response:
        async with aiohttp.ClientSession() as session, session.post(f"{payments_url}/refunds") as answer:
            answer.raise_for_status()
            return web.json_response({"refunded": True})

    async def item(request: web.Request) -> web.Response:
        number = int(request.match_info["number"])
        with tracer.start_as_current_span("look into the cache"):
            await asyncio.sleep(SLOW_S if number == 0 else 0.001)
        return web.json_response({"item": number})

    application = web.Application()
    application.router.add_get("/health", health)
    application.router.add_get("/checkout", checkout)
    application.router.add_get("/reports/{year}", report)
    application.router.add_get("/orders/{number}", order)
    application.router.add_get("/refund/{number}", refund)
    application.router.add_get("/items/{number}", item)
    return application


def total_of(number: int) -> float:
    return sum(price_with_tax(price) for price in prices_of(number))


def prices_of(number: int) -> list[float | str]:
    return [19.0, "4.50", float(number)]


def price_with_tax(price: float | str) -> float:
    return price * 1.19  # type: ignore[operator]  # one of them is a text


async def serve(application: web.Application) -> None:
    runner = web.AppRunner(application)
    await runner.setup()
    listening = socket.create_server(("127.0.0.1", 0))
    await web.SockSite(runner, listening).start()
    sys.stdout.write(f"listening on {listening.getsockname()[1]}\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(shop(sys.argv[2]) if sys.argv[1] == "shop" else payments()))
