"""Why a request cannot be written as JSON."""

from ..errors import InvalidRequestError


def unwritable(error: Exception) -> InvalidRequestError:
    """What JSON's writer said of it."""
    if "too deep" in str(error):
        return too_deep()
    return InvalidRequestError(f"the request holds something that JSON has no form for: {error}")


def too_deep() -> InvalidRequestError:
    return InvalidRequestError("the request holds something that is nested too deep (a schema, extra, metadata)")
