"""What starts Dateline in containers agrees with the program: paths, ports, users and probes."""

import ast
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import ROOT

from rag.settings import Settings

DOCKERFILE = (ROOT / "Dockerfile").read_text()
COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text())
MANIFESTS = list(yaml.safe_load_all((ROOT / "deploy/kubernetes/dateline.yaml").read_text()))
SETTINGS = {f"DATELINE_{name.upper()}" for name in Settings.__dataclass_fields__}
PORT = Settings().port


def routes() -> dict[str, str]:
    """Return the paths of `rag.serving.health` by their names."""
    tree = ast.parse((ROOT / "rag/serving/health.py").read_text())
    (names,) = [node for node in tree.body if isinstance(node, ast.Assign)]
    return dict(zip((name.id for name in names.targets[0].elts), ast.literal_eval(names.value), strict=True))  # type: ignore[attr-defined]


def instructions(name: str) -> list[str]:
    text = re.sub(r"\\\n\s*", "", re.sub(r"^\s*#.*\n", "", DOCKERFILE, flags=re.MULTILINE))
    return [line.partition(" ")[2] for line in text.splitlines() if line.startswith(f"{name} ")]


def manifest(kind: str) -> dict[str, Any]:
    (found,) = [item for item in MANIFESTS if item["kind"] == kind]
    return dict(found)


def test_the_image_is_built_of_what_is_here_and_runs_as_nobody_special() -> None:
    ignored = (ROOT / ".dockerignore").read_text().split()
    for line in instructions("COPY"):
        *sources, _ = line.split()
        for source in sources if not line.startswith("--from") else ():
            assert (ROOT / source).exists() and source.split("/")[0] not in ignored, source
    assert len(instructions("FROM")) == 2 and "@" not in instructions("USER")[-1]
    assert int(instructions("USER")[-1]) > 0 and instructions("EXPOSE") == [str(PORT)]
    assert f":{PORT}{routes()['LIVE']}'" in instructions("HEALTHCHECK")[0]
    started = json.loads(instructions("ENTRYPOINT")[0]) + json.loads(instructions("CMD")[0])
    assert started[:3] == ["dateline", "serve", "--listen"] and started[started.index("--port") + 1] == str(
        PORT
    )
    assert set(re.findall(r"DATELINE_\w+(?==)", "\n".join(instructions("ENV")))) <= SETTINGS


def test_compose_runs_two_processes_over_one_folder_and_opens_only_the_proxy() -> None:
    services = COMPOSE["services"]
    apps = [service for name, service in services.items() if name.startswith("app-")]
    assert len(apps) == 2 and apps[0] == apps[1] and (ROOT / apps[0]["build"] / "Dockerfile").exists()
    for app in apps:
        assert "ports" not in app and app["read_only"] and app["cap_drop"] == ["ALL"]
        assert {name for name in app["environment"] if name.startswith("DATELINE_")} <= SETTINGS
        assert app["volumes"] == ["data:/data"] and "data" in COMPOSE["volumes"]
    assert {name for name, service in services.items() if "ports" in service} == {"caddy"}
    assert all(services[name]["profiles"] == [name] for name in ("vllm", "milvus", "postgres"))
    mounted = [volume.split(":")[0] for service in services.values() for volume in service.get("volumes", ())]
    assert all((ROOT / path).exists() for path in mounted if path.startswith("."))


def test_the_proxy_knows_the_processes_and_the_routes() -> None:
    text = (ROOT / "deploy/Caddyfile").read_text()
    (named,) = re.findall(r"^\tto (.*)$", text, re.MULTILINE)
    assert named.split() == [f"{name}:{PORT}" for name in COMPOSE["services"] if name.startswith("app-")]
    assert f"health_uri {routes()['READY']}" in text and f"respond {routes()['METRICS']} 404" in text
    if not shutil.which("caddy"):
        pytest.skip("caddy is not installed")
    command = ["caddy", "adapt", "--config", "deploy/Caddyfile", "--adapter", "caddyfile"]
    done = subprocess.run(command, cwd=ROOT, env={"SITE": "news.example"}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    policies = re.findall(r'"policy":"(\w+)"', done.stdout)
    assert policies == ["cookie", "ip_hash"]  # whoever asks comes back to the same process


def test_the_pods_are_not_root_and_their_probes_are_routes() -> None:
    pod = manifest("Deployment")["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert pod["securityContext"]["runAsNonRoot"]
    assert pod["securityContext"]["runAsUser"] == int(instructions("USER")[-1])
    assert not container["securityContext"]["allowPrivilegeEscalation"]
    (port,) = container["ports"]
    assert port["containerPort"] == PORT
    probes = {name: container[f"{name}Probe"]["httpGet"] for name in ("startup", "liveness", "readiness")}
    assert {probe["port"] for probe in probes.values()} == {port["name"]}
    paths = {name: probe["path"] for name, probe in probes.items()}
    live, ready = routes()["LIVE"], routes()["READY"]
    assert paths == {"startup": live, "liveness": live, "readiness": ready}
    notes = manifest("Deployment")["spec"]["template"]["metadata"]["annotations"]
    assert notes["prometheus.io/path"] == routes()["METRICS"] and notes["prometheus.io/port"] == str(PORT)


def test_the_manifests_name_each_other() -> None:
    deployment, service = manifest("Deployment")["spec"], manifest("Service")["spec"]
    assert deployment["selector"]["matchLabels"] == deployment["template"]["metadata"]["labels"]
    assert (
        service["selector"] == deployment["selector"]["matchLabels"]
        and service["sessionAffinity"] == "ClientIP"
    )
    pod = deployment["template"]["spec"]
    claims = [
        volume["persistentVolumeClaim"]["claimName"]
        for volume in pod["volumes"]
        if "persistentVolumeClaim" in volume
    ]
    assert claims == [manifest("PersistentVolumeClaim")["metadata"]["name"]]
    (mounts,) = [container["volumeMounts"] for container in pod["containers"]]
    assert {mount["name"] for mount in mounts} == {volume["name"] for volume in pod["volumes"]}
    # One SQLite file: the pods are on one node.
    assert manifest("PersistentVolumeClaim")["spec"]["accessModes"] == ["ReadWriteOnce"]
    assert pod["affinity"]["podAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
    (rule,) = manifest("Ingress")["spec"]["rules"]
    (path,) = rule["http"]["paths"]
    assert path["backend"]["service"]["name"] == manifest("Service")["metadata"]["name"]
    assert rule["host"] in manifest("ConfigMap")["data"]["DATELINE_HOSTS"]
    config = manifest("ConfigMap")["data"]
    assert {name for name in config if name.startswith("DATELINE_")} <= SETTINGS
    assert all(isinstance(value, str) for value in config.values())


def test_hadolint_finds_nothing_in_the_dockerfile() -> None:
    beside = Path(sys.executable).with_name("hadolint")
    program = str(beside) if beside.exists() else shutil.which("hadolint")
    if not program:
        pytest.skip("hadolint is not installed; run: pip install -r requirements-dev.txt")
    done = subprocess.run([program, "Dockerfile"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
