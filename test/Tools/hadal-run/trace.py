# SPDX-License-Identifier: Apache-2.0
# trace.py TRACE: each launch of a prefill and a decode step is one span with its counters, one after the other.
import json
import sys

with open(sys.argv[1], encoding="utf-8") as file:
    events = json.load(file)["traceEvents"]
if {event["args"]["entry"] for event in events} != {"step", "decode"} or any(event["ph"] != "X" for event in events):
    sys.exit("expected spans of a step and a decode alone")
end = 0
for event in events:
    args = event["args"]
    counters = args["counters"]
    if counters["kernel"] != args["kernel"] or counters["grid"] != args["grid"] or not counters["warp_instructions"]:
        sys.exit(f"expected counters of {args['kernel']}, got those of {counters['kernel']}, grid {counters['grid']}")
    if 32 * counters["distinct"]["write_sectors"] > 0 and not args["write_bytes"]:
        sys.exit(f"{args['kernel']}: expected bytes that it has to write, got none")
    if event["ts"] < end - 1e-3:
        sys.exit(f"{event['name']}: expected it to begin after {end}, got {event['ts']}")
    end = event["ts"] + event["dur"]
if events[0]["name"] != "embed":
    sys.exit(f"expected the embedding first, got {events[0]['name']}")
