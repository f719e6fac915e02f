# SPDX-License-Identifier: Apache-2.0
"""What `kubectl kustomize` makes of a folder, for where there is no kubectl.

    objects = render(TOP / "deploy/kubernetes/market")

Of kustomize it knows what the files that we ship use, and refuses the rest; and
names do not end in a sum of the content, as kustomize's would.
"""

import base64
import copy

import yaml

# Elements of the lists of a pod are told apart by one of these.
KEYS = ("name", "mountPath", "containerPort")

KNOWN = {"apiVersion", "kind", "resources", "components", "configMapGenerator",
         "secretGenerator", "images", "patches"}


def render(folder):
    """The objects of a folder with a kustomization.yaml."""
    return add(folder, [])


def add(folder, objects):
    """The objects of before, changed, and the folder's own.  A component changes what is
    there; a kustomization begins with nothing."""
    said = yaml.safe_load((folder / "kustomization.yaml").read_text())
    assert set(said) <= KNOWN, f"{folder}: {set(said) - KNOWN} is not known here"
    for name in said.get("resources", ()):
        path = folder / name
        objects = objects + (render(path) if path.is_dir() else load(path))
    objects += [make("ConfigMap", one, folder, str) for one in said.get("configMapGenerator", ())]
    objects += [make("Secret", one, folder, encode) for one in said.get("secretGenerator", ())]
    for name in said.get("components", ()):
        objects = add(folder / name, objects)
    for patch in said.get("patches", ()):
        for part in load(folder / patch["path"]):
            objects = apply(objects, part)
    for image in said.get("images", ()):
        set_image(objects, image["name"], f"{image['name']}:{image['newTag']}")
    return objects


def load(path):
    """The objects of a file."""
    return list(yaml.safe_load_all(path.read_text()))


def encode(text):
    return base64.b64encode(text.encode()).decode()


def make(kind, said, folder, write):
    """A ConfigMap or Secret of files."""
    assert set(said) == {"name", "files"}, f"{folder}: {said} is not known here"
    data = {name: write((folder / name).read_text()) for name in said["files"]}
    more = {"type": "Opaque"} if kind == "Secret" else {}
    return {"apiVersion": "v1", "kind": kind, "metadata": {"name": said["name"]}, "data": data,
            **more}


def identify(one):
    return one["apiVersion"], one["kind"], one["metadata"]["name"]


def apply(objects, patch):
    """The objects with one of them changed."""
    found = [identify(one) for one in objects].count(identify(patch))
    assert found == 1, f"there are {found} of {identify(patch)} to patch"
    return [merge(one, patch) if identify(one) == identify(patch) else one for one in objects]


def merge(old, new):
    """What is new goes over what is old, as in a strategic merge."""
    if isinstance(old, dict) and isinstance(new, dict):
        merged = {name: merge(value, new[name]) if name in new else value
                  for name, value in old.items()}
        merged.update((name, value) for name, value in new.items() if name not in old)
        return {name: value for name, value in merged.items() if value is not None}
    if isinstance(old, list) and isinstance(new, list):
        return merge_lists(old, new)
    return copy.deepcopy(new)


def merge_lists(old, new):
    """By the key of their elements, new ones first; plain values are replaced."""
    key = next((key for key in KEYS if all(isinstance(one, dict) and key in one for one in new)),
               None)
    if key is None:
        return copy.deepcopy(new)
    changes = {one[key]: one for one in new}
    merged = [merge(one, changes.pop(one[key])) if one[key] in changes else one for one in old]
    return list(changes.values()) + merged


def set_image(objects, name, image):
    for one in objects:
        pod = one.get("spec", {}).get("template", {}).get("spec", {})
        for container in pod.get("containers", ()):
            if container["image"] == name:
                container["image"] = image
