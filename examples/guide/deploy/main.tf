# The guide on AWS: `cargo bundle`, then `terraform init` and `terraform apply` in this folder.

terraform {
  # Beside this file and not below `target/`, which `cargo clean` empties. What several people deploy belongs into a
  # backend that locks, such as `s3`. The state holds the origin secret.
  backend "local" {
    path = "guide.tfstate"
  }
}

variable "region" {
  description = "Where the functions run."
  type        = string
  default     = "eu-central-1"
}

variable "origin_secret" {
  description = "What CloudFront proves itself with to the functions: `openssl rand -hex 32`."
  type        = string
  sensitive   = true
}

provider "aws" {
  region = var.region
  default_tags {
    tags = { app = "guide" }
  }
}

module "guide" {
  source = "../target/bundle/terraform"

  name          = "guide"
  origin_secret = var.origin_secret

  # Where some routes of the guide fetch from.
  environment = { UPSTREAM = "https://api.example.com" }

  functions = {
    api-export-csv = { memory = 512 }
  }
}

output "url" {
  description = "Where the guide answers."
  value       = module.guide.url
}
