"""A shop and what it pays with, on FastAPI: ``fastapi_shop.py shop PAYMENTS_URL``, ``fastapi_shop.py payments``.

Nothing in it knows of tracing but the spans of its own; the rest is done by ``opentelemetry-instrument``.
"""

import asyncio
import socket
import sys

import httpx
import uvicorn
from fastapi import FastAPI
from opentelemetry import trace

SLOW_S = 0.4
tracer = trace.get_tracer("shop")


class CardExpiredError(Exception):
    """What the payments raise."""


def payments() -> FastAPI:
    application = FastAPI()

    @application.post("/charges")
    async def charge() -> dict[str, bool]:
        with tracer.start_as_current_span("check the card"):
            await asyncio.sleep(0.01)
        with tracer.start_as_current_span("ask the bank"):
            await asyncio.sleep(SLOW_S)
        return {"paid": True}

    @application.post("/refunds")
    async def refund() -> None:
        with tracer.start_as_current_span("look up the card"):
            raise CardExpiredError("card of order 7 expired in 03/2021")

    return application


def shop(payments_url: str) -> FastAPI:
    application = FastAPI()

    @application.get("/health")
    async def health() -> dict[str, bool]:
        return {"well": True}

    @application.get("/checkout")
    async def checkout() -> dict[str, bool]:
        with tracer.start_as_current_span("SELECT cart"):
            await asyncio.sleep(0.03)
        await asyncio.sleep(0.02)
        async with httpx.AsyncClient() as client:
            answer = await client.post(f"{payments_url}/charges")
        return {"paid": answer.json()["paid"]}

    @application.get("/reports/{year}")
    async def report(year: int) -> dict[str, int]:
        with tracer.start_as_current_span("render report"):
            await asyncio.sleep(0.02)
            with tracer.start_as_current_span("SELECT orders"):
                await asyncio.sleep(SLOW_S)
        return {"year": year}

    @application.get("/orders/{number}")
    async def order(number: int) -> dict[str, float]:
        return {"total": total_of(number)}

    @application.get("/refund/{number}")
    async def refund(number: int) -> dict[str, int]:
        async with httpx.AsyncClient() as client:
            answer = await client.post(f"{payments_url}/refunds")
            answer.raise_for_status()
        return {"refunded": number}

    @application.get("/items/{number}")
    async def item(number: int) -> dict[str, int]:
        with tracer.start_as_current_span("look into the cache"):
            await asyncio.sleep(SLOW_S if number == 0 else 0.001)
        return {"item": number}

    return application


def total_of(number: int) -> float:
    return sum(price_with_tax(price) for price in prices_of(number))


def prices_of(number: int) -> list[float | str]:
    return [19.0, "4.50", float(number)]


def price_with_tax(price: float | str) -> float:
    return price * 1.19  # type: ignore[operator]  # one of them is a text


def main() -> None:
    application = shop(sys.argv[2]) if sys.argv[1] == "shop" else payments()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        sys.stdout.write(f"listening on {listening.getsockname()[1]}\n")
        sys.stdout.flush()
        server = uvicorn.Server(uvicorn.Config(application, log_level="critical"))
        asyncio.run(server.serve(sockets=[listening]))


if __name__ == "__main__":
    main()
