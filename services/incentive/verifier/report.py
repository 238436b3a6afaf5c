"""The report of a verification: faults by file and line, checks that passed, and what could not be proved."""

from __future__ import annotations

import html
import os
import re
from typing import NamedTuple


class ReportLine(NamedTuple):
    """One statement in Chinese and English, with a value that is the same in both."""

    zh: str
    en: str
    detail: str = ""

    def text(self, language: str = "") -> str:
        """In Chinese (`zh`), English (`en`) or both (empty)."""
        words = {"zh": self.zh, "en": self.en}.get(language, f"{self.zh} / {self.en}")
        return f"{words}: {self.detail}" if self.detail else words


class Unsound(ValueError):  # noqa: N818 - a finding about the extract, not a failure of the program
    """A fault of the extract: the reason, the file, and the line (from 1; None: the whole file)."""

    def __init__(self, zh: str, en: str, detail: str = "", *, file: str | None = None, line: int | None = None) -> None:
        super().__init__(zh, en, detail)
        self.message, self.file, self.line = ReportLine(zh, en, detail), file, line

    def text(self, language: str = "") -> str:
        where = "" if self.file is None else f"{self.file}: " if self.line is None else f"{self.file}:{self.line}: "
        return where + self.message.text(language)

    __str__ = text


class UsageError(Exception):
    """Invalid arguments or key file; nothing is said about the extract."""

    def __init__(self, zh: str, en: str, detail: str = "") -> None:
        super().__init__(ReportLine(zh, en, detail).text())
        self.message = ReportLine(zh, en, detail)


# Exceptions that Python raises for a file with unexpected content.
WRONG_CONTENT = (ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError, OverflowError)


def caller_language() -> str:
    """`zh` if the locale is Chinese, C or not set, else `en`."""
    named = [os.environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if os.environ.get(name)]
    return "zh" if not named or re.match(r"(zh|C|POSIX)([_.@-]|$)", named[0]) else "en"


class VerificationReport:
    """The outcome for one extract."""

    def __init__(self) -> None:
        self.head: list[ReportLine] = []
        self.shown: list[ReportLine] = []
        self.limits: list[ReportLine] = []
        self.faults: list[Unsound] = []

    @property
    def is_sound(self) -> bool:
        return not self.faults

    def text(self, language: str = "") -> str:
        parts = []
        for title, lines in self._sections(language):
            parts += [f"{title}:", *(f"  - {line}" for line in lines), ""]
        return "\n".join([*parts, self._verdict().text(language), ""])

    def _verdict(self) -> ReportLine:
        sound, unsound = ReportLine("结论：可靠", "verdict: SOUND"), ReportLine("结论：不可靠", "verdict: UNSOUND")
        return sound if self.is_sound else unsound

    def _sections(self, language: str) -> list[tuple[str, list[str]]]:
        sections = (
            (ReportLine("核验对象", "extract"), self.head),
            (ReportLine("有误", "faults"), self.faults),
            (ReportLine("已核", "checked"), self.shown),
            (ReportLine("未能证明", "could not be proved"), self.limits),
        )
        return [(title.text(language), [line.text(language) for line in lines]) for title, lines in sections if lines]

    def html(self, at: str, language: str = "") -> str:
        """A page for the audit file, with the time of the verification."""
        lists = ""
        for heading, lines in self._sections(language):
            items = "".join(f"<li>{html.escape(line)}</li>" for line in lines)
            lists += f"<h2>{html.escape(heading)}</h2><ol>{items}</ol>"
        title = ReportLine("核验报告", "verification report").text(language)
        verified = ReportLine("核验于", "verified at", at).text(language)
        style = "body{font:16px/1.5 sans-serif;max-width:60em;margin:2em auto;padding:0 1em}li{overflow-wrap:anywhere}"
        return (
            f'<!DOCTYPE html><html lang="{language or "zh"}"><meta charset="utf-8"><title>{title}</title>'
            f"<style>{style}</style><h1>{title}</h1><p style='color:{'#060' if self.is_sound else '#a00'}'>"
            f"<strong>{self._verdict().text(language)}</strong></p>{lists}<p>{html.escape(verified)}</p></html>\n"
        )
