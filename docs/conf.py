"""The site of the documents: Chinese and English as two trees, built by `make docs`.

Reference pages are generated from the code at each build. Nothing is loaded from another host.
"""

import re
import subprocess
import sys
from gettext import NullTranslations, translation
from pathlib import Path
from typing import Any

import sphinx
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.search import SearchLanguage

DOCS = Path(__file__).parent
LOCALES = {"zh": "zh_CN", "en": "en_US"}
# Words of the theme, which has no translations of its own.
WIDE = "[\u2018-\u201d\u3000-\u9fff\uff00-\uffef]"  # Chinese characters and punctuation
THEME_WORDS = {
    "Next": "下一页",
    "Previous": "上一页",
    "On this page": "本页内容",
    "Back to top": "回到页首",
    "Home": "首页",
}

project = "奖补 jiangbu"
project_copyright = ""
extensions = ["myst_parser"]
source_suffix = {".md": "markdown"}
exclude_patterns = ["**/generated/personal-data.md"]
html_search_language = "zh"

myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 4
nitpicky = True
smartquotes = False  # texts are Chinese too, and commands are copied

html_theme = "furo"
html_title = project
html_copy_source = False
html_show_sourcelink = False
html_show_copyright = False
html_static_path: list[str] = []


def language_of(page: str) -> str:
    """The tree that a page belongs to; pages outside both trees are English, the first page is Chinese."""
    return "zh" if page.startswith("zh/") or page == "index" else "en"


def generate(app: Sphinx) -> None:
    """Write the generated pages; a language a process, as programs choose their texts by the locale."""
    for language, locale in LOCALES.items():
        subprocess.run(
            [sys.executable, DOCS / "generate.py", language],
            check=True,
            cwd=app.confdir.parent,
            env={"LANG": f"{locale}.UTF-8", "PYTHONUTF8": "1"},
        )


def add_language(
    _app: Sphinx, page: str, _template: str, context: dict[str, Any], _tree: nodes.document | None
) -> None:
    """Give the theme's own texts and the navigation the language of the page, and link to the other language."""
    language = language_of(page)
    texts, words = NullTranslations(), {}
    if language == "zh":
        texts = translation("sphinx", Path(sphinx.__path__[0]) / "locale", languages=["zh_CN"], fallback=True)
        words = THEME_WORDS
    context["language"] = {"zh": "zh-CN", "en": "en"}[language]
    context["_"] = context["gettext"] = lambda text: words.get(text) or texts.gettext(text)
    context["ngettext"] = texts.ngettext
    navigation = context.get("furo_navigation_tree", "")
    hidden = "English" if language == "zh" else "中文"
    context["furo_navigation_tree"] = re.sub(
        rf'<p class="caption"[^>]*><span[^>]*>{hidden}</span></p>\s*<ul.*?</ul>\s*(?=<p class="caption"|</div>|$)',
        "",
        navigation,
        flags=re.DOTALL,
    )
    other = page.replace(f"{language}/", "en/" if language == "zh" else "zh/", 1)
    if page.startswith(f"{language}/"):
        address = context["pathto"](other)
        name = "English" if language == "zh" else "中文"
        context["body"] = f'<p><a href="{address}">{name}</a></p>\n{context.get("body", "")}'


def join_chinese_lines(_app: Sphinx, tree: nodes.document) -> None:
    """Drop line breaks between Chinese characters, which would be shown as spaces."""
    for text in list(tree.findall(nodes.Text)):
        if isinstance(text.parent, nodes.literal | nodes.literal_block):
            continue
        at = next(at for at, child in enumerate(text.parent) if child is text)  # many texts are equal
        before = plain_text(text.parent[at - 1])[-1:] if at else ""
        after = plain_text(text.parent[at + 1])[:1] if at + 1 < len(text.parent) else ""
        joined = re.sub(rf"(?<={WIDE})\n(?={WIDE})", "", before + text + after)
        joined = joined[len(before) : len(joined) - len(after)]
        if joined != text:
            text.parent[at] = nodes.Text(joined)


def plain_text(node: nodes.Node) -> str:
    return "" if isinstance(node, nodes.literal) else node.astext()


class Chinese(SearchLanguage):
    """Words for the search: pairs of Chinese characters, and words of letters and digits."""

    lang = "zh"
    language_name = "Chinese"
    js_splitter_code = """
function splitQuery(query) {
  const words = [];
  for (const part of query.toLowerCase().match(/[\\u3400-\\u9fff]+|[a-z0-9_]+/g) || []) {
    if (/[a-z0-9_]/.test(part[0]) || part.length < 3) words.push(part);
    else for (let at = 0; at < part.length - 1; at++) words.push(part.slice(at, at + 2));
  }
  return words;
}
"""

    def split(self, input: str) -> list[str]:  # noqa: A002 - Sphinx's name
        words: list[str] = []
        for part in re.findall(r"[\u3400-\u9fff]+|[a-z0-9_]+", input.lower()):
            is_word = part.isascii() or len(part) < 3  # noqa: PLR2004 - a pair is itself
            words += [part] if is_word else [part[at : at + 2] for at in range(len(part) - 1)]
        return words

    def word_filter(self, word: str) -> bool:
        return len(word) > 1

    def stem(self, word: str) -> str:
        return word


def setup(app: Sphinx) -> None:
    """Sphinx's entry."""
    app.add_search_language(Chinese)
    app.connect("builder-inited", generate)
    app.connect("doctree-read", join_chinese_lines)
    app.connect("html-page-context", add_language, priority=900)
