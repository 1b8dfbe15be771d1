"""`python -m benchmarks.plain`: serve DATABASE_URL on 127.0.0.1:PHUONGSO_PORT with PHUONGSO_SECRET_KEY."""

from __future__ import annotations

import os

import uvicorn

from benchmarks.plain.app import create_app

if __name__ == "__main__":
    uvicorn.run(
        create_app(os.environ["DATABASE_URL"], os.environ["PHUONGSO_SECRET_KEY"].encode()),
        host="127.0.0.1",
        port=int(os.environ["PHUONGSO_PORT"]),
        loop="uvloop",
        http="httptools",
        access_log=False,
        log_level="warning",
    )
