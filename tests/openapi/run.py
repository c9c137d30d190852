"""Throws what the OpenAPI document allows, and what it does not, at a server of its own.

    python tests/openapi/run.py <the magpie binary>

Every answer must have the documented status, content type and form; afterwards no command may have panicked, every
command must have been called, and the server must still end as it should. The exit code is 0 when all of that holds.
"""

import json
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from pathlib import Path

CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
ADMIN = "administrator"
# Requests for each command in the phase of chance; the other phases make as many as the document has to offer.
EXAMPLES_MAX = 60
# Seconds.
START_MAX = 30
RUN_MAX = 300
STOP_MAX = 20
LOG_LINES_SHOWN = 20


class Server:
    """A server in a folder of its own, from its first start to its end."""

    def __init__(self, binary, folder):
        self.binary, self.data, self.log = binary, folder / "data", folder / "log"
        command = [binary, "serve", "--data-dir", self.data, "--listen", "127.0.0.1:0"]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)
        self.url = self.wait_until_it_listens()

    def wait_until_it_listens(self):
        late = threading.Timer(START_MAX, self.process.kill)
        late.start()
        for line in self.process.stdout:
            if match := re.match(r"magpie: listening on (http://\S+)", line):
                late.cancel()
                return match[1]
        raise SystemExit(f"the server does not start:\n{self.log.read_text()}")

    def say(self, *words):
        """What a command of the binary prints about this server's data."""
        command = [self.binary, *words, "--data-dir", self.data]
        return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()

    def get(self, path):
        with urllib.request.urlopen(self.url + path, timeout=10) as answer:
            return answer.read().decode()

    def set(self, setting):
        """Changes a setting of the app and returns when the running server has seen it."""
        before = self.get("/readyz")
        self.say("app", "set", setting)
        for _ in range(200):
            if self.get("/readyz") != before:
                return
            time.sleep(0.05)
        raise SystemExit(f"the server does not take {setting}")

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(STOP_MAX)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return "it had to be killed"


def fuzz(server, folder):
    """Runs Schemathesis and returns its exit code. Who calls is fixed; chance would never get past that."""
    caller = json.loads(server.say("usersig", "make", "--json", ADMIN))
    config = folder / "schemathesis.toml"
    config.write_text(
        "[parameters]\n" + "".join(f'"query.{name}" = {json.dumps(caller[name])}\n' for name in sorted(caller))
    )
    program = Path(sys.executable).with_name("schemathesis")
    command = [program, "--config-file", config, "run", f"{server.url}/openapi.json", "--checks", CHECKS]
    command += ["--phases", "examples,coverage,fuzzing", "--max-examples", str(EXAMPLES_MAX)]
    command += ["--generation-deterministic", "--no-color", "--warnings", "off"]
    command += ["--continue-on-failure", "--request-timeout", "10"]
    try:
        return subprocess.run(command, cwd=folder, timeout=RUN_MAX).returncode
    except subprocess.TimeoutExpired:
        return f"it did not end within {RUN_MAX} seconds"


def faults_in_metrics(server):
    """What the server's own numbers say against it."""
    metrics = server.get("/metrics")
    panics = re.search(r"^magpie_panics_total (\d+)$", metrics, re.MULTILINE)
    if panics is None or panics[1] != "0":
        yield f"magpie_panics_total is {panics and panics[1]}"
    calls = {}
    row = r'^magpie_commands_total\{service="(\w+)",command="(\w+)",door="rest",code="[^"]+"\} (\d+)$'
    for service, command, count in re.findall(row, metrics, re.MULTILINE):
        path = f"/v4/{service}/{command}"
        calls[path] = calls.get(path, 0) + int(count)
    for path in json.loads(server.get("/openapi.json"))["paths"]:
        # The console's endpoints are no commands. Without a sign-in they are only refused here; their own tests go further.
        if path.startswith("/v4/") and calls.get(path, 0) == 0:
            yield f"{path} was never called"


def main():
    binary = Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory(prefix="magpie-openapi-") as name:
        folder = Path(name)
        server = Server(binary, folder)
        try:
            server.set("limits.enforce=false")
            done = fuzz(server, folder)
            faults = [f"schemathesis: {done}"] if done != 0 else []
            faults += faults_in_metrics(server)
        finally:
            ended = server.stop()
        if ended != 0:
            faults.append(f"the server ends with {ended}")
        log = server.log.read_text(errors="replace").splitlines()
        bad = [line for line in log if "panic" in line or " ERROR " in line]
        faults += bad[:LOG_LINES_SHOWN]
        for fault in faults:
            print(f"openapi: {fault}")
        return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
