# SPDX-License-Identifier: GPL-2.0-or-later
"""Clients for the two sockets of a QEMU guest: QMP (the machine) and the guest agent (what runs in it).

Both speak one JSON object a line. QMP: docs/interop/qmp-spec in the QEMU source, agent: qemu-ga-ref(7).
"""
import base64
import json
import random
import socket
import time


class ProtocolError(Exception):
    """The other side answered with an error; `kind` is QEMU's error class and `text` its description."""

    def __init__(self, command, kind, text):
        super().__init__(f"{command}: {text} ({kind})")
        self.command, self.kind, self.text = command, kind, text


class ConnectionLost(Exception):
    """The socket was closed: QEMU is gone."""


class _JsonSocket:
    """A unix socket that carries one JSON object a line. `alive` tells whether it is worth waiting for."""

    def __init__(self, path, timeout, alive):
        deadline = time.monotonic() + timeout
        while True:
            self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            try:
                self._socket.connect(str(path))
                break
            except OSError:
                # QEMU makes its sockets early, but not before exec() returned.
                self._socket.close()
                if time.monotonic() > deadline or not alive():
                    raise
                time.sleep(0.02)
        self._buffer = b""

    def send(self, message):
        """Send one object."""
        # receive() leaves what was left of its time, which may be less than a busy machine needs to get here.
        self._socket.settimeout(30)
        try:
            self._socket.sendall(json.dumps(message).encode() + b"\n")
        except OSError as error:
            raise ConnectionLost(f"cannot send: {error}") from error

    def receive(self, deadline):
        """The next object; None when none came before `deadline` (of time.monotonic())."""
        while b"\n" not in self._buffer:
            self._socket.settimeout(max(deadline - time.monotonic(), 0.001))
            try:
                data = self._socket.recv(65536)
            except socket.timeout:
                return None
            except OSError as error:
                raise ConnectionLost(str(error)) from error
            if not data:
                raise ConnectionLost("QEMU closed the connection")
            self._buffer += data
        line, self._buffer = self._buffer.split(b"\n", 1)
        # The sentinel 0xff of guest-sync-delimited says: forget what stands before me.
        return json.loads(line.rsplit(b"\xff", 1)[-1] or b"{}")

    def close(self):
        """Close the socket."""
        self._socket.close()


class Qmp:
    """QEMU's own control channel. Events are kept in `events`, oldest first, until somebody clears them."""

    def __init__(self, path, timeout=30, alive=lambda: True):
        self._socket = _JsonSocket(path, timeout, alive)
        self.events = []
        greeting = self._socket.receive(time.monotonic() + timeout)
        if not greeting or "QMP" not in greeting:
            raise ProtocolError("connect", "NoGreeting", f"QEMU did not greet within {timeout} s")
        self.execute("qmp_capabilities")

    def execute(self, command, timeout=30, **arguments):
        """Run a QMP command. An underscore in an argument's name stands for QEMU's hyphen."""
        self._socket.send({"execute": command, "arguments": {k.replace("_", "-"): v for k, v in arguments.items()}})
        deadline = time.monotonic() + timeout
        while True:
            message = self._socket.receive(deadline)
            if message is None:
                raise ProtocolError(command, "Timeout", f"no answer within {timeout} s")
            if "event" in message:
                self.events.append(message)
            elif "error" in message:
                raise ProtocolError(command, message["error"]["class"], message["error"]["desc"])
            elif "return" in message:
                return message["return"]

    def _pop_event(self, name, matching):
        for event in self.events:
            if event["event"] == name and matching.items() <= event.get("data", {}).items():
                self.events.remove(event)
                return event
        return None

    def wait_event(self, name, timeout=30, **matching):
        """Wait for an event (one that came before counts) whose data has the given values; it is taken out of
        `events` and returned. TimeoutError names it when it does not come."""
        deadline = time.monotonic() + timeout
        while True:
            event = self._pop_event(name, matching)
            if event:
                return event
            message = self._socket.receive(deadline)
            if message is None:
                raise TimeoutError(f"QEMU sent no {name} event for {matching} within {timeout} s")
            if "event" in message:
                self.events.append(message)

    def close(self):
        """Close the connection; QEMU goes on."""
        self._socket.close()


class Agent:
    """The QEMU guest agent: runs programs in the guest."""

    def __init__(self, path, timeout=30, alive=lambda: True):
        self._socket = _JsonSocket(path, timeout, alive)

    def _execute(self, command, arguments, timeout):
        self._socket.send({"execute": command, "arguments": arguments})
        deadline = time.monotonic() + timeout
        while True:
            message = self._socket.receive(deadline)
            if message is None:
                raise TimeoutError(f"guest agent: no answer to {command} within {timeout:.0f} s")
            if "error" in message:
                raise ProtocolError(command, message["error"]["class"], message["error"]["desc"])
            if "return" in message:
                return message["return"]

    def sync(self, timeout=5):
        """Bring both ends in step after a start or a time-out; False when the agent does not answer."""
        token = random.randrange(1, 1 << 31)
        deadline = time.monotonic() + timeout
        self._socket.send({"execute": "guest-sync", "arguments": {"id": token}})
        while True:
            message = self._socket.receive(deadline)
            if message is None:
                return False
            # Whatever else comes answers something that was given up long ago.
            if message.get("return") == token:
                return True

    def execute(self, command, timeout=30, **arguments):
        """Run an agent command. An underscore in an argument's name stands for a hyphen. After a time-out the two
        ends are brought in step again before the TimeoutError goes on."""
        try:
            return self._execute(command, {k.replace("_", "-"): v for k, v in arguments.items()}, timeout)
        except TimeoutError:
            self.sync(10)
            raise

    def run(self, argv, timeout, environment=(), stdin=None):
        """Run a program to its end and return (exit code, stdout, stderr), both as bytes. A program that a signal
        ended gives minus the signal's number. TimeoutError when it runs longer than `timeout` seconds."""
        arguments = {"path": argv[0], "arg": list(argv[1:]), "env": list(environment), "capture-output": True}
        if stdin is not None:
            arguments["input-data"] = base64.b64encode(stdin).decode()
        deadline = time.monotonic() + timeout
        pid = self.execute("guest-exec", **arguments)["pid"]
        pause = 0.01
        while True:
            status = self.execute("guest-exec-status", pid=pid)
            if status["exited"]:
                break
            if time.monotonic() > deadline:
                raise TimeoutError(f"guest: {argv} runs longer than {timeout:.0f} s")
            time.sleep(pause)
            # Polling costs the guest time under emulation: look less often at what takes long.
            pause = min(pause * 1.5, 0.25)
        code = -status["signal"] if "signal" in status else status.get("exitcode", 0)
        return (code, base64.b64decode(status.get("out-data", "")), base64.b64decode(status.get("err-data", "")))

    def send_only(self, command, **arguments):
        """Send a command that is not answered (guest-shutdown)."""
        self._socket.send({"execute": command, "arguments": arguments})

    def close(self):
        """Close the connection."""
        self._socket.close()
