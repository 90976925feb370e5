"""A small parent that runs one command and prints what it cost: `python -S -E launcher.py OUT COMMAND...`.

A child's peak memory begins with its parent's at the moment of the fork, so the parent must be smaller
than anything that is measured: this file imports next to nothing. Helpers that the command starts are
counted, also those that it leaves behind.
"""

# ruff: noqa: PTH123, PTH208 - pathlib would make this parent larger
import contextlib
import ctypes
import json
import os
import sys
import time

PR_SET_CHILD_SUBREAPER = 36
PAGE_MIB = os.sysconf("SC_PAGE_SIZE") / 2**20


def tree(pid):
    """Return the processes at and below `pid`."""
    found, left = [], [pid]
    while left:
        one = left.pop()
        found.append(one)
        try:
            for thread in os.listdir(f"/proc/{one}/task"):
                with open(f"/proc/{one}/task/{thread}/children", encoding="ascii") as children:
                    left.extend(int(child) for child in children.read().split())
        except OSError:
            continue
    return found


def resident(pids):
    """Return the memory of processes in MiB."""
    total = 0.0
    for pid in pids:
        try:
            with open(f"/proc/{pid}/statm", encoding="ascii") as statm:
                total += int(statm.read().split()[1]) * PAGE_MIB
        except OSError:
            continue
    return total


def main(out, command):
    """Run the command; write its cost to the file `out`."""
    with contextlib.suppress(AttributeError):  # not Linux: helpers left behind are not counted
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    began = time.perf_counter()
    child = os.spawnvp(os.P_NOWAIT, command[0], command)
    cpu, peak, most, status, wall = 0.0, 0.0, 1, None, 0.0
    while True:
        try:
            pid, code, usage = os.wait4(-1, os.WNOHANG)
        except ChildProcessError:
            break
        if pid:
            cpu += usage.ru_utime + usage.ru_stime
            peak = max(peak, usage.ru_maxrss / 1024)
            if pid == child:
                status, wall = os.waitstatus_to_exitcode(code), time.perf_counter() - began
            continue
        pids = tree(os.getpid())[1:]
        most = max(most, len(pids))
        if len(pids) > 1:
            peak = max(peak, resident(pids))
        time.sleep(0.01)
    with open(out, "w", encoding="ascii") as result:
        json.dump(
            {"status": status, "wall": wall, "cpu": cpu, "peak_mib": peak, "processes": most},
            result,
        )


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
