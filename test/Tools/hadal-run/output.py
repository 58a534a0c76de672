# SPDX-License-Identifier: Apache-2.0
# Closes, fills up and interrupts the output of hadal-run: output.py HADAL_RUN MODEL FOLDER
import os
import resource
import signal
import subprocess
import sys

run, model, folder = sys.argv[1:]
ids = [run, model, "--input-ids=1,2", "--print-ids", "--ignore-eos", "--max-new-tokens=20"]


def expect(what, condition):
    if not condition:
        sys.exit(f"expected {what}")


def started(command, **options):
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)


# A reader that has gone ends it without a word.
process = started(ids)
process.stdout.close()
errors = process.stderr.read()
expect("a quiet end after a closed pipe", process.wait(60) in (0, 1) and "error" not in errors)

# A full disk is an error, on stdout and in files.
if os.path.exists("/dev/full"):
    with open("/dev/full", "w", encoding="ascii") as full:
        done = subprocess.run(ids, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    expect("an error of stdout", done.returncode == 1 and "standard output: cannot be written: No space left" in done.stderr)
    done = subprocess.run([*ids, "--logits=/dev/full"], capture_output=True, text=True, check=False)
    expect("an error of --logits", done.returncode == 1 and "/dev/full: cannot be written: No space" in done.stderr)
    expect("/dev/full to be left alone", not os.path.isfile("/dev/full"))


def small_files():
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))


before = sorted(os.listdir(folder))
for option in ("--logits", "--trace"):
    path = os.path.join(folder, "out")
    done = subprocess.run([*ids, f"{option}={path}"], capture_output=True, text=True, check=False, preexec_fn=small_files)
    expect(f"an error of {option}", done.returncode == 1 and f"{path}: cannot be written: File too large" in done.stderr)
    expect(f"no part of a file after {option}", sorted(os.listdir(folder)) == before)
    done = subprocess.run([*ids, f"{option}={folder}"], capture_output=True, text=True, check=False)
    expect("a folder to be refused", done.returncode == 1 and "expected a file to write, got a directory" in done.stderr)
    done = subprocess.run([*ids, f"{option}={folder}/none/out"], capture_output=True, text=True, check=False)
    expect("a missing folder to be named", done.returncode == 1 and "none/out: cannot be written: No such file" in done.stderr)

# Ended from outside while it writes logits, it leaves no part of them. The model is small: the signal comes as soon as a
# part is there, and twice, as from senders that reach the process and its group.
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP) * 4:
    process = subprocess.Popen([run, model, "--input-ids=" + ",".join(["1"] * 60), "--print-ids", "--max-new-tokens=0",
                                "--chunk=1", f"--logits={folder}/ended"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while process.poll() is None and not any("tmp-" in name for name in os.listdir(folder)):
        pass
    process.send_signal(number)
    process.send_signal(number)
    process.wait(60)
    left = [name for name in os.listdir(folder) if "tmp-" in name]
    expect(f"no part of a file after {number.name}, got {left}", not left)

# An interrupt ends the generation with what was printed. The pipe is full by then, so it comes in the middle.
reader, writer = os.pipe()
os.set_blocking(writer, False)
filled = 0
try:
    while True:
        filled += os.write(writer, b" " * 4096)
except BlockingIOError:
    pass
os.set_blocking(writer, True)
process = subprocess.Popen(ids, stdout=writer, stderr=subprocess.PIPE, text=True)
os.close(writer)
while open(f"/proc/{process.pid}/wchan", encoding="ascii").read() not in ("pipe_write", "anon_pipe_write", "0"):
    expect("the process to run", process.poll() is None)
    os.sched_yield()
import time  # noqa: E402 (only this step waits)

time.sleep(0.3)
process.send_signal(signal.SIGINT)
out = b""
while chunk := os.read(reader, 65536):
    out += chunk
errors = process.stderr.read()
code = process.wait(60)
text = out.decode().strip()
expect(f"a clean end after an interrupt, got {code} {errors}", code == 0 and "(interrupted)" in errors)
expect(f"what was printed to be whole, got '{text}'", text.endswith("10") and out.endswith(b"\n") and len(text) < 59)
