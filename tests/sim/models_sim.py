#!/usr/bin/env python3
"""Simulated language models for tests and demonstrations: OpenAI's and Anthropic's shapes on one port. See README.md.

Prints "ready http://127.0.0.1:PORT" as its first line and runs until it is terminated."""
import argparse
import asyncio
import json
import os
import signal
import threading

from modelserver.server import Server
from modelserver.state import State


def arguments():
    parser = argparse.ArgumentParser(description="Simulated language models over real HTTP.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0: any free port, told in the first line")
    parser.add_argument("--config", help="settings as JSON, as for POST /_sim/config")
    parser.add_argument("--until-eof", action="store_true", help="end when standard input closes: with the program that started it")
    return parser.parse_args()


def wait_for_eof():
    while os.read(0, 4096):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


async def serve(args):
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    server = Server(State(json.loads(args.config) if args.config else {}))
    url = await server.start(args.host, args.port)
    print(f"ready {url}", flush=True)
    if args.until_eof:
        threading.Thread(target=wait_for_eof, daemon=True).start()
    await ended.wait()


if __name__ == "__main__":
    asyncio.run(serve(arguments()))
