"""Read the heartbeat file of a consumer program (`shared/process/heartbeat.py`): does it make progress?

A container engine starts this probe every few seconds. The module imports nothing, because imports are most of what a
start of Python costs.
"""

# The program is neither ready nor healthy if records, or changed facts, wait and none was handled for this long.
STUCK_AFTER_S = 60.0


def stall_reason(path: str, at_s: float) -> str | None:
    """Return why the program is stalled, by its file and the monotonic clock; None if it makes progress."""
    try:
        with open(path, encoding="ascii") as file:  # noqa: PTH123 - see above
            ages_s = {part: at_s - float(beat_s) for part, beat_s in (line.split() for line in file)}
    except FileNotFoundError:
        return "尚未开始处理，原因见日志 / not started yet; see its log for the reason"
    except (OSError, ValueError) as error:
        return f"{path}: {error}"
    stalled = [f"{part} {age_s:.0f} s" for part, age_s in ages_s.items() if not 0 <= age_s < STUCK_AFTER_S]
    if stalled or not ages_s:
        return f"停滞，原因见日志 / stalled; see its log for the reason: {', '.join(stalled)}"
    return None
