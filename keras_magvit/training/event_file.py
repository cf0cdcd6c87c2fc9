"""TensorBoard's event files, written without TensorFlow."""

import os
import socket
import time


class EventFile:
    """One event file: numbers, and pictures that may move.

    Args:
        folder: where it is made; `tensorboard --logdir` takes it.
        step: steps done before: events of an earlier file beyond it are taken back.

    Raises:
        ImportError: if the package tensorboard is missing.
        OSError: if the folder cannot be written to.
    """

    def __init__(self, folder, step=0):
        try:
            from tensorboard.compat.proto import event_pb2, summary_pb2
            from tensorboard.summary.writer.record_writer import RecordWriter
        except ModuleNotFoundError as error:
            raise ImportError(
                'Event files need the package tensorboard: pip install "keras-magvit'
                '[train]"'
            ) from error
        self._event, self._summary, self._writer = event_pb2, summary_pb2, RecordWriter
        os.makedirs(folder, exist_ok=True)
        now = time.time()
        name = (
            f"events.out.tfevents.{int(now):010d}.{socket.gethostname()}.{os.getpid()}"
        )
        self._path = os.path.join(folder, f"{name}.{time.monotonic_ns()}")
        self._write(file_version="brain.Event:2")
        start = event_pb2.SessionLog(status=event_pb2.SessionLog.START)
        self._write(step=step + 1, session_log=start)

    def numbers(self, step, values):
        """Writes a dict of floats."""
        value = self._summary.Summary.Value
        values = [value(tag=tag, simple_value=v) for tag, v in values.items()]
        self._write(step=step, summary=self._summary.Summary(value=values))

    def picture(self, step, tag, data, height, width):
        """Writes the bytes of a PNG or an animated GIF of that size."""
        image = self._summary.Summary.Image(
            height=height, width=width, colorspace=3, encoded_image_string=data
        )
        value = self._summary.Summary.Value(tag=tag, image=image)
        self._write(step=step, summary=self._summary.Summary(value=[value]))

    def _write(self, **fields):
        event = self._event.Event(wall_time=time.time(), **fields)
        # Opened for each: nothing is left to close, or to lose.
        with open(self._path, "ab") as file:
            self._writer(file).write(event.SerializeToString())
