"""What the file of a consumer program says of it (`shared/process/heartbeat.py`): does it get on?

For a probe that is started every few seconds on a machine that is busy with other things. So this module imports
nothing: most of what a start of Python costs are imports.
"""

# Records, or changes of facts, wait and none was handled for so long: neither ready nor healthy.
STUCK_AFTER_S = 60.0


def stall_reason(path: str, at_s: float) -> str | None:
    """Why the program does not get on, by its file and the monotonic clock; None if it does."""
    try:
        with open(path, encoding="ascii") as file:  # noqa: PTH123 - see above
            ages_s = {part: at_s - float(beat_s) for part, beat_s in (line.split() for line in file)}
    except FileNotFoundError:
        return "尚未开始处理，原因见日志 / not at work yet; its log says what it waits for"
    except (OSError, ValueError) as error:
        return f"{path}: {error}"
    stuck = [f"{part} {age_s:.0f} s" for part, age_s in ages_s.items() if not 0 <= age_s < STUCK_AFTER_S]
    return f"停滞，原因见日志 / does not get on; its log says why: {', '.join(stuck)}" if stuck or not ages_s else None
