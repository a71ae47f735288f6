# The manifest, read once. Everything below iterates over these values, so that a new route is a change of data.

locals {
  bundle   = coalesce(var.bundle, "${path.module}/..")
  manifest = jsondecode(file("${local.bundle}/manifest.json"))

  functions = local.manifest.functions
  streaming = { for name, function in local.functions : name => function if function.invoke_mode == "response_stream" }

  # The variables that the app lists for single functions, each of which its role or its code relies on.
  missing_variables = flatten([
    for name, function in local.functions : [
      for variable in try(function.environment, []) : "The function ${name} needs a value for ${variable}: set it in `environment`, or in `functions.${name}.environment`."
      if !contains(keys(merge(var.environment, try(var.functions[name].environment, {}))), variable)
    ]
  ])

  # What tells the CDN that answers are to be renewed.
  revalidating = { for name, function in local.functions : name => function if local.stamp_writer != null && try(function.revalidates, false) }

  # What S3 answers, by key: several paths may share one object. What is renewed is answered by its function. An object of
  # an earlier bundle is the same as the one with its key in this bundle, so the newest folder that has it will do.
  objects = merge([
    for folder in concat(reverse(var.kept_bundles), [local.bundle]) : {
      for key, paths in {
        for object in jsondecode(file("${folder}/manifest.json")).objects :
        object.key => merge(object, { path_on_disk = "${folder}/${object.file}" })...
        if object.revalidate == false
      } : key => paths[0]
    }
  ]...)

  viewer_request = "${local.bundle}/cdn/viewer-request.js"
  key_values     = "${local.bundle}/cdn/key-values.json"
}

# Nothing of AWS: it holds what has to be true of a bundle, and tells when the data of the CDN has changed.
resource "terraform_data" "bundle" {
  input = {
    key_values = var.cdn ? filesha256(local.key_values) : null
  }

  lifecycle {
    precondition {
      condition     = local.manifest.format_version == 1
      error_message = "This module reads manifests of format 1, and ${local.bundle}/manifest.json has another: use the module in the folder `terraform` of that bundle."
    }
    precondition {
      condition     = !var.cdn || (fileexists(local.viewer_request) && fileexists(local.key_values))
      error_message = "${local.bundle} has no cdn/viewer-request.js or no cdn/key-values.json: bundle the app again."
    }
    precondition {
      condition     = alltrue([for name in keys(var.functions) : contains(keys(local.functions), name)])
      error_message = "The variable `functions` names what is no function of this bundle: ${join(", ", setsubtract(keys(var.functions), keys(local.functions)))}."
    }
    precondition {
      condition     = length(local.missing_variables) == 0
      error_message = join(" ", local.missing_variables)
    }
    precondition {
      condition     = alltrue([for function in values(local.functions) : function.size <= 50 * 1024 * 1024])
      error_message = "Lambda takes zips of up to 50 MB: ${join(", ", [for name, function in local.functions : name if function.size > 50 * 1024 * 1024])}."
    }
  }
}

check "objects_without_cdn" {
  assert {
    condition     = var.cdn || alltrue([for object in local.manifest.objects : can(object.function)])
    error_message = "Without the CDN nothing serves ${join(", ", [for object in local.manifest.objects : object.path if !can(object.function)])}."
  }
}
