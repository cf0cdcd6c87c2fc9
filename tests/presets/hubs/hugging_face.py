"""A stand-in of the Hugging Face Hub: the part of its interface that moves models.

It speaks what the official client speaks: small files inside the commit, large ones by
the protocol of Git LFS.
"""

import base64
import hashlib
import json

from tests.presets.hubs.server import Server

_NAME = r"([\w.-]+/[\w.-]+)"


class HuggingFace(Server):
    """Repositories in memory; user `user` may write to their own.

    Attributes:
        repositories: id -> {name: bytes}.
        commits: `(id, message)` of each commit.
        private: ids that were made private.
    """

    routes = (
        (r"POST /api/repos/create", "create"),
        (r"POST /api/validate-yaml", "validate"),
        (rf"POST /api/models/{_NAME}/preupload/main", "preupload"),
        (rf"POST /{_NAME}\.git/info/lfs/objects/batch", "batch"),
        (r"PUT /blobs/(\w+)", "put_blob"),
        (rf"POST /api/models/{_NAME}/commit/main", "commit"),
        (rf"GET /api/models/{_NAME}(?:/revision/\w+)?", "info"),
        (rf"GET /api/models/{_NAME}/tree/\w+", "tree"),
        (rf"(?:GET|HEAD) /{_NAME}/resolve/\w+/(.+)", "resolve"),
    )

    def __init__(self):
        super().__init__()
        self.repositories, self.blobs = {}, {}
        self.commits, self.private = [], set()

    # === Upload ======================================================================

    def create(self, request):
        asked = request.json()
        name = f"{asked.get('organization') or 'user'}/{asked['name']}"
        if not self._may_write(request, name):
            return
        status = 409 if name in self.repositories else 200
        self.repositories.setdefault(name, {})
        if asked.get("private") or asked.get("visibility") == "private":
            self.private.add(name)
        page = {"url": f"{self.url}/{name}", "id": name, "name": name}
        request.answer(page, status)

    def validate(self, request):
        request.answer({"errors": [], "warnings": []})

    def preupload(self, request, name):
        if not self._may_write(request, name):
            return
        files = [
            {
                "path": file["path"],
                "uploadMode": "lfs" if file["path"].endswith(".h5") else "regular",
                "shouldIgnore": False,
            }
            for file in request.json()["files"]
        ]
        request.answer({"files": files})

    def batch(self, request, name):
        objects = []
        for blob in request.json()["objects"]:
            href = f"{self.url}/blobs/{blob['oid']}"
            objects.append({**blob, "actions": {"upload": {"href": href}}})
        request.answer({"transfer": "basic", "objects": objects})

    def put_blob(self, request, oid):
        assert hashlib.sha256(request.body).hexdigest() == oid
        self.blobs[oid] = request.body
        request.answer({})

    def commit(self, request, name):
        files = {}
        for line in map(json.loads, request.body.splitlines()):
            value = line["value"]
            if line["key"] == "header":
                self.commits.append((name, value["summary"]))
            elif line["key"] == "file":
                files[value["path"]] = base64.b64decode(value["content"])
            elif line["key"] == "lfsFile":
                files[value["path"]] = self.blobs[value["oid"]]
        self.repositories[name].update(files)
        oid = self._revision(name)
        url = f"{self.url}/{name}/commit/{oid}"
        request.answer({"success": True, "commitOid": oid, "commitUrl": url})

    def _may_write(self, request, name):
        if not request.is_logged_in:
            request.answer({"error": "Invalid credentials"}, 401)
        elif not name.startswith("user/"):
            request.answer({"error": "You don't have the rights"}, 403)
        else:
            return True
        return False

    # === Download ====================================================================

    def info(self, request, name):
        if name not in self.repositories:
            headers = {"X-Error-Code": "RepoNotFound"}
            request.answer({"error": "Repository not found"}, 404, headers)
            return
        files = [{"rfilename": file} for file in self.repositories[name]]
        request.answer({"id": name, "sha": self._revision(name), "siblings": files})

    def tree(self, request, name):
        files = self.repositories[name].items()
        request.answer(
            [
                {"type": "file", "path": file, "size": len(data), "oid": _etag(data)}
                for file, data in files
            ]
        )

    def resolve(self, request, name, file):
        data = self.repositories[name].get(file)
        if data is None:
            request.answer({}, 404, {"X-Error-Code": "EntryNotFound"})
            return
        headers = {"ETag": f'"{_etag(data)}"', "X-Repo-Commit": self._revision(name)}
        request.answer(data, headers=headers)

    def _revision(self, name):
        text = repr(sorted(self.repositories[name].items()))
        return hashlib.sha1(text.encode()).hexdigest()


def _etag(data):
    return hashlib.sha1(data).hexdigest()
