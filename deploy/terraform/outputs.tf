output "url" {
  description = "Where the app answers."
  value       = var.domain != null ? "https://${var.domain.name}" : var.cdn ? "https://${aws_cloudfront_distribution.cdn[0].domain_name}" : aws_apigatewayv2_api.api.api_endpoint
}

output "api_url" {
  description = "The API itself; with `require_origin` it answers CloudFront only."
  value       = aws_apigatewayv2_api.api.api_endpoint
}

output "api_id" {
  description = "The id of the API."
  value       = aws_apigatewayv2_api.api.id
}

output "functions" {
  description = "By name in the manifest: the name in Lambda, the ARN of the alias, the newest version, the one that answers, the log group and the role."
  value = {
    for name, function in aws_lambda_function.function : name => {
      function_name = function.function_name
      alias_arn     = aws_lambda_alias.live[name].arn
      newest        = function.version
      live          = aws_lambda_alias.live[name].function_version
      log_group     = aws_cloudwatch_log_group.function[name].name
      role_name     = aws_iam_role.function[name].name
    }
  }
}

output "function_urls" {
  description = "The URLs of the functions that stream, by name in the manifest."
  value       = { for name, url in aws_lambda_function_url.stream : name => url.function_url }
}

output "routes" {
  description = "The functions by the route keys of the API."
  value       = local.route_keys
}

output "bucket" {
  description = "The bucket of the objects; null without CDN."
  value       = one(aws_s3_bucket.objects[*].id)
}

output "distribution_id" {
  description = "The id of the CloudFront distribution; null without CDN."
  value       = one(aws_cloudfront_distribution.cdn[*].id)
}

output "distribution_arn" {
  description = "The ARN of the CloudFront distribution; null without CDN."
  value       = one(aws_cloudfront_distribution.cdn[*].arn)
}

output "key_value_store_arn" {
  description = "The ARN of the KeyValueStore; null without CDN."
  value       = one(aws_cloudfront_key_value_store.cdn[*].arn)
}

output "lost_stamps_queue_url" {
  description = "The queue of what was revalidated and could not be told to CloudFront; null where nothing revalidates."
  value       = one(values(aws_sqs_queue.lost_stamps)[*].url)
}

output "domain_target" {
  description = "What a CNAME or alias record of the own domain leads to, where the module makes none; null without a domain."
  value       = var.domain == null ? null : one(local.domain_targets[*].name)
}

output "access_log_group" {
  description = "The log group of the API's requests; null without."
  value       = one(aws_cloudwatch_log_group.api[*].name)
}
