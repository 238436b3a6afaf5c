"""The language of what a program prints: Chinese or English, chosen by the caller's locale."""

import os
import re
from collections.abc import Mapping
from typing import Final, Literal

Language = Literal["zh", "en"]

_VARIABLES: Final = ("LC_ALL", "LC_MESSAGES", "LANG")  # POSIX order of precedence
_NO_LANGUAGE: Final = ("C", "POSIX")
_OWN_DETAILS: Final = re.compile("[：；，。]")
_BILINGUAL: Final = re.compile(
    r"(?P<prefix>(?:[\x21-\x7e]+: )*)(?P<zh>.*?[\u4e00-\u9fff\uff00-\uffef].*?) / (?P<en>.*)", re.DOTALL
)


def caller_language(environ: Mapping[str, str] = os.environ) -> Language:  # noqa: TID251 - the locale is no setting
    """Return the language that the locale names.

    Chinese for `zh_*` and where no locale or the C locale is set: officials and operators are Chinese. English for
    every other locale.
    """
    locale = next((value for name in _VARIABLES if (value := environ.get(name))), "")
    name = re.split(r"[_.@-]", locale)[0]
    return "zh" if name in ("", "zh", *_NO_LANGUAGE) else "en"


def say(zh: str, en: str) -> str:
    """Return the text in the caller's language."""
    return zh if caller_language() == "zh" else en


class LocalizedError(RuntimeError):
    """An error whose one-line message is in the caller's language; a message that is the same in both has no `en`.

    Pages, which have languages of their own, show `zh` or `en`.
    """

    def __init__(self, zh: str, en: str | None = None) -> None:
        self.zh, self.en = zh, zh if en is None else en
        super().__init__(say(self.zh, self.en))


def pick(text: str, language: Language) -> str:
    """Return one half of `中文 / English`; text in one language is returned as it is.

    A prefix that names a field, setting or file (`FIELD: 中文 / English`) belongs to both halves; so do details after a
    colon (`中文 / English: details`), unless the Chinese half has details of its own.
    """
    found = _BILINGUAL.fullmatch(text)
    if found is None:
        return text
    if language == "en":
        return found["prefix"] + found["en"]
    _, colon, details = found["en"].partition(": ")
    is_whole = not colon or _OWN_DETAILS.search(found["zh"]) is not None
    return found["prefix"] + found["zh"] + ("" if is_whole else f"：{details}")


def join(*texts: str) -> str:
    """Join messages of `中文 / English`, or of one language, into one message of `中文 / English`."""
    found = _BILINGUAL.fullmatch(texts[0])
    prefix = "" if found is None else found["prefix"]
    zh = "；".join(pick(text, "zh") for text in texts).removeprefix(prefix)
    en = "; ".join(pick(text, "en") for text in texts).removeprefix(prefix)
    return texts[0] if len(texts) == 1 else f"{prefix}{zh} / {en}"


def add_details(text: str, details: str) -> str:
    """Return `中文：细节 / English: details` for two messages of `中文 / English`, or of one language."""
    zh, en = pick(details, "zh"), pick(details, "en")
    prefix = "" if (found := _BILINGUAL.fullmatch(text)) is None else found["prefix"]
    return f"{pick(text, 'zh')}：{zh} / {pick(text, 'en').removeprefix(prefix)}: {en}"


def localized(text: str) -> str:
    """Return a message of `中文 / English` lines in the caller's language, for output by a program.

    Exceptions whose message may also reach an API answer or a page carry both languages; `say` is for all others.
    """
    language = caller_language()
    return "\n".join(pick(line, language) for line in text.split("\n"))
