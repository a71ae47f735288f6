variable "name" {
  description = "What every resource is named after, such as `shop` or `shop-staging`. Names of IAM and CloudFront are unique in an account, so another region or stage needs another name."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,22}$", var.name))
    error_message = "The name is 1 to 23 lower-case letters, digits and dashes, and starts with a letter: with the name of a function it has to fit into the 64 characters of Lambda."
  }
}

variable "bundle" {
  description = "The folder that `cargo bundle` wrote, as a path that is the same on every machine, such as \"$${path.module}/../target/bundle\": where a path changes, everything is uploaded again. By default the bundle that this module lies in."
  type        = string
  default     = null

  validation {
    condition     = fileexists("${coalesce(var.bundle, "${path.module}/..")}/manifest.json")
    error_message = "There is no manifest.json in this folder: run `cargo bundle` first, and name the folder that it wrote."
  }
}

variable "kept_bundles" {
  description = "Folders of earlier bundles whose objects stay in the bucket, for edge locations that have not heard of the new bundle and for a quick way back."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for folder in var.kept_bundles : fileexists("${folder}/manifest.json")])
    error_message = "There is no manifest.json in one of these folders."
  }
}

variable "environment" {
  description = "Environment variables of all functions."
  type        = map(string)
  default     = {}
}

variable "policy_statements" {
  description = "What all functions may do besides writing their own log: statements of an IAM policy."
  type = list(object({
    actions   = list(string)
    resources = list(string)
  }))
  default = []
}

variable "functions" {
  description = "What differs from the manifest for single functions, by their name in the manifest. `version` sends the requests to an earlier version of the function instead of the newest."
  type = map(object({
    memory               = optional(number)
    timeout              = optional(number)
    environment          = optional(map(string), {})
    reserved_concurrency = optional(number)
    version              = optional(string)
    policy_statements = optional(list(object({
      actions   = list(string)
      resources = list(string)
    })), [])
  }))
  default = {}
}

variable "tracing" {
  description = "Whether the functions are traced with X-Ray."
  type        = bool
  default     = false
}

variable "vpc" {
  description = "The subnets and security groups that the functions run in; null for none. A function URL does not stream from within a VPC."
  type = object({
    subnet_ids         = list(string)
    security_group_ids = list(string)
  })
  default = null
}

variable "log_level" {
  description = "What the functions log."
  type        = string
  default     = "INFO"

  validation {
    condition     = contains(["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"], var.log_level)
    error_message = "The level is one of TRACE, DEBUG, INFO, WARN, ERROR, FATAL."
  }
}

variable "log_retention_days" {
  description = "How long logs are kept."
  type        = number
  default     = 30

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_retention_days)
    error_message = "CloudWatch keeps logs for 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288 or 3653 days."
  }
}

variable "kms_key_arn" {
  description = "A key that encrypts logs and environment variables; null for the keys of AWS. Its policy must let CloudWatch Logs use it."
  type        = string
  default     = null
}

variable "access_log" {
  description = "Whether the API logs every request."
  type        = bool
  default     = true
}

variable "throttle" {
  description = "How many requests a second the API lets through to the functions, and how many at once. The defaults are those of a new account."
  type = object({
    rate  = optional(number, 10000)
    burst = optional(number, 5000)
  })
  default = {}

  validation {
    condition     = var.throttle.rate >= 1 && var.throttle.burst >= 1
    error_message = "Nothing would be let through."
  }
}

variable "cdn" {
  description = "Whether CloudFront stands in front of the API, and answers what was made at build time from S3. Pages and the files of `public/` are served by the CDN alone."
  type        = bool
  default     = true
}

variable "origin_secret" {
  description = "What CloudFront proves itself with to the functions, such as the output of `openssl rand -hex 32`. It stands in the state."
  type        = string
  default     = null
  sensitive   = true

  validation {
    condition     = !var.cdn || (var.origin_secret != null && can(regex("^[!-~]{32,256}$", coalesce(var.origin_secret, "-"))))
    error_message = "With the CDN, the secret is 32 to 256 visible ASCII characters."
  }
}

variable "origin_secret_rotation" {
  description = "A second secret that the functions accept, while `origin_secret` is being changed. CloudFront never sends it."
  type        = string
  default     = null
  sensitive   = true

  validation {
    condition     = var.origin_secret_rotation == null || can(regex("^[!-~]{32,256}$", coalesce(var.origin_secret_rotation, "-")))
    error_message = "The second secret is 32 to 256 visible ASCII characters, or null."
  }
}

variable "require_origin" {
  description = "Whether the functions refuse requests that did not come through CloudFront."
  type        = bool
  default     = true
}

variable "bucket" {
  description = "The name of the bucket of the objects; null for a name that AWS completes."
  type        = string
  default     = null
}

variable "object_prefix" {
  description = "What stands before the keys of the objects in the bucket: nothing, or text with a slash at its end."
  type        = string
  default     = ""

  validation {
    condition     = can(regex("^([a-zA-Z0-9_.-]+/)*$", var.object_prefix))
    error_message = "The prefix is empty, or folders as in `wharf/` or `shop/live/`."
  }
}

variable "price_class" {
  description = "In which edge locations CloudFront answers."
  type        = string
  default     = "PriceClass_All"

  validation {
    condition     = contains(["PriceClass_100", "PriceClass_200", "PriceClass_All"], var.price_class)
    error_message = "CloudFront has PriceClass_100, PriceClass_200 and PriceClass_All."
  }
}

variable "web_acl_arn" {
  description = "A web ACL of WAF for CloudFront, made in us-east-1; null for none."
  type        = string
  default     = null
}

variable "domain" {
  description = "The app's own domain; null for the one of CloudFront or of the API. With `zone_id`, a public zone of Route 53, its records and a certificate are made; without, give `certificate_arn` (for CloudFront a certificate in us-east-1) and make a record that leads to the output `domain_target`."
  type = object({
    name            = string
    zone_id         = optional(string)
    certificate_arn = optional(string)
  })
  default = null

  validation {
    condition     = var.domain == null || try(var.domain.zone_id, null) != null || try(var.domain.certificate_arn, null) != null
    error_message = "A domain needs its zone_id or a certificate_arn."
  }
}

variable "alarms" {
  description = "Alarms that tell an SNS topic of the same region; null for none. A function raises its alarms for `errors` failed or `throttles` refused calls in five minutes, and when the slowest 1% take longer than `duration` of its timeout; the API when it answers `server_errors` requests with 5xx in five minutes."
  type = object({
    topic_arn     = string
    server_errors = optional(number, 5)
    errors        = optional(number, 1)
    throttles     = optional(number, 1)
    duration      = optional(number, 0.8)
  })
  default = null
}
