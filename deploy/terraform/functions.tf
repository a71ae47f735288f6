locals {
  # What the manifest says, with what the variables change of it.
  settings = {
    for name, function in local.functions : name => {
      memory               = coalesce(try(var.functions[name].memory, null), function.memory)
      timeout              = coalesce(try(var.functions[name].timeout, null), function.timeout)
      reserved_concurrency = try(coalesce(try(var.functions[name].reserved_concurrency, null), try(function.reserved_concurrency, null)), null)
      version              = try(var.functions[name].version, null)
      environment = merge(
        var.domain == null ? {} : { WHARF_HOSTS = var.domain.name },
        var.environment,
        try(var.functions[name].environment, {}),
        local.origin_environment,
        contains(keys(local.revalidating), name) ? { WHARF_STAMP_QUEUE = local.stamp_queue.url } : {},
      )
      statements = concat(
        var.policy_statements,
        [for statement in try(function.policy_statements, []) : {
          actions   = statement.actions
          resources = [for resource in statement.resources : join("", [for part in regexall("[$][{][^}]*[}]|[^$]+|[$]", resource) : lookup(local.named[name], part, part)])]
        }],
        try(var.functions[name].policy_statements, []),
      )
    }
  }

  # What the app's own statements may name: something of the deployment, and the variables of the function.
  named = {
    for name, function in local.functions : name => merge(
      { for variable, value in merge(var.environment, try(var.functions[name].environment, {})) : "$${${variable}}" => value },
      {
        "$${AWS::AccountId}" = data.aws_caller_identity.current.account_id
        "$${AWS::Partition}" = data.aws_partition.current.partition
        "$${AWS::Region}"    = data.aws_region.current.region
      },
    )
  }

  origin_environment = merge(
    var.cdn ? { WHARF_ORIGIN_SECRET = var.origin_secret } : {},
    var.cdn && var.origin_secret_rotation != null ? { WHARF_ORIGIN_SECRET_ROTATION = var.origin_secret_rotation } : {},
    var.cdn && var.require_origin ? { WHARF_REQUIRE_ORIGIN = "1" } : {},
  )

  tracing_statements = var.tracing ? [{
    Effect   = "Allow"
    Action   = ["xray:PutTelemetryRecords", "xray:PutTraceSegments"]
    Resource = "*"
  }] : []

  # The actions of AWSLambdaVPCAccessExecutionRole but for those on logs; EC2 knows no resources for them.
  vpc_statements = var.vpc == null ? [] : [{
    Effect = "Allow"
    Action = [
      "ec2:AssignPrivateIpAddresses",
      "ec2:CreateNetworkInterface",
      "ec2:DeleteNetworkInterface",
      "ec2:DescribeNetworkInterfaces",
      "ec2:DescribeSubnets",
      "ec2:UnassignPrivateIpAddresses",
    ]
    Resource = "*"
  }]
}

data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

data "aws_iam_policy_document" "lambda" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["lambda.amazonaws.com"]
    }
  }
}

resource "aws_cloudwatch_log_group" "function" {
  #checkov:skip=CKV_AWS_338:The variable log_retention_days decides

  for_each = local.functions

  name              = "/aws/lambda/${var.name}-${each.key}"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.kms_key_arn
}

resource "aws_iam_role" "function" {
  for_each = local.functions

  name               = "${var.name}-${each.key}"
  assume_role_policy = data.aws_iam_policy_document.lambda.json
}

resource "aws_iam_role_policy" "function" {
  for_each = local.functions

  name = "function"
  role = aws_iam_role.function[each.key].id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [{
        Effect   = "Allow"
        Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
        Resource = "${aws_cloudwatch_log_group.function[each.key].arn}:*"
      }],
      local.tracing_statements,
      local.vpc_statements,
      contains(keys(local.revalidating), each.key) ? [{
        Effect   = "Allow"
        Action   = "sqs:SendMessage"
        Resource = local.stamp_queue.arn
      }] : [],
      [for statement in local.settings[each.key].statements : {
        Effect   = "Allow"
        Action   = statement.actions
        Resource = statement.resources
      }],
    )
  })
}

resource "aws_lambda_function" "function" {
  #checkov:skip=CKV_AWS_116:HTTP calls are synchronous; a dead letter queue is for asynchronous ones
  #checkov:skip=CKV_AWS_272:The zip is made on the machine that deploys it; its hash stands in the manifest

  for_each = local.functions

  function_name = "${var.name}-${each.key}"
  description   = each.value.description
  role          = aws_iam_role.function[each.key].arn

  filename         = "${local.bundle}/${each.value.zip}"
  source_code_hash = each.value.code_sha256
  runtime          = each.value.runtime
  handler          = each.value.handler
  architectures    = [each.value.architecture]

  memory_size                    = local.settings[each.key].memory
  timeout                        = local.settings[each.key].timeout
  reserved_concurrent_executions = local.settings[each.key].reserved_concurrency
  kms_key_arn                    = var.kms_key_arn

  # Every change is a version of its own, and the alias below says which one answers.
  publish = true

  dynamic "environment" {
    for_each = length(local.settings[each.key].environment) > 0 ? [local.settings[each.key].environment] : []
    content {
      variables = environment.value
    }
  }

  logging_config {
    log_format            = "JSON"
    log_group             = aws_cloudwatch_log_group.function[each.key].name
    application_log_level = var.log_level
    system_log_level      = "INFO"
  }

  tracing_config {
    mode = var.tracing ? "Active" : "PassThrough"
  }

  dynamic "vpc_config" {
    for_each = var.vpc == null ? [] : [var.vpc]
    content {
      subnet_ids         = vpc_config.value.subnet_ids
      security_group_ids = vpc_config.value.security_group_ids
    }
  }

  # The first call must be able to log.
  depends_on = [aws_iam_role_policy.function, terraform_data.bundle]
}

resource "aws_lambda_alias" "live" {
  for_each = local.functions

  name             = "live"
  description      = "The version that answers"
  function_name    = aws_lambda_function.function[each.key].function_name
  function_version = coalesce(local.settings[each.key].version, aws_lambda_function.function[each.key].version)
}

# Only a function URL streams. It has no IAM in front: CloudFront would sign in the header `authorization`, which then no
# longer reached the handler, and refuse bodies without `x-amz-content-sha256`. The functions ask for the origin secret
# instead. The provider grants what the URL needs.
# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-restricting-access-to-lambda.html
resource "aws_lambda_function_url" "stream" {
  #checkov:skip=CKV_AWS_258:See above: the function asks for the origin secret instead

  for_each = local.streaming

  function_name      = aws_lambda_function.function[each.key].function_name
  qualifier          = aws_lambda_alias.live[each.key].name
  authorization_type = "NONE"
  invoke_mode        = "RESPONSE_STREAM"
}
