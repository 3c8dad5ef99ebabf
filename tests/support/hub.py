"""A small server that speaks the Hub's protocol, for tests of uploads and downloads.

It takes what huggingface_hub sends: create, preupload, the LFS batch with its
PUT, and the commit as lines of JSON. Files end up in `files` of `Hub`, and are given
to whoever asks for them.
"""

import base64
import hashlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote

COMMIT = "0" * 40  # the head of the repository, before and after


class Hub:
    """One repository on 127.0.0.1: what it was asked, and what it holds."""

    def __init__(self, token: str) -> None:
        self.token = token
        self.files: dict[str, bytes] = {}
        self.objects: dict[str, bytes] = {}
        self.created: dict[str, Any] = {}
        self.commits: list[dict[str, Any]] = []
        self.puts: list[str] = []  # large files that arrived, by digest
        self.gets: list[str] = []  # files that were fetched
        self.open = True  # to those who fetch
        self.room: int | None = None  # for so many of them, if there is a limit
        handler = type("Handler", (_Handler,), {"hub": self})
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


class _Handler(BaseHTTPRequestHandler):
    hub: Hub

    def do_GET(self) -> None:
        if "/tree/" in self.path:
            entries = [
                {"type": "file", "path": path, "size": len(data), "oid": "0" * 40}
                for path, data in self.hub.files.items()
            ]
            self._answer(entries)
        elif "/resolve/" in self.path:
            self._send_file(with_content=True)
        else:
            siblings = [{"rfilename": path} for path in self.hub.files]
            self._answer({"id": "me/set", "sha": COMMIT, "siblings": siblings})

    def do_HEAD(self) -> None:
        self._send_file(with_content=False)

    def _send_file(self, *, with_content: bool) -> None:
        path = unquote(self.path.partition("/resolve/")[2].partition("/")[2])
        data = self.hub.files.get(path)
        if data is None or not self.hub.open:
            self._answer({"error": "not here"}, 404 if data is None else 403)
            return
        self.send_response(200)
        self.send_header("ETag", f'"{hashlib.sha256(data).hexdigest()}"')
        self.send_header("X-Repo-Commit", COMMIT)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if with_content:
            self.hub.gets.append(path)
            self.hub.open = self.hub.room is None or len(self.hub.gets) < self.hub.room
            self.wfile.write(data)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get("Authorization") != f"Bearer {self.hub.token}":
            self._answer({"error": "Invalid credentials"}, 401)
        elif self.path == "/api/repos/create":
            self.hub.created = json.loads(body)
            self._answer({"url": f"{self.hub.url}/datasets/me/set", "id": "me/set"})
        elif self.path == "/api/validate-yaml":
            has_head = json.loads(body)["content"].startswith("---\n")
            errors = [] if has_head else [{"message": "no YAML head"}]
            self._answer({"errors": errors, "warnings": []})
        elif "/preupload/" in self.path:
            self._answer({"files": [self._mode(f) for f in json.loads(body)["files"]]})
        elif self.path.endswith("/info/lfs/objects/batch"):
            self._answer(self._batch(json.loads(body)))
        elif "/commit/" in self.path:
            self._commit(body)
        else:
            self._answer({"error": f"no such endpoint: {self.path}"}, 404)

    def do_PUT(self) -> None:
        data = self.rfile.read(int(self.headers["Content-Length"]))
        if self.hub.room is not None and len(self.hub.puts) >= self.hub.room:
            self._answer({"error": "storage quota exceeded"}, 403)
            return
        digest = self.path.rsplit("/", 1)[-1]
        self.hub.puts.append(digest)
        self.hub.objects[digest] = data
        self._answer({})

    def _mode(self, file: dict[str, Any]) -> dict[str, Any]:
        mode = "lfs" if file["path"].endswith(".parquet") else "regular"
        return {"path": file["path"], "uploadMode": mode, "shouldIgnore": False}

    def _batch(self, request: dict[str, Any]) -> dict[str, Any]:
        objects = [
            {name: item[name] for name in ("oid", "size")} | self._actions(item["oid"])
            for item in request["objects"]
        ]
        return {"transfer": "basic", "objects": objects}

    def _actions(self, digest: str) -> dict[str, Any]:
        """What is here already is not asked for again."""
        if digest in self.hub.objects:
            return {}
        return {"actions": {"upload": {"href": f"{self.hub.url}/put/{digest}"}}}

    def _commit(self, body: bytes) -> None:
        lines = [json.loads(line) for line in body.splitlines() if line]
        for line in lines:
            value = line["value"]
            if line["key"] == "file":
                self.hub.files[value["path"]] = base64.b64decode(value["content"])
            elif line["key"] == "lfsFile":
                self.hub.files[value["path"]] = self.hub.objects[value["oid"]]
            elif line["key"] == "deletedFile":
                del self.hub.files[value["path"]]
        self.hub.commits.append(lines[0]["value"])
        url = f"{self.hub.url}/datasets/me/set/commit/{'1' * 40}"
        self._answer({"commitUrl": url, "commitOid": "1" * 40, "success": True})

    def _answer(self, value: Any, status: int = 200) -> None:
        data = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        """Say nothing: the test looks at what arrived."""
