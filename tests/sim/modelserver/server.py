"""The HTTP side, on one event loop: hundreds of requests may wait at once."""
import asyncio
import json

from . import anthropic, openai
from .errors import Refusal

BODY_MOST = 32 * 1024 * 1024
PAGE = b"<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body><center><h1>502 Bad Gateway</h1></center></body>\r\n</html>\r\n"


class Cut(Exception):
    """The connection ends here, after `data`."""

    def __init__(self, data=b""):
        super().__init__()
        self.data = data


class Gone(Exception):
    """The client went away while it waited."""


class Server:
    def __init__(self, state):
        self.state, self.number = state, 0

    async def start(self, host, port):
        self.server = await asyncio.start_server(self.connection, host, port, backlog=1024, limit=64 * 1024)
        return f"http://{host}:{self.server.sockets[0].getsockname()[1]}"

    async def connection(self, reader, writer):
        try:
            while True:
                request = await self.read(reader)
                if request is None:
                    break
                writer.write(await self.handle(reader, *request))
                await writer.drain()
        except Cut as cut:
            writer.write(cut.data)
        except (Gone, OSError, ValueError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # a client that goes away is part of the game
        writer.close()

    @staticmethod
    async def read(reader):
        """(method, path, headers, body); None at the end of the connection."""
        head = await reader.readuntil(b"\r\n\r\n") if not reader.at_eof() else b""
        if not head:
            return None
        lines = head.decode("latin-1").split("\r\n")
        method, path, _version = lines[0].split(" ")
        headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:] if line)}
        length = int(headers.get("content-length", "0"))
        if length > BODY_MOST:
            raise ValueError("too large")
        return method, path, headers, await reader.readexactly(length)

    @staticmethod
    def written(status, body, headers=None, content_type="application/json"):
        data = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
        head = [f"HTTP/1.1 {status} Answer", f"Content-Type: {content_type}", f"Content-Length: {len(data)}"]
        head += [f"{name}: {value}" for name, value in (headers or {}).items()]
        return "\r\n".join([*head, "", ""]).encode() + data

    async def handle(self, reader, method, path, headers, data):
        path = path.partition("?")[0]
        if path.startswith("/_sim/"):
            return self.written(*self.state.control(method, path, json.loads(data) if data else {}))
        if method == "GET" and path.endswith("/models"):
            return self.models(headers)
        provider = "openai" if path.endswith("/chat/completions") else "anthropic" if path.endswith("/v1/messages") else None
        if not provider or method != "POST":
            return self.written(404, {"error": {"message": f"Invalid URL ({method} {path})", "type": "invalid_request_error", "param": None, "code": None}})
        self.number += 1
        request_id = f"req_{self.number}"
        try:
            body = json.loads(data)
        except ValueError:
            body = None
        row = self.state.record(provider, path, headers, body)
        state = self.state
        state.in_flight += 1
        state.most_in_flight = max(state.most_in_flight, state.in_flight)
        try:
            return await self.answer(reader, provider, headers, body, row, request_id)
        except Gone:
            row["outcome"] = "left"
            raise
        except Refusal as refusal:
            row["status"], shape = getattr(refusal, provider)(request_id)
            return self.written(row["status"], shape, {**refusal.headers, self.id_header(provider): request_id})
        finally:
            state.in_flight -= 1

    def models(self, headers):
        """OpenAI's list, as far as it tells whether a key is good."""
        keys, key = self.state.config["keys"], headers.get("authorization", "").removeprefix("Bearer ")
        if keys is not None and key not in keys or not key:
            return self.written(*Refusal(401, f"Incorrect API key provided: {key}.").openai("req_0"))
        return self.written(200, {"object": "list", "data": [{"id": "gpt-4o-mini", "object": "model", "owned_by": "system"}]})

    @staticmethod
    def id_header(provider):
        return "x-request-id" if provider == "openai" else "request-id"

    def check(self, provider, headers, body, row):
        """Refuses what the real one would; the last text of the user."""
        config, api = self.state.config, openai if provider == "openai" else anthropic
        try:
            if headers.get("content-type", "").partition(";")[0] != "application/json":
                raise Refusal(400, "The Content-Type is not application/json")
            if not isinstance(body, dict):
                raise Refusal(400, "We could not parse the JSON body of your request.")
            return (api.check(headers, body, config) or [""])[0]
        except Refusal as refusal:
            row.update(outcome="refused", reason=refusal.message)
            raise

    async def wait(self, reader, seconds, event=None):
        """Waits for the time or the event, whichever is given; Gone when the client leaves first."""
        gone = asyncio.ensure_future(reader.read(1))
        pause = asyncio.ensure_future(event.wait() if event else asyncio.sleep(seconds))
        done, _ = await asyncio.wait({gone, pause}, return_when=asyncio.FIRST_COMPLETED)
        for task in (gone, pause):
            task.cancel()
        await asyncio.gather(gone, pause, return_exceptions=True)
        if pause not in done:
            raise Gone

    async def answer(self, reader, provider, headers, body, row, request_id):
        state = self.state
        last = self.check(provider, headers, body, row)
        if state.config["max_concurrent"] and state.in_flight > state.config["max_concurrent"]:
            row["outcome"] = "limited"
            raise Refusal(429)
        behaviour = state.take(provider, body, last)
        kind = behaviour.get("kind", "text")
        if state.config["hold"]:
            await self.wait(reader, 0, state.released)
        latency = behaviour.get("latency_ms", state.config["latency_ms"])
        if latency:
            await self.wait(reader, latency / 1000)
        if kind == "hang":
            await self.wait(reader, 3600)
        row["outcome"] = kind
        if kind in ("error", "quota"):
            raise behaviour.refusal()
        if kind == "html":
            row["status"] = behaviour.get("status", 502)
            return self.written(row["status"], PAGE, behaviour.headers(), "text/html")
        if kind == "raw":
            row["status"] = behaviour.get("status", 200)
            return self.written(row["status"], behaviour.get("body", "").encode(), behaviour.headers(), behaviour.get("content_type", "application/json"))
        said = {"text": behaviour.get("text", state.config["text"]).replace("{last}", last), "reason": behaviour.get("reason", "a person should look at this"),
                "model": behaviour.get("model"), "tokens_in": behaviour.get("tokens_in", state.config["tokens_in"]),
                "tokens_out": behaviour.get("tokens_out", state.config["tokens_out"])}
        row["status"], shape = (openai if provider == "openai" else anthropic).answer("text" if kind == "cut" else kind, body, said, self.number)
        whole = self.written(row["status"], shape, {self.id_header(provider): request_id, **behaviour.headers()})
        if kind == "cut":
            row["status"] = None
            raise Cut(whole[:behaviour.get("partial", 0)])
        return whole
