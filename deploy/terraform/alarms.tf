locals {
  function_alarms = merge([
    for name in var.alarms == null ? [] : keys(local.functions) : {
      "${name}-errors" = {
        function    = name
        metric      = "Errors"
        statistic   = "Sum"
        percentile  = null
        threshold   = var.alarms.errors
        description = "Calls of ${name} that panicked outside of a handler, ran out of memory or time, or could not start"
      }
      "${name}-throttles" = {
        function    = name
        metric      = "Throttles"
        statistic   = "Sum"
        percentile  = null
        threshold   = var.alarms.throttles
        description = "Calls of ${name} that were refused as too many ran at once"
      }
      "${name}-duration" = {
        function    = name
        metric      = "Duration"
        statistic   = null
        percentile  = "p99"
        threshold   = var.alarms.duration * local.settings[name].timeout * 1000
        description = "The slowest calls of ${name} come near its timeout of ${local.settings[name].timeout} s"
      }
    }
  ]...)
}

resource "aws_cloudwatch_metric_alarm" "function" {
  for_each = local.function_alarms

  alarm_name          = "${var.name}-${each.key}"
  alarm_description   = each.value.description
  namespace           = "AWS/Lambda"
  metric_name         = each.value.metric
  dimensions          = { FunctionName = aws_lambda_function.function[each.value.function].function_name }
  statistic           = each.value.statistic
  extended_statistic  = each.value.percentile
  period              = 300
  evaluation_periods  = 1
  threshold           = each.value.threshold
  comparison_operator = "GreaterThanOrEqualToThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = [var.alarms.topic_arn]
  ok_actions          = [var.alarms.topic_arn]
}

resource "aws_cloudwatch_metric_alarm" "lost_stamps" {
  for_each = var.alarms == null ? {} : local.stamp_writers

  alarm_name          = "${var.name}-lost-stamps"
  alarm_description   = "What ${var.name} revalidated could not be told to CloudFront, which keeps older answers"
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateNumberOfMessagesVisible"
  dimensions          = { QueueName = aws_sqs_queue.lost_stamps[each.key].name }
  statistic           = "Maximum"
  period              = 300
  evaluation_periods  = 1
  threshold           = 1
  comparison_operator = "GreaterThanOrEqualToThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = [var.alarms.topic_arn]
  ok_actions          = [var.alarms.topic_arn]
}

resource "aws_cloudwatch_metric_alarm" "server_errors" {
  count = var.alarms == null ? 0 : 1

  alarm_name          = "${var.name}-server-errors"
  alarm_description   = "Requests that the API of ${var.name} answered with 5xx"
  namespace           = "AWS/ApiGateway"
  metric_name         = "5xx"
  dimensions          = { ApiId = aws_apigatewayv2_api.api.id }
  statistic           = "Sum"
  period              = 300
  evaluation_periods  = 1
  threshold           = var.alarms.server_errors
  comparison_operator = "GreaterThanOrEqualToThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = [var.alarms.topic_arn]
  ok_actions          = [var.alarms.topic_arn]
}
