# What functions revalidate, on its way to the CDN: they send to a queue, and one small function without code of the app,
# the only one that may write to the KeyValueStore, reads it in batches. So no code of the app can change the routing,
# which the store holds too. Nothing of it is there where no function revalidates.

locals {
  stamp_writer = var.cdn ? try(local.manifest.stamp_writer, null) : null
  stamp_writers = {
    for key, writer in { stamp_writer = local.stamp_writer } : key => writer if writer != null
  }
  # A queue, where there is one.
  stamp_queue = one(values(aws_sqs_queue.stamps))
}

resource "aws_sqs_queue" "stamps" {
  for_each = local.stamp_writers

  name = "${var.name}-stamps"
  # Six times the timeout of the function that reads it, as AWS advises:
  # https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
  visibility_timeout_seconds = 6 * each.value.timeout
  message_retention_seconds  = 86400
  sqs_managed_sse_enabled    = true
  redrive_policy = jsonencode({
    deadLetterTargetArn = aws_sqs_queue.lost_stamps[each.key].arn
    maxReceiveCount     = 5
  })
}

# What could not be written five times.
resource "aws_sqs_queue" "lost_stamps" {
  for_each = local.stamp_writers

  name                      = "${var.name}-lost-stamps"
  message_retention_seconds = 1209600
  sqs_managed_sse_enabled   = true
}

resource "aws_cloudwatch_log_group" "stamp_writer" {
  #checkov:skip=CKV_AWS_338:The variable log_retention_days decides

  for_each = local.stamp_writers

  name              = "/aws/lambda/${var.name}-stamp_writer"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.kms_key_arn
}

resource "aws_iam_role" "stamp_writer" {
  for_each = local.stamp_writers

  name               = "${var.name}-stamp_writer"
  assume_role_policy = data.aws_iam_policy_document.lambda.json
}

resource "aws_iam_role_policy" "stamp_writer" {
  for_each = local.stamp_writers

  name = "function"
  role = aws_iam_role.stamp_writer[each.key].id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [
        {
          Effect   = "Allow"
          Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
          Resource = "${aws_cloudwatch_log_group.stamp_writer[each.key].arn}:*"
        },
        {
          Effect   = "Allow"
          Action   = ["sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"]
          Resource = aws_sqs_queue.stamps[each.key].arn
        },
        {
          Effect = "Allow"
          Action = [
            "cloudfront-keyvaluestore:DescribeKeyValueStore",
            "cloudfront-keyvaluestore:GetKey",
            "cloudfront-keyvaluestore:UpdateKeys",
          ]
          Resource = aws_cloudfront_key_value_store.cdn[0].arn
        },
      ],
      local.tracing_statements,
    )
  })
}

resource "aws_lambda_function" "stamp_writer" {
  #checkov:skip=CKV_AWS_115:The mapping below lets two run at once
  #checkov:skip=CKV_AWS_116:The queue has a dead letter queue
  #checkov:skip=CKV_AWS_117:It asks nothing but AWS
  #checkov:skip=CKV_AWS_272:The zip is made on the machine that deploys it; its hash stands in the manifest

  for_each = local.stamp_writers

  function_name = "${var.name}-stamp_writer"
  description   = each.value.description
  role          = aws_iam_role.stamp_writer[each.key].arn

  filename         = "${local.bundle}/${each.value.zip}"
  source_code_hash = each.value.code_sha256
  runtime          = each.value.runtime
  handler          = each.value.handler
  architectures    = [each.value.architecture]
  memory_size      = each.value.memory
  timeout          = each.value.timeout
  kms_key_arn      = var.kms_key_arn

  environment {
    variables = { WHARF_KEY_VALUE_STORE = aws_cloudfront_key_value_store.cdn[0].arn }
  }

  logging_config {
    log_format            = "JSON"
    log_group             = aws_cloudwatch_log_group.stamp_writer[each.key].name
    application_log_level = var.log_level
    system_log_level      = "INFO"
  }

  tracing_config {
    mode = var.tracing ? "Active" : "PassThrough"
  }

  # The first call must be able to log.
  depends_on = [aws_iam_role_policy.stamp_writer, terraform_data.bundle]
}

resource "aws_lambda_event_source_mapping" "stamps" {
  for_each = local.stamp_writers

  event_source_arn                   = aws_sqs_queue.stamps[each.key].arn
  function_name                      = aws_lambda_function.stamp_writer[each.key].arn
  batch_size                         = each.value.batch_size
  maximum_batching_window_in_seconds = each.value.batch_window
  function_response_types            = ["ReportBatchItemFailures"]

  # Two that write at once have to wait for each other; Lambda takes no less.
  scaling_config {
    maximum_concurrency = 2
  }
}
