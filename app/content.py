"""The words of a question that carry its meaning; knows no framework and no evidence."""

from __future__ import annotations

import re

from framewise.index.bm25 import words

_STOP = frozenset(
    "what which who whom whose when where why how do does did can could should would may "
    "might is are was were be been am i me my we our you your he she one ones any some much "
    "many more most best good better need want use using used make get about between there "
    "than too very just really please tell give say says still ever yet now today choose pick "
    "recommend vs versus or and".split()
)


def content_words(text: str) -> set[str]:
    """The stems of a question that carry its meaning."""
    plain = [word for word in re.findall(r"[\w.+#-]+", text.lower()) if word not in _STOP]
    return set(words(" ".join(plain)))
