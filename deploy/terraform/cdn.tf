resource "aws_cloudfront_key_value_store" "cdn" {
  count = var.cdn ? 1 : 0

  name    = var.name
  comment = "Which paths S3 answers, and when they were revalidated"
}

# The switch from one bundle to the next: written when all it names is in place. The provider writes 50 keys at a time, so
# that for a moment some paths answer from the new bundle and others from the old one; each of them answers.
#
# The stamp writer writes stamps beside these keys when the app revalidates. A plan does not look at them, and an apply that leaves the
# data as it is does not either; new data replaces all keys, as the objects that it names are newer than the stamps.
resource "aws_cloudfrontkeyvaluestore_keys_exclusive" "cdn" {
  count = var.cdn ? 1 : 0

  key_value_store_arn = aws_cloudfront_key_value_store.cdn[0].arn

  dynamic "resource_key_value_pair" {
    for_each = jsondecode(file(local.key_values)).data
    content {
      key   = resource_key_value_pair.value.key
      value = resource_key_value_pair.value.value
    }
  }

  lifecycle {
    ignore_changes       = [resource_key_value_pair]
    replace_triggered_by = [terraform_data.bundle]
  }

  depends_on = [
    aws_apigatewayv2_route.route,
    aws_apigatewayv2_stage.default,
    aws_lambda_permission.api,
    aws_s3_bucket_policy.objects,
    aws_s3_object.object,
  ]
}

resource "aws_cloudfront_function" "viewer_request" {
  count = var.cdn ? 1 : 0

  name                         = "${var.name}-viewer-request"
  comment                      = "Chooses the origin of a request"
  runtime                      = "cloudfront-js-2.0"
  code                         = file(local.viewer_request)
  publish                      = true
  key_value_store_associations = [aws_cloudfront_key_value_store.cdn[0].arn]
}

# Answers are kept for as long as their `cache-control` says. `authorization` reaches an origin only as a part of the key:
# https://repost.aws/knowledge-center/cloudfront-authorization-header
resource "aws_cloudfront_cache_policy" "cdn" {
  count = var.cdn ? 1 : 0

  name        = var.name
  min_ttl     = 0
  default_ttl = 0
  max_ttl     = 31536000

  parameters_in_cache_key_and_forwarded_to_origin {
    enable_accept_encoding_gzip   = true
    enable_accept_encoding_brotli = true
    cookies_config {
      cookie_behavior = "none"
    }
    headers_config {
      header_behavior = "whitelist"
      headers {
        items = ["authorization", "x-wharf-revalidated"]
      }
    }
    query_strings_config {
      query_string_behavior = "all"
    }
  }
}

resource "aws_cloudfront_origin_request_policy" "cdn" {
  count = var.cdn ? 1 : 0

  name = var.name
  # While all cookies are forwarded, nobody waits for the answer to another's request:
  # https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/RequestAndResponseBehaviorS3Origin.html
  cookies_config {
    cookie_behavior = "all"
  }
  # The host of the origin decides where a request goes; the viewer's travels as `x-forwarded-host`.
  headers_config {
    header_behavior = "allExcept"
    headers {
      items = ["host"]
    }
  }
  query_strings_config {
    query_string_behavior = "all"
  }
}

resource "aws_cloudfront_origin_access_control" "objects" {
  count = var.cdn ? 1 : 0

  name                              = var.name
  origin_access_control_origin_type = "s3"
  signing_behavior                  = "always"
  signing_protocol                  = "sigv4"
}

locals {
  # What answers on request: the API, and a function URL for each function that streams. The ids are those that
  # viewer-request.js chooses from.
  on_request = merge(
    { api = trimprefix(aws_apigatewayv2_api.api.api_endpoint, "https://") },
    { for name, url in aws_lambda_function_url.stream : "stream-${name}" => trimsuffix(trimprefix(url.function_url, "https://"), "/") },
  )
}

resource "aws_cloudfront_distribution" "cdn" {
  #checkov:skip=CKV_AWS_86:The API logs what the cache does not answer; logs of all requests are a matter of the account
  #checkov:skip=CKV_AWS_305:The function viewer-request.js knows the object of /
  #checkov:skip=CKV_AWS_310:An object that the key-value data names is in the bucket; failover would hide that it is not, and cannot carry POST
  #checkov:skip=CKV_AWS_374:An app is for everyone unless it says otherwise
  #checkov:skip=CKV2_AWS_32:Answers have the headers that the app gives them
  #checkov:skip=CKV2_AWS_47:No Java runs here; the variable web_acl_arn takes a web ACL

  count = var.cdn ? 1 : 0

  comment         = var.name
  enabled         = true
  is_ipv6_enabled = true
  http_version    = "http2and3"
  price_class     = var.price_class
  web_acl_id      = var.web_acl_arn
  aliases         = var.domain == null ? [] : [var.domain.name]

  origin {
    origin_id                = "objects"
    domain_name              = aws_s3_bucket.objects[0].bucket_regional_domain_name
    origin_path              = var.object_prefix == "" ? "" : "/${trimsuffix(var.object_prefix, "/")}"
    origin_access_control_id = aws_cloudfront_origin_access_control.objects[0].id
  }

  dynamic "origin" {
    for_each = local.on_request
    content {
      origin_id   = origin.key
      domain_name = origin.value
      custom_header {
        name  = "x-wharf-origin-secret"
        value = var.origin_secret
      }
      custom_origin_config {
        http_port              = 80
        https_port             = 443
        origin_protocol_policy = "https-only"
        origin_ssl_protocols   = ["TLSv1.2"]
        # The most that CloudFront waits without a raised quota.
        origin_read_timeout = 60
      }
    }
  }

  default_cache_behavior {
    target_origin_id         = "api"
    viewer_protocol_policy   = "redirect-to-https"
    allowed_methods          = ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"]
    cached_methods           = ["GET", "HEAD"]
    compress                 = true
    cache_policy_id          = aws_cloudfront_cache_policy.cdn[0].id
    origin_request_policy_id = aws_cloudfront_origin_request_policy.cdn[0].id
    function_association {
      event_type   = "viewer-request"
      function_arn = aws_cloudfront_function.viewer_request[0].arn
    }
  }

  # Without a time CloudFront keeps errors for 10 seconds, whoever they were for and whatever they say:
  # https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/custom-error-pages-expiration.html
  dynamic "custom_error_response" {
    for_each = [400, 403, 404, 405, 414, 416, 500, 501, 502, 503, 504]
    content {
      error_code            = custom_error_response.value
      error_caching_min_ttl = 0
    }
  }

  restrictions {
    geo_restriction {
      restriction_type = "none"
    }
  }

  viewer_certificate {
    cloudfront_default_certificate = var.domain == null
    acm_certificate_arn            = local.certificate_arn
    ssl_support_method             = var.domain == null ? null : "sni-only"
    minimum_protocol_version       = var.domain == null ? "TLSv1" : "TLSv1.2_2021"
  }
}
