terraform {
  # 1.9: a variable's validation may look at other variables.
  required_version = ">= 1.9.0"

  required_providers {
    aws = {
      source = "hashicorp/aws"
      # 6.0: `region` of a single resource, for the certificate of CloudFront. 6.28: `aws_lambda_function_url` grants both
      # permissions that a function URL needs since October 2025.
      version = ">= 6.28.0, < 7.0.0"
    }
  }
}
