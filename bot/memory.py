"""Little memory for a bot that runs for months on a small machine."""

import contextlib
import ctypes
import gc
import sys

_MOST_HEAPS = -8
"""M_ARENA_MAX of glibc's <malloc.h>."""

_SELDOM = 1_000
"""Collections of what is young, after which all that was made since the start is looked through. Python does so after
10: at 500 messages a second every few seconds, for 20 to 60 ms in which no page leaves; in minutes of that it found no
garbage at all."""


def spare_memory() -> None:
    """At the very beginning: one heap for all threads, and no collector while everything is imported and built.

    To start takes a sixth less without it, and little of that is garbage; `settle_memory` enables it. glibc gives each
    thread a heap of its own, for programs whose threads allocate at the same time; this one's wait for each other, and
    what one of them gave back no other could use.
    """
    gc.disable()
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):  # another C library has no such setting
            ctypes.CDLL(None).mallopt(_MOST_HEAPS, 1)


def settle_memory() -> None:
    """What start-up has made stays for good: the collector need not look through it again, for 100 ms each time.

    What was needed to make it goes back to the system. What is made from now on is looked through `_SELDOM`.
    """
    gc.collect()
    gc.freeze()
    young, older, _all = gc.get_threshold()
    gc.set_threshold(young, older, _SELDOM)
    gc.enable()
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).malloc_trim(0)
