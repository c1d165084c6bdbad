"""Words every definition shares: a machine name and a text for people in two languages.

Not a template and not a translation service: both languages are written by the author.
May be imported by every layer.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, StringConstraints

Lang = Literal["zh", "en"]

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]

# Stripped, because a folded YAML scalar ends in a line break that no title or subject wants.
_Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=400)]


class Text(BaseModel):
    """One text in Chinese and English; both are required and at most 400 characters long."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    zh: _Words
    en: _Words

    def pick(self, lang: Lang) -> str:
        """The text in one language."""
        return self.zh if lang == "zh" else self.en
