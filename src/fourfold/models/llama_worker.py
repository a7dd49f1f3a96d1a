"""The process in which llama.cpp works: loads one GGUF file, answers on a unix socket.

Started by `llama_process.py`, which writes the parameters to its standard input as one line of
JSON. It prints `ready` (`ready, guided` when it has llguidance) or what went wrong, and ends as
soon as its standard input is closed: also when the process that started it was killed.
"""

import json
import sys
from collections.abc import Mapping
from typing import Any

# For prompts that another one drove from its slot: 450 tokens of the 0.5B take 5.5 MB. Four people
# who ask in two languages wait 4 s for an answer with it, 11 s without (benchmarks/wait.md).
CACHE_MEGABYTES = 128


def main() -> None:
    """Load, serve until nobody holds the other end of standard input."""
    server = None
    try:
        server = _serve(json.loads(sys.stdin.readline()))
    except (ImportError, RuntimeError, ValueError) as error:
        print(f"{error}", flush=True)  # noqa: T201 the starting process reads it
        return
    print("ready, guided" if _is_guided() else "ready", flush=True)  # noqa: T201 the starting process reads it
    sys.stdin.read()
    del server


def _is_guided() -> bool:
    """True when this build has llguidance, which lets us say how JSON is spaced."""
    import xllamacpp

    return bool(xllamacpp.json_schema_to_grammar({}).startswith("%llguidance"))


def _serve(wanted: Mapping[str, Any]) -> Any:
    import xllamacpp

    parameters = xllamacpp.CommonParams()
    parameters.model.path = wanted["path"]
    parameters.hostnames = [wanted["socket"]]
    parameters.n_parallel = wanted["concurrent"]
    parameters.n_ctx = wanted["context_tokens"] * wanted["concurrent"]  # it divides among requests
    parameters.n_batch = parameters.n_ubatch = wanted["batch_tokens"]
    parameters.cpuparams.n_threads = wanted["threads"]
    parameters.cpuparams_batch.n_threads = wanted["threads"]
    parameters.n_threads_http = 2 * wanted["concurrent"] + 4  # counting never waits for answers
    parameters.cache_ram_mib = CACHE_MEGABYTES
    parameters.warmup = False
    parameters.ui = False
    parameters.verbosity = 3 if wanted["verbose"] else -1
    return xllamacpp.Server(parameters)


if __name__ == "__main__":
    main()
