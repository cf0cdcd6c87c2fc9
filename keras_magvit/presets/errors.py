"""The one error of presets."""


class PresetError(ValueError):
    """A preset that cannot be found, read, built or written.

    The text is a single line that says what is wrong and ends with the preset, so that
    a command line can print it as it stands.

    Args:
        message: what is wrong, as a sentence; line breaks become spaces.
        preset: the name, folder or handle concerned.
        argument: the name of the argument that held it.

    Attributes:
        message: the sentence without the preset.
        preset: the preset as a string.

    Example:
        >>> try:
        ...     km.MAGVIT.from_preset("no such preset")
        ... except km.presets.PresetError as error:
        ...     print(error.preset)
        no such preset
    """

    def __init__(self, message, preset, argument="preset"):
        self.message = " ".join(str(message).split())
        self.preset = str(preset)
        self.argument = argument
        super().__init__(f"{self.message} Received: {argument}={self.preset!r}")

    def __reduce__(self):
        # The default would call the class with the finished text alone, which breaks
        # the trip from a worker process back to its parent.
        return type(self), (self.message, self.preset, self.argument)


class Refusal(Exception):
    """Why a part of a preset is refused; the caller knows which preset it was."""


def reason(error):
    """The short human part of an exception: one line without a final full stop.

    Keras wraps the error of a constructor in errors that print the whole config: the
    first of the chain is the one that says what was wrong.
    """
    while error.__context__ is not None:
        error = error.__context__
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    text = " ".join(str(text).split()).rstrip(".")
    return text if len(text) <= 400 else text[:397] + "..."
