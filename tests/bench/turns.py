#!/usr/bin/env python3
"""Compares what builds of a program take, where a processor's speed changes from one moment to the
next: all run on one core, a few hundredths of a second each by turns, the others stopped meanwhile,
so that whatever disturbs one disturbs all of them.

    turns.py ROUNDS COMMAND COMMAND...

Each COMMAND is one argument, as in
    turns.py 7 'build/old/pushwatch -q -j 1 -o json:/dev/null A.pcap' \\
               'build/pushwatch -q -j 1 -o json:/dev/null A.pcap'
Tells for each the ratio of its CPU time to that of the first command in the same round, and its CPU
seconds. The same command given twice tells how far to trust the ratios. Only the command itself is
stopped, not what it starts: no shell around it. Linux only."""
import os
import random
import shlex
import signal
import statistics
import sys
import time

TURN = 0.05  # seconds


def start(command, core):
    """Starts a command on one core, stopped. Gives its pid."""
    pid = os.fork()
    if pid == 0:
        try:
            os.sched_setaffinity(0, {core})
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
            os.kill(os.getpid(), signal.SIGSTOP)
            os.execvp(command[0], command)
        finally:
            os._exit(127)  # as a shell says of what it does not find
    os.waitpid(pid, os.WUNTRACED)
    return pid


def take_turn(pid):
    """Lets it run for a turn. Gives its exit status, None if it goes on, and its CPU seconds."""
    os.kill(pid, signal.SIGCONT)
    time.sleep(TURN)
    os.kill(pid, signal.SIGSTOP)
    _, status, used = os.wait4(pid, os.WUNTRACED)
    ended = None if os.WIFSTOPPED(status) else os.waitstatus_to_exitcode(status)
    return ended, used.ru_utime + used.ru_stime


def one_round(commands, core):
    """Gives the CPU seconds of each."""
    running, seconds = {}, {}
    try:
        for i, command in enumerate(commands):
            running[i] = start(command, core)
        while running:
            for i in random.sample(list(running), len(running)):
                status, seconds[i] = take_turn(running[i])
                if status is None:
                    continue
                del running[i]
                if status != 0:
                    sys.exit(f"turns.py: exit status {status} of {shlex.join(commands[i])}")
    finally:
        for pid in running.values():
            os.kill(pid, signal.SIGKILL)
    return [seconds[i] for i in range(len(commands))]


def main():
    if len(sys.argv) < 3 or not sys.argv[1].isdigit() or sys.argv[1] == "0":
        sys.exit(__doc__)
    for number in (signal.SIGTERM, signal.SIGHUP):  # as Ctrl-C: none is left stopped behind
        signal.signal(number, lambda number, _: sys.exit(128 + number))
    commands = [shlex.split(argument) for argument in sys.argv[2:]]
    cores = sorted(os.sched_getaffinity(0))
    core = cores[-1]
    os.sched_setaffinity(0, set(cores[:-1]) or {core})  # who looks at the time is elsewhere
    rounds = [one_round(commands, core) for _ in range(int(sys.argv[1]))]
    print(" ratio: median     mean   seconds: median    least")
    for i, command in enumerate(sys.argv[2:]):
        seconds = [taken[i] for taken in rounds]
        ratios = [taken[i] / taken[0] for taken in rounds]
        mean = statistics.mean(seconds) / statistics.mean(taken[0] for taken in rounds)
        print(f"{statistics.median(ratios):14.3f} {mean:8.3f} {statistics.median(seconds):17.3f} "
              f"{min(seconds):8.3f}   {command}")


if __name__ == "__main__":
    main()
