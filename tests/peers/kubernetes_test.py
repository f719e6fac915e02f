# SPDX-License-Identifier: Apache-2.0
"""What deploy/kubernetes gives to a cluster.

Claims: every object has the fields, and the types of fields, that Kubernetes knows
(by the models of Debian's python3-kubernetes), and a mistake of each kind would be
found; what names another object names one that is there; the pods are as closed as
they can be; the server takes the settings.  No cluster was asked.
"""

import copy
import re
import shutil
import subprocess

import pytest
import yaml
from kustomize import render
from programs import TOP, environment, program
from web import Web

models = pytest.importorskip("kubernetes.client.models", reason="no python3-kubernetes")

FOLDER = TOP / "deploy/kubernetes"
NAME = "app.kubernetes.io/name"

# What Kubernetes has had for longer than these models: a field, and what it is.
LATER = {("V1Handler", "sleep"): {"seconds": "int"}}  # 1.30

PLAIN = {"str": str, "int": int, "bool": bool, "float": (int, float), "object": object}


@pytest.fixture(name="folder", scope="module")
def make_folder(tmp_path_factory):
    """The files, with the key that the user puts there."""
    folder = tmp_path_factory.mktemp("kubernetes") / "files"
    shutil.copytree(FOLDER, folder)
    (folder / "alphavantage/alphavantage.key").write_text("SECRET\n")
    return folder


@pytest.fixture(name="overlay", params=["base", "alphavantage", "market", "before-1.30"])
def choose_overlay(request, folder):
    """A folder that can be applied."""
    if request.param != "before-1.30":
        return folder / request.param
    own = folder / "own"
    own.mkdir(exist_ok=True)
    (own / "kustomization.yaml").write_text(
        "resources: [../market]\ncomponents: [../before-1.30]\n")
    return own


@pytest.fixture(name="objects")
def render_overlay(overlay):
    return render(overlay)


# --- The models ---------------------------------------------------------------------

def find_model(one):
    """The model of an object: batch/v1 CronJob is V1CronJob."""
    version = one["apiVersion"].rsplit("/", 1)[-1]
    name = version[0].upper() + version[1:] + one["kind"]
    assert hasattr(models, name), f"there is no {one['apiVersion']} {one['kind']}"
    return name


def find_faults(one):
    """All that is wrong with an object, as texts."""
    return list(check_value(one, find_model(one), one["kind"]))


def check_value(value, kind, where):
    """What is wrong with a value that should be of a kind of the models'."""
    if match := re.fullmatch(r"list\[(.*)\]", kind):
        yield from check_parts(value, list, match.group(1), where)
    elif match := re.fullmatch(r"dict\(str, (.*)\)", kind):
        yield from check_parts(value, dict, match.group(1), where)
    elif kind in PLAIN:
        is_right = isinstance(value, PLAIN[kind]) and (kind in ("bool", "object")
                                                       or not isinstance(value, bool))
        if not is_right or value is None:
            yield f"{where}: {value!r} is no {kind}"
    elif not isinstance(value, dict):
        yield f"{where}: {value!r} is no {kind}"
    else:
        yield from check_fields(value, kind, where)


def check_parts(value, container, kind, where):
    if not isinstance(value, container):
        yield f"{where}: {value!r} is no {container.__name__}"
        return
    for name, part in value.items() if container is dict else enumerate(value):
        yield from check_value(part, kind, f"{where}.{name}")


def check_fields(value, kind, where):
    """Fields that are known, each of its type; and what the model itself says of what is
    missing and of words that are not among those allowed."""
    model = getattr(models, kind)
    names = {outside: inside for inside, outside in model.attribute_map.items()}
    taken = {}
    for name, part in value.items():
        if (kind, name) in LATER:
            for field, plain in LATER[kind, name].items():
                yield from check_value(part[field], plain, f"{where}.{name}.{field}")
            if set(part) != set(LATER[kind, name]):
                yield f"{where}.{name}: {set(part)}"
        elif name not in names:
            yield f"{where}.{name}: {kind} has no such field"
        else:
            yield from check_value(part, model.openapi_types[names[name]], f"{where}.{name}")
            taken[names[name]] = part
    try:
        model(**taken)
    except ValueError as error:
        yield f"{where}: {error}"


def test_every_object_is_what_kubernetes_knows(objects):
    for one in objects:
        assert find_faults(one) == []


def change(path, value):
    """A Deployment with one thing changed; None takes it away."""
    one = copy.deepcopy(find(render(FOLDER / "base"), "Deployment", "quoted"))
    *way, last = path
    part = one
    for step in way:
        part = part[step]
    if value is None:
        del part[last]
    else:
        part[last] = value
    return one


CONTAINER = ("spec", "template", "spec", "containers", 0)


@pytest.mark.parametrize("path, value, fault", [
    (("spec", "replica"), 3, "has no such field"),
    ((*CONTAINER, "readinessProbe", "httpGet", "paths"), "/", "has no such field"),
    (("spec", "replicas"), "3", "'3' is no int"),
    (("spec", "replicas"), True, "True is no int"),
    ((*CONTAINER, "command"), "quoted", "is no list"),
    ((*CONTAINER, "securityContext", "readOnlyRootFilesystem"), "yes", "is no bool"),
    (("spec", "template", "metadata", "labels", NAME), 1, "1 is no str"),
    ((*CONTAINER, "env", 0, "valueFrom"), "metadata.name", "is no V1EnvVarSource"),
    ((*CONTAINER, "resources", "limits", "memory"), 256, "256 is no str"),
    (("spec", "selector"), None, "`selector`, must not be `None`"),
    ((*CONTAINER, "ports", 0, "containerPort"), None, "must not be `None`"),
    ((*CONTAINER, "name"), None, "`name`, must not be `None`"),
    ((*CONTAINER, "lifecycle", "preStop", "sleep", "seconds"), "5s", "'5s' is no int"),
], ids=lambda value: "" if not isinstance(value, tuple) else str(value[-1]))
def test_a_mistake_would_be_found(path, value, fault):
    faults = find_faults(change(path, value))
    assert len(faults) >= 1 and fault in faults[0], faults


def test_an_unknown_kind_would_be_found():
    with pytest.raises(AssertionError, match="there is no v2 Service"):
        find_faults({"apiVersion": "v2", "kind": "Service"})


# --- What names what ----------------------------------------------------------------

def find(objects, kind, name):
    found = [one for one in objects if (one["kind"], one["metadata"]["name"]) == (kind, name)]
    assert len(found) == 1, f"there are {len(found)} {kind} {name}"
    return found[0]


def of_kind(objects, *kinds):
    return [one for one in objects if one["kind"] in kinds]


def pods(objects):
    """The labels and the spec of each Deployment's pods."""
    return [(one["spec"]["template"]["metadata"]["labels"], one["spec"]["template"]["spec"])
            for one in of_kind(objects, "Deployment")]


def selected(objects, labels):
    """The pods that have all these labels."""
    return [pod for has, pod in pods(objects) if labels.items() <= has.items()]


def port_names(pod):
    return {port["name"] for one in pod["containers"] for port in one["ports"]}


def test_objects_are_there_once(objects):
    names = [(one["kind"], one["metadata"]["name"]) for one in objects]
    assert len(names) == len(set(names)) and ("Deployment", "quoted") in names


def test_selectors_select(objects):
    for one in of_kind(objects, "Deployment"):
        labels = one["spec"]["selector"]["matchLabels"]
        assert labels.items() <= one["spec"]["template"]["metadata"]["labels"].items()
        for spread in one["spec"]["template"]["spec"].get("topologySpreadConstraints", ()):
            assert spread["labelSelector"]["matchLabels"] == labels
    for one in of_kind(objects, "PodDisruptionBudget"):
        assert len(selected(objects, one["spec"]["selector"]["matchLabels"])) == 1
    for one in of_kind(objects, "Service"):
        assert len(selected(objects, one["spec"]["selector"])) == 1
    for one in of_kind(objects, "NetworkPolicy"):
        assert len(selected(objects, one["spec"]["podSelector"]["matchLabels"])) == 1


def test_services_lead_to_ports_that_are_there(objects):
    for one in of_kind(objects, "Service"):
        for pod in selected(objects, one["spec"]["selector"]):
            assert {port["targetPort"] for port in one["spec"]["ports"]} <= port_names(pod)


def test_policies_open_ports_that_are_there(objects):
    for one in of_kind(objects, "NetworkPolicy"):
        for rule in one["spec"].get("ingress", ()):
            for pod in selected(objects, one["spec"]["podSelector"]["matchLabels"]):
                assert {port["port"] for port in rule["ports"]} <= port_names(pod)


def test_every_pod_is_closed_to_the_network_but_for_its_ways(objects):
    for labels, _ in pods(objects):
        policies = [one["spec"] for one in of_kind(objects, "NetworkPolicy")
                    if one["spec"]["podSelector"]["matchLabels"].items() <= labels.items()]
        assert {way for one in policies for way in one["policyTypes"]} == {"Ingress", "Egress"}


def test_volumes_are_of_objects_that_are_there(objects):
    for _, pod in pods(objects):
        volumes = {one["name"]: one for one in pod.get("volumes", ())}
        for container in pod["containers"]:
            assert {one["name"] for one in container.get("volumeMounts", ())} == set(volumes)
        for one in volumes.values():
            if "configMap" in one:
                find(objects, "ConfigMap", one["configMap"]["name"])
            else:
                find(objects, "Secret", one["secret"]["secretName"])


def test_servers_find_the_market(folder):
    objects = render(folder / "market")
    url = read_environment(objects)["QUOTED_PROVIDERS_0_URL"]
    host, port = re.fullmatch(r"http://([a-z-]+):(\d+)", url).groups()
    service = find(objects, "Service", host)
    assert service["spec"]["ports"][0]["port"] == int(port)
    pod = selected(objects, service["spec"]["selector"])[0]["containers"][0]
    assert pod["command"] == ["/usr/bin/quoted-market", "--listen", f"*:{port}"]
    assert pod["ports"][0]["containerPort"] == int(port)


def test_the_key_is_a_file_and_nowhere_else(folder):
    objects = render(folder / "alphavantage")
    secret = find(objects, "Secret", "quoted-provider")
    pod = selected(objects, {NAME: "quoted"})[0]
    mounts = {one["name"]: one["mountPath"] for one in pod["containers"][0]["volumeMounts"]}
    file = read_environment(objects)["QUOTED_ALPHAVANTAGE_KEY_FILE"]
    assert file == f"{mounts['provider']}/{next(iter(secret['data']))}"
    # Readable by the server's group, which is that of the files, and by nobody else.
    volume = next(one for one in pod["volumes"] if one["name"] == "provider")
    assert volume["secret"]["defaultMode"] == 0o440
    assert pod["securityContext"]["fsGroup"] == pod["securityContext"]["runAsGroup"]
    secret["data"] = {}
    assert "SECRET" not in yaml.dump_all(objects)


# --- The pods -----------------------------------------------------------------------

def test_pods_have_no_more_than_they_need(objects):
    for _, pod in pods(objects):
        whole = pod["securityContext"]
        assert whole["runAsNonRoot"] and whole["runAsUser"] > 0
        assert whole["seccompProfile"] == {"type": "RuntimeDefault"}
        assert pod["automountServiceAccountToken"] is False
        assert pod["enableServiceLinks"] is False
        for container in pod["containers"]:
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]}}
            assert set(container["resources"]["requests"]) == {"cpu", "memory"}
            assert "memory" in container["resources"]["limits"]


def in_seconds(text):
    return float(text.removesuffix("s"))


def test_a_server_has_time_to_leave(objects):
    pod = selected(objects, {NAME: "quoted"})[0]
    container = pod["containers"][0]
    leaves = in_seconds(read_environment(objects).get("QUOTED_SERVER_LEAVE_FOR", "0s"))
    waits = container.get("lifecycle", {}).get("preStop", {}).get("sleep", {}).get("seconds", 0)
    assert leaves + waits >= 3
    # A server ends within 5 s of the signal.
    assert pod["terminationGracePeriodSeconds"] >= waits + 5 + 5


@pytest.mark.parametrize("name, path", [
    ("startupProbe", "/readyz"), ("readinessProbe", "/readyz"), ("livenessProbe", "/livez")])
def test_probes_are_answered(objects, server, name, path):
    container = selected(objects, {NAME: "quoted"})[0]["containers"][0]
    asked = container[name]["httpGet"]
    assert asked == {"path": path, "port": container["ports"][0]["name"]}
    with Web(server.address) as web:
        assert web.get(asked["path"]).status == 200


def test_there_are_always_servers(objects):
    spec = find(objects, "Deployment", "quoted")["spec"]
    budget = find(objects, "PodDisruptionBudget", "quoted")["spec"]
    assert spec["replicas"] == 3 and budget["maxUnavailable"] == 1
    assert spec["strategy"]["rollingUpdate"] == {"maxSurge": 1, "maxUnavailable": 0}


# --- The settings -------------------------------------------------------------------

def read_environment(objects):
    """The variables that the servers get; a pod has its name as the server's."""
    container = selected(objects, {NAME: "quoted"})[0]["containers"][0]
    values = {}
    for one in container["env"]:
        by_pod = one.get("valueFrom", {}).get("fieldRef", {}).get("fieldPath")
        assert ("value" in one) != (by_pod == "metadata.name"), one
        values[one["name"]] = one.get("value", "quoted-7d9c5b8f6-x2x4z")
    return values


def run_quoted(objects, tmp_path, *flags):
    """Runs the command of the pod here, with its file, environment and key."""
    file = tmp_path / "quoted.yaml"
    file.write_text(find(objects, "ConfigMap", "quoted")["data"]["quoted.yaml"])
    command = selected(objects, {NAME: "quoted"})[0]["containers"][0]["command"]
    assert command == ["/usr/bin/quoted", "--config", "/etc/quoted/quoted.yaml"]
    variables = read_environment(objects)
    if "QUOTED_ALPHAVANTAGE_KEY_FILE" in variables:
        key = tmp_path / "key"
        key.write_text("SECRET\n")
        variables["QUOTED_ALPHAVANTAGE_KEY_FILE"] = str(key)
    return subprocess.run([program("src/quoted"), "--config", file, *flags], text=True,
                          capture_output=True, env=environment(variables), timeout=60,
                          check=False)


def test_the_server_takes_the_settings(objects, tmp_path):
    done = run_quoted(objects, tmp_path, "--check-config")
    has_provider = any("PROVIDER" in name or "KEY" in name for name in read_environment(objects))
    if has_provider:
        assert (done.returncode, done.stderr) == (0, "")
    else:
        assert "no provider is configured" in done.stderr
    said = yaml.safe_load(run_quoted(objects, tmp_path, "--print-config").stdout)
    pod = selected(objects, {NAME: "quoted"})[0]
    port = pod["containers"][0]["ports"][0]["containerPort"]
    assert said["server"]["listen"] == [f"*:{port}"]
    assert said["server"]["id"] == "quoted-7d9c5b8f6-x2x4z"


# --- kustomize itself ---------------------------------------------------------------

@pytest.mark.skipif(not shutil.which("kubectl"), reason="no kubectl")
def test_kustomize_makes_the_same_of_it(overlay):
    done = subprocess.run(["kubectl", "kustomize", overlay], text=True, capture_output=True,
                          timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    # Names of what is generated end in a sum of it there.
    text = re.sub(r"(?m)((?:name|secretName): quoted(?:-provider)?)-[a-z0-9]{10}$", r"\1",
                  done.stdout)
    own = {(one["kind"], one["metadata"]["name"]): one for one in render(overlay)}
    theirs = {(one["kind"], one["metadata"]["name"]): one for one in yaml.safe_load_all(text)}
    assert theirs == own
