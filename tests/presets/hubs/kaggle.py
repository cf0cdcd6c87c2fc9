"""A stand-in of Kaggle: the part of its interface that moves models.

A file is uploaded as a blob, which has a token; a version of a model is a tree of tokens.
"""

from tests.presets.hubs.server import Server

_MODELS = r"POST /api/v1/models\.ModelApiService/"


class Kaggle(Server):
    """Models in memory.

    Attributes:
        models: `"owner/model"` -> the request that made it.
        versions: `"owner/model/variation"` -> `[{name: bytes}]`.
        licenses, notes: what was said of each version, in order.
    """

    routes = (
        (f"{_MODELS}GetModel", "get_model"),
        (f"{_MODELS}CreateModel", "create_model"),
        (r"POST /api/v1/blobs\.BlobApiService/StartBlobUpload", "start_blob"),
        (r"PUT /blobs/(\d+)", "put_blob"),
        (f"{_MODELS}CreateModelInstance", "create_instance"),
        (f"{_MODELS}CreateModelInstanceVersion", "create_version"),
        (f"{_MODELS}GetModelInstance", "get_instance"),
        (f"{_MODELS}ListModelInstanceVersionFiles", "list_files"),
        (f"{_MODELS}DownloadModelInstanceVersion", "download"),
    )

    def __init__(self):
        super().__init__()
        self.models, self.versions, self.blobs = {}, {}, {}
        self.licenses, self.notes = [], []

    # === Upload ======================================================================

    def get_model(self, request):
        asked = request.json()
        known = f"{asked['ownerSlug']}/{asked['modelSlug']}" in self.models
        request.answer({}, 200 if known else 404)

    def create_model(self, request):
        asked = request.json()
        if not request.is_logged_in:
            request.answer({"code": 401, "message": "Unauthenticated"}, 401)
            return
        self.models[f"{asked['ownerSlug']}/{asked['slug']}"] = asked
        request.answer({})

    def start_blob(self, request):
        number = len(self.blobs)
        self.blobs[str(number)] = (request.json()["name"], None)
        url = f"{self.url}/blobs/{number}"
        request.answer({"token": str(number), "createUrl": url})

    def put_blob(self, request, number):
        self.blobs[number] = (self.blobs[number][0], request.body)
        request.answer({})

    def create_instance(self, request):
        asked = request.json()
        name = _name(asked, asked["body"]["instanceSlug"])
        if name in self.versions:
            # What changes things answers 200, and tells of errors in the body.
            request.answer({"error": "it exists", "errorCode": 409})
            return
        self.licenses.append(asked["body"]["licenseName"])
        self.versions[name] = [dict(self._files(asked["body"]))]
        request.answer({})

    def create_version(self, request):
        asked = request.json()
        self.notes.append(asked["body"]["versionNotes"])
        name = _name(asked, asked["instanceSlug"])
        self.versions[name].append(dict(self._files(asked["body"])))
        request.answer({})

    def _files(self, tree, prefix=""):
        for file in tree.get("files", ()):
            name, data = self.blobs[file["token"]]
            yield f"{prefix}{name}", data
        for folder in tree.get("directories", ()):
            yield from self._files(folder, f"{prefix}{folder['name']}/")

    # === Download ====================================================================

    def get_instance(self, request):
        versions = self._versions(request)
        if versions is None:
            request.answer({"code": 404, "message": "Not found"}, 404)
        else:
            request.answer({"versionNumber": len(versions)})

    def list_files(self, request):
        files = self._versions(request)[request.json()["versionNumber"] - 1]
        request.answer({"files": [{"name": name} for name in files]})

    def download(self, request):
        files = self._versions(request)[request.json()["versionNumber"] - 1]
        request.answer(files[request.json()["path"]])

    def _versions(self, request):
        asked = request.json()
        return self.versions.get(_name(asked, asked["instanceSlug"]))


def _name(asked, variation):
    return f"{asked['ownerSlug']}/{asked['modelSlug']}/{variation}"
