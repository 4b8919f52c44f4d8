"""Take uploaded files: one that fails, as on a full disk or a closed connection, leaves nothing behind."""

from contextlib import suppress
from pathlib import Path

from gradio import route_utils
from starlette.datastructures import FormData
from starlette.requests import ClientDisconnect


class UploadFailed(OSError):
    """An uploaded file could not be written, or did not come whole; nothing of it was kept."""


class UploadParser(route_utils.GradioMultiPartParser):
    """Gradio's parser of uploads, which by itself keeps what came of a file before an error."""

    async def parse(self) -> FormData:
        """Return the fields of a request, its files in the folder of uploads.

        Raises:
            UploadFailed: a file could not be written, or its sender went away.
        """
        try:
            return await super().parse()
        except BaseException as error:
            for file in self._files_to_close_on_error:
                with suppress(OSError):  # what is left to be written does not fit either
                    file.close()
                Path(file.name).unlink(missing_ok=True)
            if isinstance(error, OSError | ClientDisconnect):
                raise UploadFailed(
                    "The file could not be stored; free space, then upload it again."
                ) from error
            raise


def clean_up_uploads() -> None:
    """Have Gradio take uploads with `UploadParser`."""
    route_utils.GradioMultiPartParser = UploadParser  # type: ignore[misc]
