locals {
  makes_certificate = var.domain != null && try(var.domain.certificate_arn, null) == null
  makes_records     = try(var.domain.zone_id, null) != null
  # What waits for this waits until the certificate is valid.
  certificate_arn = local.makes_certificate ? aws_acm_certificate_validation.domain[0].certificate_arn : try(var.domain.certificate_arn, null)
}

data "aws_region" "current" {}

resource "aws_acm_certificate" "domain" {
  count = local.makes_certificate ? 1 : 0

  # CloudFront takes its certificates from there.
  region            = var.cdn ? "us-east-1" : data.aws_region.current.region
  domain_name       = var.domain.name
  validation_method = "DNS"

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_route53_record" "certificate" {
  for_each = {
    for option in flatten(aws_acm_certificate.domain[*].domain_validation_options) : option.domain_name => option
  }

  zone_id         = var.domain.zone_id
  name            = each.value.resource_record_name
  type            = each.value.resource_record_type
  records         = [each.value.resource_record_value]
  ttl             = 300
  allow_overwrite = true
}

resource "aws_acm_certificate_validation" "domain" {
  count = local.makes_certificate ? 1 : 0

  region                  = aws_acm_certificate.domain[0].region
  certificate_arn         = aws_acm_certificate.domain[0].arn
  validation_record_fqdns = [for record in aws_route53_record.certificate : record.fqdn]
}

resource "aws_apigatewayv2_domain_name" "api" {
  count = local.api_has_domain ? 1 : 0

  domain_name = var.domain.name
  domain_name_configuration {
    certificate_arn = local.certificate_arn
    endpoint_type   = "REGIONAL"
    security_policy = "TLS_1_2"
  }
}

resource "aws_apigatewayv2_api_mapping" "api" {
  count = local.api_has_domain ? 1 : 0

  api_id      = aws_apigatewayv2_api.api.id
  domain_name = aws_apigatewayv2_domain_name.api[0].id
  stage       = aws_apigatewayv2_stage.default.id
}

locals {
  domain_targets = concat(
    [for cdn in aws_cloudfront_distribution.cdn : { name = cdn.domain_name, zone_id = cdn.hosted_zone_id }],
    [for api in aws_apigatewayv2_domain_name.api : {
      name    = api.domain_name_configuration[0].target_domain_name
      zone_id = api.domain_name_configuration[0].hosted_zone_id
    }],
  )
}

resource "aws_route53_record" "domain" {
  # An API's domain answers IPv4 only.
  for_each = local.makes_records ? toset(var.cdn ? ["A", "AAAA"] : ["A"]) : toset([])

  zone_id = var.domain.zone_id
  name    = var.domain.name
  type    = each.key
  alias {
    name                   = local.domain_targets[0].name
    zone_id                = local.domain_targets[0].zone_id
    evaluate_target_health = false
  }
}
