"""The API's description: checks answers against it, and makes requests up that are wrong in all the ways it allows for."""

import copy
import random
import re
from typing import Any, Iterator
from urllib.parse import quote, urlsplit

import jsonschema

from .api import Answer


class Description:
    """An OpenAPI 3.1 document, whose schemas are JSON Schema 2020-12."""

    def __init__(self, document: dict):
        self.document = document
        self.paths: dict[str, dict] = document["paths"]

    def operations(self) -> Iterator[tuple[str, str, dict]]:
        """Method, path and operation; the path's own parameters are among the operation's."""
        for path, item in self.paths.items():
            for method in ("get", "put", "post", "delete", "patch"):
                if method in item:
                    parameters = [*item.get("parameters", []), *item[method].get("parameters", [])]
                    yield method.upper(), path, {**item[method], "parameters": parameters}

    def operation_at(self, method: str, target: str) -> dict | None:
        for candidate, path, operation in self.operations():
            pattern = re.sub(r"\\{[^}]*\\}", "[^/]+", re.escape(path))
            if candidate == method and re.fullmatch(pattern, urlsplit(target).path):
                return operation
        return None

    def check(self, method: str, target: str, answer: Answer) -> None:
        """Raises AssertionError or a ValidationError where an answer is none that the description has."""
        operation = self.operation_at(method, target)
        if operation is None:  # nothing described: a problem, whatever was asked
            self._validate(answer.json, self.resolve({"$ref": "#/components/responses/Problem"})["content"]
                           ["application/problem+json"]["schema"])
            return
        responses = operation["responses"]
        response = self.resolve(responses.get(str(answer.status), responses["default"]))
        assert str(answer.status) in responses or answer.status >= 400, f"{method} {target}: {answer} is not described"
        for header in response.get("headers", {}):
            assert header.lower() in answer.headers, f"{method} {target}: {answer} has no {header}"
        content = response.get("content", {})
        assert bool(content) == bool(answer.content), f"{method} {target}: {answer}"
        if not content:
            return
        assert answer.media_type in content, f"{method} {target}: {answer.media_type} is not described"
        if answer.media_type.endswith("json"):
            self._validate(answer.json, content[answer.media_type]["schema"])

    def resolve(self, node: dict) -> dict:
        while "$ref" in node:
            target: Any = self.document
            for part in node["$ref"].removeprefix("#/").split("/"):
                target = target[part]
            node = target
        return node

    def _validate(self, value: Any, schema: dict) -> None:
        jsonschema.Draft202012Validator({**schema, "components": self.document["components"]}).validate(value)


def deep(levels: int) -> Any:
    value: Any = []
    for _ in range(levels):
        value = [value]
    return value


ODD_VALUES = [None, True, -1, 2**63, 2**200, 1e308, 0.5, "", "x" * 5000, "\u0000", "\ud7ff\u200b", "../../etc/passwd",
              "'; DROP TABLE", "${jndi:x}", [], [[]], {}, {"": ""}, deep(14), ["x"] * 2000, [None], [1, "a"]]
TRAVERSALS = ["..", "../..", "..%2f..%2fetc%2fpasswd", "%2e%2e%2f", "a/../b", "a%00b", "%", "%zz", "a%5cb", "CONTOSO",
              "x" * 3000, "a b", "ü", ".", "-", "{id}", "contoso;x", "contoso/", "contoso//status"]
METHODS = ["GET", "PUT", "POST", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND"]


class RequestMaker:
    """Requests made up from a description. The same seed makes the same ones."""

    def __init__(self, description: Description, seed: int):
        self.description = description
        self.random = random.Random(seed)

    def sample(self, schema: dict, depth: int = 0) -> Any:
        """A value that a schema allows, or nearly."""
        schema = self.description.resolve(schema)
        for key in ("oneOf", "anyOf"):
            if key in schema:
                return self.sample(self.random.choice(schema[key]), depth)
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return self.random.choice(schema["enum"])
        kind = schema.get("type", "object")
        if kind == "object":
            properties = schema.get("properties", {})
            return {name: self.sample(part, depth + 1) for name, part in properties.items()
                    if name in schema.get("required", []) or self.random.random() < 0.5}
        if kind == "array":
            return [self.sample(schema["items"], depth + 1) for _ in range(self.random.randint(0, 3))]
        return {"string": self.random.choice(["contoso.com", "192.0.2.1", "a", "*.x.example", "sha256:00", "TLSv1.2"]),
                "integer": self.random.choice([0, 1, 100]), "boolean": self.random.random() < 0.5}[kind]

    def spoiled(self, value: Any) -> Any:
        """The same with one thing wrong somewhere."""
        value = copy.deepcopy(value)
        if not isinstance(value, (dict, list)) or not value or self.random.random() < 0.2:
            return self.random.choice(ODD_VALUES)
        if isinstance(value, list):
            index = self.random.randrange(len(value))
            value[index] = self.spoiled(value[index])
            return value
        key = self.random.choice(list(value))
        how = self.random.random()
        if how < 0.2:
            del value[key]
        elif how < 0.4:
            value[self.random.choice(["unknown", "", "__proto__", "a.b", "x" * 300, key.upper()])] = value[key]
        else:
            value[key] = self.spoiled(value[key])
        return value

    def target(self, path: str, operation: dict) -> str:
        while "{" in path:
            name = self.random.choice(["contoso", "nobody", *TRAVERSALS])
            path = re.sub(r"\{[^}]*\}", lambda _, name=name: quote(name, safe="/%;{}.-"), path, count=1)
        parts = []
        for parameter in operation["parameters"]:
            if parameter["in"] == "query" and self.random.random() < 0.4:
                value = self.random.choice(["inbound", "x", "", "%", "a%2", "1e9", "-1", "\u00fc" * 50, "x" * 2000])
                parts.append(f"{parameter['name']}={quote(value, safe='%')}")
        if self.random.random() < 0.1:
            parts.append(self.random.choice(["unknown=1", "direction=inbound&direction=outbound", "&&&", "=", "%"]))
        return path + ("?" + "&".join(parts) if parts else "")
