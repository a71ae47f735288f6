"""Checks a file against the schema of CycloneDX 1.6, as OWASP publishes it and cyclonedx-python-lib carries it."""

import importlib.util
import json
import pathlib
import sys

from jsonschema import Draft7Validator
from referencing import Registry, Resource

package = pathlib.Path(importlib.util.find_spec("cyclonedx").submodule_search_locations[0])
schemas = {
    path.name: json.loads(path.read_text())
    for path in (package / "schema" / "_res").iterdir()
    if path.name in ("bom-1.6.SNAPSHOT.schema.json", "spdx.SNAPSHOT.schema.json", "jsf-0.82.SNAPSHOT.schema.json")
}
# The schema names the others relative to itself.
base = "http://cyclonedx.org/schema/"
registry = Registry().with_resources([(base + name, Resource.from_contents(schema)) for name, schema in schemas.items()])
bill = json.loads(pathlib.Path(sys.argv[1]).read_text())
errors = sorted(
    f"{error.json_path}: {error.message[:200]}"
    for error in Draft7Validator(schemas["bom-1.6.SNAPSHOT.schema.json"], registry=registry).iter_errors(bill)
)
# What the schema cannot say: each reference names something, and each name is given once.
parts = [bill["metadata"]["component"], *bill["metadata"]["component"]["components"], *bill["components"]]
names = [part["bom-ref"] for part in parts]
errors += [f"{name} is given twice" for name in sorted({name for name in names if names.count(name) > 1})]
for uses in bill["dependencies"]:
    errors += [f"{name} is nothing" for name in [uses["ref"], *uses["dependsOn"]] if name not in names]
print("\n".join(errors))
sys.exit(bool(errors))
