"""Tells the site's reader of docstrings that this project's "Example:" is a section."""

import re

import griffe


class ExampleSections(griffe.Extension):
    """Google's style says "Examples:" and sets what follows as code."""

    def on_object(self, *, obj, **kwargs):
        if obj.docstring is not None:
            text = obj.docstring.value
            obj.docstring.value = re.sub(r"(?m)^Example:$", "Examples:", text)
