"""Expands a SAM template as AWS does when it is deployed, and prints the CloudFormation template.

python3 translate.py TEMPLATE.yaml
"""

import json
import sys

from samcli.yamlhelper import yaml_parse
from samtranslator.public.translator import ManagedPolicyLoader
from samtranslator.translator.transform import transform

with open(sys.argv[1], encoding="utf-8") as file:
    template = yaml_parse(file.read())
for resource in template["Resources"].values():
    # By then `sam deploy` has uploaded what stands beside the template.
    properties = resource["Properties"]
    if "CodeUri" in properties:
        properties["CodeUri"] = "s3://bucket/" + properties["CodeUri"]
    if "TemplateURL" in properties:
        properties["TemplateURL"] = "https://bucket.s3.amazonaws.com/" + properties["TemplateURL"]
parameters = {name: parameter.get("Default", "") for name, parameter in template["Parameters"].items()}
print(json.dumps(transform(template, parameters, ManagedPolicyLoader(None)), indent=1))
