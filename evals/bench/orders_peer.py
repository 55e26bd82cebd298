"""What `bench orders` is read beside: an empty FastAPI endpoint with a pydantic body."""

from __future__ import annotations

import sys
from typing import Literal

import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel, ConfigDict


class PlaceOrder(BaseModel):
    model_config = ConfigDict(extra="forbid")

    account_id: str
    symbol: str
    side: Literal["buy", "sell"]
    quantity: str
    order_type: Literal["market", "limit"]
    time_in_force: Literal["day"]
    advisor_id: str
    client_order_id: str
    limit_price: str | None = None


app = FastAPI()


@app.get("/healthz")
async def health() -> dict[str, bool]:
    return {"ok": True}


@app.post("/v1/orders", status_code=201)
async def place(ask: PlaceOrder) -> dict[str, str]:
    """Validates, and answers."""
    return {"client_order_id": ask.client_order_id}


if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="warning", access_log=False)
