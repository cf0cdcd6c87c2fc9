"""ONNX: one file a function, and Algorithm 1 as a whole."""

import os

from keras_magvit.export.graph import tidied
from keras_magvit.export.loop import decode_graph
from keras_magvit.export.tracing import converted


def graphs_of(functions):
    """Name -> `onnx.ModelProto`.

    Args:
        functions: of `functions_of`.
    """
    graphs = {name: tidied(converted(f)) for name, f in functions.items()}
    if "decode_step" in graphs:
        graphs["decode"] = tidied(decode_graph(graphs["start"], graphs["decode_step"]))
    return graphs


def write(graphs, folder):
    """Writes every graph as `NAME.onnx`; returns name -> file."""
    import onnx

    files = {}
    for name, graph in graphs.items():
        if name == "start":
            continue  # a part of the decode
        files[name] = f"{name}.onnx"
        onnx.save(graph, os.path.join(folder, files[name]))
    return files


class Runner:
    """Runs the files of a folder with onnxruntime.

    Args:
        folder: where they are.
        files: name -> file.
        renamed: names of functions -> names of files to run in their place.
    """

    def __init__(self, folder, files, renamed=None):
        import onnxruntime

        options = onnxruntime.SessionOptions()
        # Threads that wait for the next call would keep the next session from its cores.
        options.add_session_config_entry("session.force_spinning_stop", "1")
        self._sessions = {
            name: onnxruntime.InferenceSession(
                os.path.join(folder, file), options, ["CPUExecutionProvider"]
            )
            for name, file in files.items()
        }
        for name, stand_in in (renamed or {}).items():
            self._sessions[name] = self._sessions[stand_in]

    def __contains__(self, name):
        return name in self._sessions

    def inputs(self, name):
        """Input -> shape of a graph; names for free sizes."""
        return {i.name: i.shape for i in self._sessions[name].get_inputs()}

    def __call__(self, name, **feeds):
        """Outputs of a graph by name; inputs that it does not have are left out."""
        session = self._sessions[name]
        feeds = {key: feeds[key] for key in self.inputs(name)}
        names = [output.name for output in session.get_outputs()]
        return dict(zip(names, session.run(names, feeds), strict=True))
