#!/usr/bin/env python3
"""A simulated Twilio for tests and demonstrations. See README.md.

Prints "ready http://127.0.0.1:PORT" as its first line and runs until it is terminated."""
import argparse
import json
import os
import signal
import sys
import threading

from twilio.server import Server
from twilio.store import Account


def arguments():
    parser = argparse.ArgumentParser(description="A simulated Twilio over real HTTP.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0: any free port, told in the first line")
    parser.add_argument("--account", default="AC" + "a" * 32, help="Account SID")
    parser.add_argument("--token", default="f" * 32, help="its Auth Token")
    parser.add_argument("--numbers", help="senders of the account, separated by commas; without it any well-formed one is taken")
    parser.add_argument("--config", help="settings as JSON, as for POST /_sim/config")
    parser.add_argument("--until-eof", action="store_true", help="end when standard input closes: with the program that started it")
    return parser.parse_args()


def wait_for_eof():
    while os.read(0, 4096):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


def main():
    args = arguments()
    config = json.loads(args.config) if args.config else {}
    if args.numbers:
        config["numbers"] = args.numbers.split(",")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    if args.until_eof:
        threading.Thread(target=wait_for_eof, daemon=True).start()
    with Server(args.host, args.port, [Account(args.account, args.token)], config) as server:
        print(f"ready {server.url}", flush=True)
        try:
            server.serve_forever(poll_interval=0.1)
        except KeyboardInterrupt:
            pass


if __name__ == "__main__":
    main()
