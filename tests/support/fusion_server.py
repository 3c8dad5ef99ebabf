"""A small server that speaks SandboxFusion's /run_code and runs things for real.

It answers as that server documents: `status`, `message`, `compile_result`,
`run_result`, `files`. `faults` is how many requests it fails first, and how.
"""

import base64
import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


@contextmanager
def fusion_server(faults: list[str]) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            fault = faults.pop(0) if faults else ""
            if fault == "hang up":
                self.connection.close()
                return
            status = (
                503 if fault == "busy" else 404 if self.path != "/run_code" else 200
            )
            if fault == "sandbox error":
                answer = {"status": "SandboxError", "message": "no pod"}
            else:
                answer = run_code(request)
            body = b"not json" if fault == "garbage" else json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def run_code(request: dict) -> dict:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for path, data in request.get("files", {}).items():
            (folder / path).write_bytes(base64.b64decode(data))
        compiled = None
        if request["language"] == "cpp":
            (folder / "main.cpp").write_text(request["code"])
            compiled = run_command(["g++", "main.cpp", "-o", "main"], folder, "", 60)
            if compiled["return_code"]:
                return {"status": "Failed", "message": "", "compile_result": compiled}
            command = ["./main"]
        else:
            (folder / "main.py").write_text(request["code"])
            command = [sys.executable, "main.py"]
        result = run_command(
            command, folder, request["stdin"] or "", request["run_timeout"]
        )
        return {
            "status": "Failed" if result["return_code"] != 0 else "Success",
            "message": "",
            "compile_result": compiled,
            "run_result": result,
            "files": {
                path: base64.b64encode((folder / path).read_bytes()).decode()
                for path in request.get("fetch_files", [])
                if (folder / path).exists()
            },
        }


def run_command(command: list[str], folder: Path, stdin: str, limit_s: float) -> dict:
    try:
        done = subprocess.run(
            command, cwd=folder, input=stdin.encode(), capture_output=True,
            timeout=limit_s, env={"PATH": os.environ["PATH"]},
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return {"status": "TimeLimitExceeded", "return_code": None}
    return {
        "status": "Finished",
        "return_code": done.returncode,
        "stdout": done.stdout.decode(),
        "stderr": done.stderr.decode(),
    }
