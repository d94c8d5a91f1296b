"""Runs cells in a kernel as a notebook page does, and prints the output of each as JSON."""
import json
import queue
import sys

from jupyter_client.manager import start_new_kernel

cells = json.loads(sys.stdin.read())
manager, client = start_new_kernel(startup_timeout=300, kernel_name="deno")
shown = []
try:
    for cell in cells:
        request, outputs, idle = client.execute(cell), [], False
        while True:
            try:
                message = client.get_iopub_msg(timeout=1 if idle else 300)
            except queue.Empty:
                if idle:
                    break
                outputs.append({"type": "error", "content": {"evalue": "the kernel does not answer"}})
                break
            if message["parent_header"].get("msg_id") != request:
                continue
            kind, content = message["msg_type"], message["content"]
            if kind == "status" and content["execution_state"] == "idle":
                # Deno's kernel may send a result just after it.
                idle = True
            if kind in ("execute_result", "display_data", "stream", "error"):
                outputs.append({"type": kind, "content": content})
        shown.append(outputs)
finally:
    client.stop_channels()
    manager.shutdown_kernel(now=True)
print(json.dumps(shown))
