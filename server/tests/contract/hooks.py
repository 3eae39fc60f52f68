"""What Schemathesis cannot know of Backstep's API: how a DAG bundle is packed, and what there is on the server."""

import gzip
import io
import os
import random
import tarfile

import requests
import schemathesis


@schemathesis.serializer("application/gzip")
def archive(ctx, value):
    """An archive with one file, whose text is what was generated."""
    text = value if isinstance(value, bytes) else str(value).encode("utf-8", "surrogatepass")
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        entry = tarfile.TarInfo("dag.py")
        entry.size = len(text)
        tar.addfile(entry, io.BytesIO(text))
    return gzip.compress(packed.getvalue())


def there() -> dict:
    """Values of path parameters that lead somewhere."""

    def get(path: str) -> dict:
        url = f"{os.environ['BACKSTEP_URL']}/api/v1/{path}"
        answer = requests.get(url, headers={"Authorization": "Bearer demo-admin"}, timeout=30)
        answer.raise_for_status()
        return answer.json()

    deployments = {d["name"]: d["id"] for d in get("deployments")["deployments"]}
    return {
        "deployment": list(deployments.values()),
        "deploy": [1, 2, 3, 12],
        "step": [0, 1],
        "workspace": [w["id"] for w in get("workspaces")["workspaces"]],
        "account": [p["id"] for p in get("people")["accounts"]],
    }


THERE = there()


@schemathesis.hook
def map_path_parameters(ctx, path_parameters):
    """Most requests are about something that is there; the rest shows how the API takes what is not."""
    if not path_parameters:
        return path_parameters
    chosen = random.Random(repr(path_parameters))
    for name in path_parameters:
        if name in THERE and chosen.random() < 0.8:
            path_parameters[name] = chosen.choice(THERE[name])
    return path_parameters
