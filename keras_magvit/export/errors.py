"""What an export may fail with."""


class ExportError(ValueError):
    """The export cannot be made, or what was made does not do what Keras does.

    Example:
        >>> issubclass(km.export.ExportError, ValueError)
        True
    """
